"""Counts: the library size, and the limits of dispersion and mean."""

import numpy as np
import pytest
import scipy.stats
import tensorflow as tf
from tensorflow_probability import distributions as tfd

from disentlib import models
from disentlib.models import likelihoods
from disentlib.models import networks as nets
from disentlib.models.likelihoods.zero_inflated_negative_binomial import ZeroInflated

OUTPUT = np.array([[0.5, -1.0, 2.0, 0.0], [3.0, 1.0, -2.0, 0.3]], np.float32)
X = np.array([[3.0, 0.0, 20.0, 1.0], [100.0, 40.0, 2.0, 9.0]], np.float32)


def shares():
    values = np.exp(OUTPUT.astype(float))
    return values / values.sum(axis=1, keepdims=True)


def test_the_mean_is_a_share_of_the_counts_of_an_observation():
    rates = X.sum(axis=1, keepdims=True) * shares()
    expected = scipy.stats.poisson.logpmf(X, rates).sum(axis=1)
    got = likelihoods.Poisson(library=True)(tf.constant(OUTPUT), X).log_prob(X)
    np.testing.assert_allclose(got, expected, rtol=1e-5)


@pytest.mark.parametrize("shape", [(2,), (2, 1)])
def test_a_library_size_beside_x_is_taken_in_its_place(shape):
    library = np.array([10.0, 5.0], np.float32).reshape(shape)
    p = likelihoods.NegativeBinomial(4, library=True)(
        tf.constant(OUTPUT), {"x": X, "library": library}
    )
    np.testing.assert_allclose(p.mean(), library.reshape(2, 1) * shares(), rtol=1e-5)
    p = likelihoods.NegativeBinomial(4, library=True)(tf.constant(OUTPUT), {"x": X})
    np.testing.assert_allclose(p.mean(), X.sum(axis=1, keepdims=True) * shares(), rtol=1e-5)


def test_codes_decoded_alone_give_the_expected_shares():
    p = likelihoods.ZeroInflatedNegativeBinomial(4, library=True)
    output = np.concatenate([OUTPUT, np.full_like(OUTPUT, -50)], axis=1)
    np.testing.assert_allclose(p(tf.constant(output)).mean(), shares(), rtol=1e-5)


def test_observations_without_counts_have_a_finite_loss():
    p = likelihoods.NegativeBinomial(4, library=True)
    zeros = np.zeros_like(X)
    np.testing.assert_allclose(p(tf.constant(OUTPUT), zeros).log_prob(zeros), 0.0, atol=1e-6)


def test_reconstructions_have_the_library_of_what_was_encoded():
    model = models.VAE(
        nets.linear_encoder((4,), latents=2),
        nets.linear_decoder((4,), latents=2),
        likelihood=likelihoods.NegativeBinomial(4, library=True),
    )
    np.testing.assert_allclose(tf.reduce_sum(model.reconstruct(X), 1), X.sum(axis=1), rtol=1e-5)
    decoded = model.decode(model.encode(X)[0])
    np.testing.assert_allclose(tf.reduce_sum(decoded.mean(), 1), 1.0, rtol=1e-5)


def test_a_library_beside_x_reaches_the_loss():
    model = models.VAE(
        nets.linear_encoder((4,), latents=2),
        nets.linear_decoder((4,), latents=2),
        likelihood=likelihoods.Poisson(library=True),
    )
    code = models.Code(None, None, None, tf.constant(OUTPUT))
    library = np.array([7.0, 11.0], np.float32)
    got = model.reconstruction({"x": X, "library": library}, code)
    expected = -scipy.stats.poisson.logpmf(X, library[:, None] * shares()).sum(axis=1).mean()
    assert float(got) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("log_dispersion", [14.0, 100.0])
def test_without_dispersion_a_negative_binomial_is_a_poisson(log_dispersion):
    p = likelihoods.NegativeBinomial()
    p.log_dispersion.assign(log_dispersion)
    expected = scipy.stats.poisson.logpmf(X, np.exp(OUTPUT.astype(float)))
    got = p.elements(tf.constant(OUTPUT)).log_prob(X)
    np.testing.assert_allclose(got, expected, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("log_dispersion", [-100.0, -12.0, -3.0, 0.0, 4.0, 10.0])
@pytest.mark.parametrize("log_mean", [-8.0, 0.0, 6.0, 18.0])
def test_wide_ranges_are_scipys(log_dispersion, log_mean):
    p = likelihoods.NegativeBinomial()
    p.log_dispersion.assign(log_dispersion)
    x = np.array([[0, 1, 7, 300, 100_000]], np.float32)
    r = np.exp(max(log_dispersion, -16.0))
    expected = scipy.stats.nbinom.logpmf(x, r, r / (r + np.exp(log_mean)))
    got = p.elements(tf.fill(x.shape, log_mean)).log_prob(x)
    np.testing.assert_allclose(got, expected, rtol=1e-4, atol=1e-4)


def test_dispersions_start_as_published():
    logs = np.asarray(likelihoods.NegativeBinomial(5000).log_dispersion)
    assert abs(logs.mean()) < 0.1
    assert logs.std() == pytest.approx(1.0, abs=0.05)


def test_bytes_are_refused_with_what_to_do():
    model = models.VAE(
        nets.linear_encoder((4,), latents=2),
        nets.linear_decoder((4,), latents=2),
        likelihood=likelihoods.Poisson(),
    )
    with pytest.raises(ValueError, match="give counts and classes as floats, for uint8"):
        model.encode(X.astype(np.uint8))


def test_shapes_of_dispersions_must_fit():
    for shape in ((5,), (2, 4), (4, 1)):
        with pytest.raises(ValueError, match=r"NegativeBinomial of shape \(\) or one that"):
            models.VAE(
                nets.linear_encoder((4,), latents=2),
                nets.linear_decoder((4,), latents=2),
                likelihood=likelihoods.NegativeBinomial(shape),
            )


def test_zero_inflated_counts_have_the_moments_of_their_draws():
    nb = tfd.NegativeBinomial(total_count=[2.0, 5.0], logits=[0.5, -1.0])
    counts = ZeroInflated(nb, tf.constant([-1.0, 0.7]))
    draws, again = (counts.sample(200_000, seed=[1, 2]).numpy() for _ in range(2))
    np.testing.assert_array_equal(draws, again)
    np.testing.assert_allclose(counts.mean(), draws.mean(axis=0), rtol=0.02)
    np.testing.assert_allclose(counts.variance(), draws.var(axis=0), rtol=0.03)
    lost = (draws == 0).mean(axis=0)
    np.testing.assert_allclose(np.exp(counts.log_prob([0.0, 0.0])), lost, rtol=0.02)
