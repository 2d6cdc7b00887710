"""Gaussians of learned scales."""

import numpy as np
import pytest
import tensorflow as tf

from disentlib import models
from disentlib.models import likelihoods
from disentlib.models import networks as nets


def test_a_pixel_has_one_variance_for_all_its_channels():
    p = likelihoods.PixelGaussian((5, 4, 3))
    assert p.logvar.shape == (5, 4, 1)
    p.logvar.assign(np.log(np.arange(1.0, 21).reshape(5, 4, 1)))
    variance = p(tf.zeros((2, 5, 4, 3))).variance()
    expected = np.broadcast_to(np.arange(1.0, 21).reshape(5, 4, 1), (2, 5, 4, 3))
    np.testing.assert_allclose(variance, expected, rtol=1e-5)


def test_the_loss_is_least_where_variances_are_those_of_the_errors():
    p = likelihoods.LearnedGaussian((2,))
    errors = np.random.default_rng(0).normal(scale=[0.1, 3.0], size=(500, 2)).astype(np.float32)
    for factor, sign in ((0.9, 1), (1.0, 0), (1.1, -1)):
        p.logvar.assign(np.log(factor * (errors**2).mean(axis=0)))
        with tf.GradientTape() as tape:
            log_prob = tf.reduce_mean(p(tf.zeros((500, 2))).log_prob(errors))
        (gradient,) = tape.gradient(log_prob, p.trainable_variables)
        np.testing.assert_array_equal(np.sign(np.round(gradient, 4)), sign)


@pytest.mark.parametrize(("logvar", "limit"), [(-90.0, -14.0), (90.0, 14.0)])
def test_scales_stay_within_their_limits(logvar, limit):
    p = likelihoods.LearnedGaussian()
    assert float(p(tf.zeros((1, 2))).variance()[0, 0]) == 1.0
    p.logvar.assign(logvar)
    variance = p(tf.zeros((1, 2))).variance()
    np.testing.assert_allclose(variance, np.exp(limit), rtol=1e-5)


@pytest.mark.parametrize("shape", [(), (3,), (1, 3), (4, 1), (2, 4, 3)])
def test_any_shape_that_broadcasts_over_an_observation_fits(shape):
    assert likelihoods.LearnedGaussian(shape).decoder_shape((2, 4, 3)) == (2, 4, 3)


@pytest.mark.parametrize("shape", [(4, 1, 1), (2,), (1, 2, 4, 3), (2, 4, 6)])
def test_a_shape_that_does_not_broadcast_is_named(shape):
    with pytest.raises(ValueError, match="broadcasts over"):
        likelihoods.LearnedGaussian(shape).decoder_shape((2, 4, 3))


def test_shapes_must_fit():
    with pytest.raises(ValueError, match=r"shape \(\) or one that broadcasts over .*\(4, 4, 1\)"):
        models.VAE(
            nets.linear_encoder((4, 4, 1), latents=2),
            nets.linear_decoder((4, 4, 1), latents=2),
            likelihood=likelihoods.LearnedGaussian((4, 4, 3)),
        )
