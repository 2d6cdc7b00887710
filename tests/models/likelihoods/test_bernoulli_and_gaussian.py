"""The likelihoods of images against hand-worked values, NumPy and SciPy."""

import keras
import numpy as np
import pytest
import scipy.stats
import tensorflow as tf

from disentlib import losses
from disentlib.models import likelihoods
from disentlib.models.likelihoods import Bernoulli, Gaussian

RNG = np.random.default_rng(0)
IMAGES = RNG.uniform(size=(3, 8, 8, 2)).astype(np.float32)
OUTPUT = RNG.normal(scale=3, size=IMAGES.shape).astype(np.float32)


def log_prob(likelihood, output=OUTPUT, images=IMAGES):
    return likelihood(tf.constant(output)).log_prob(tf.constant(images)).numpy()


def test_bernoulli_of_zero_logits_is_ln_2_a_pixel():
    zeros = np.zeros((1, 64, 64, 1), np.float32)
    assert -log_prob(Bernoulli(), zeros, zeros)[0] == pytest.approx(2839.1309, rel=2e-6)


def test_bernoulli_is_the_stable_cross_entropy_of_real_valued_pixels():
    a, x = OUTPUT.astype(float), IMAGES.astype(float)
    expected = (np.maximum(a, 0) - a * x + np.log1p(np.exp(-abs(a)))).sum(axis=(1, 2, 3))
    np.testing.assert_allclose(-log_prob(Bernoulli()), expected, rtol=1e-6)


def test_bernoulli_stays_finite_for_huge_logits():
    huge = np.full(IMAGES.shape, 1e4, np.float32)
    assert np.isfinite(log_prob(Bernoulli(), huge)).all()
    assert np.isfinite(log_prob(Bernoulli("tanh"), huge)).all()


def test_tanh_probabilities_are_shifted_and_clipped():
    q = np.clip(np.tanh(OUTPUT.astype(float)) / 2 + 0.5, 1e-6, 1 - 1e-6)
    expected = (IMAGES * np.log(q) + (1 - IMAGES) * np.log(1 - q)).sum(axis=(1, 2, 3))
    np.testing.assert_allclose(log_prob(Bernoulli("tanh")), expected, rtol=1e-3)


@pytest.mark.parametrize("activation", ["logits", "tanh"])
def test_pixels_of_numpy_are_those_of_tensorflow(activation):
    """A distribution of whole numbers would read NumPy's as such: 0 for all below 1."""
    distribution = Bernoulli(activation)(tf.constant(OUTPUT))
    tensors = distribution.log_prob(tf.constant(IMAGES))
    np.testing.assert_array_equal(distribution.log_prob(IMAGES), tensors)


@pytest.mark.parametrize(
    ("activation", "mean"),
    [
        ("linear", OUTPUT),
        ("logits", 1 / (1 + np.exp(-OUTPUT))),
        ("tanh", np.tanh(OUTPUT) / 2 + 0.5),
    ],
)
def test_gaussian_is_scipys(activation, mean):
    expected = scipy.stats.norm.logpdf(IMAGES, mean, 0.3).sum(axis=(1, 2, 3))
    np.testing.assert_allclose(log_prob(Gaussian(0.3, activation)), expected, rtol=1e-5)


def test_gaussian_of_variance_one_half_is_the_squared_error():
    squared = ((IMAGES - 1 / (1 + np.exp(-OUTPUT))) ** 2).sum(axis=(1, 2, 3))
    constant = IMAGES[0].size * np.log(np.pi) / 2
    got = -log_prob(Gaussian(0.5**0.5, "logits"))
    np.testing.assert_allclose(got, squared + constant, rtol=1e-5)


@pytest.mark.parametrize("likelihood", [Bernoulli("tanh"), Gaussian(0.2, "logits")])
def test_likelihoods_of_before_they_were_layers_are_read(likelihood):
    """Files name the module of a class: the one it lay in then."""
    config = keras.saving.serialize_keras_object(likelihood)
    assert set(config) == {"module", "class_name", "config", "registered_name"}
    config["module"] = "disentlib.losses.likelihoods"
    again = keras.saving.deserialize_keras_object(config)
    assert type(again) is type(likelihood)
    assert again.get_config() == likelihood.get_config()


def test_their_older_names_are_the_same_classes():
    assert (losses.Bernoulli, losses.Gaussian) == (Bernoulli, Gaussian)
    assert losses.likelihoods is likelihoods
    with pytest.raises(AttributeError, match="has no attribute 'Poisson'"):
        losses.Poisson  # noqa: B018


def test_mistakes_are_named():
    with pytest.raises(ValueError, match="one of 'logits', 'tanh', got 'relu'"):
        Bernoulli("relu")
    with pytest.raises(ValueError, match="scale must be positive, got 0"):
        Gaussian(0)
