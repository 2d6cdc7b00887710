"""The discretised logistic likelihood of bytes."""

import numpy as np
import pytest
import scipy.stats
import tensorflow as tf

from disentlib.models import likelihoods


def test_bytes_are_the_published_differences():
    p = likelihoods.DiscretizedLogistic()
    rng = np.random.default_rng(0)
    levels = rng.integers(0, 256, size=(3, 8))
    location = rng.uniform(size=(3, 8)).astype(np.float32)
    log_scale = rng.uniform(-3, 0, size=(3, 8)).astype(np.float32)
    x = (levels / 255).astype(np.float32)
    got = p.elements(tf.constant(location), tf.constant(log_scale)).log_prob(x)
    cdf = scipy.stats.logistic(255 * location.astype(float), 255 * np.exp(log_scale)).cdf
    above = np.where(levels == 255, 1, cdf(levels + 0.5))
    below = np.where(levels == 0, 0, cdf(levels - 0.5))
    np.testing.assert_allclose(got, np.log(above - below), rtol=1e-4)


def test_scales_are_clipped():
    p = likelihoods.DiscretizedLogistic()
    narrow, limit = (
        p.elements(tf.constant([0.5]), tf.constant([scale])).log_prob([100 / 255])
        for scale in (-90.0, -7.0)
    )
    np.testing.assert_array_equal(narrow, limit)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: likelihoods.DiscretizedLogistic(1), "levels of at least 2, got 1"),
        (lambda: likelihoods.Categorical(1), "classes of at least 2, got 1"),
    ],
)
def test_mistakes_are_named(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_two_levels_or_classes_are_enough():
    p = likelihoods.DiscretizedLogistic(2).elements(tf.constant([0.3]), tf.constant([0.0]))
    below = scipy.stats.logistic(0.3).cdf(0.5)
    for x, mass in ((0.0, below), (1.0, 1 - below)):
        assert float(p.log_prob([x])[0]) == pytest.approx(np.log(mass), rel=1e-5)
    assert float(p.mean()[0]) == pytest.approx(1 - below, rel=1e-5)
    assert likelihoods.Categorical(2).parameters == 2


def test_classes_reach_to_the_last_one():
    classes = likelihoods.Categorical(4)
    x = tf.constant([[0.0, 3.0]])
    np.testing.assert_array_equal(classes.check(x), x)
    with pytest.raises(ValueError, match="from 0 to 3"):
        classes.check(x + 1)
