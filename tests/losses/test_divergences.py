"""The Gaussians of a VAE against hand-worked values and Monte Carlo."""

import numpy as np
import pytest
import tensorflow as tf
from tensorflow_probability import distributions as tfd

from disentlib import losses


@pytest.mark.parametrize(
    ("mean", "logvar", "expected"),
    [
        (np.zeros((2, 10)), np.zeros((2, 10)), 0.0),
        (np.ones((2, 10)), np.zeros((2, 10)), 5.0),
        (np.ones((2, 10)), np.ones((2, 10)), 8.5914),
        ([[0.1, 0.9], [0.8, -1.2]], [[-1.0, -2.0], [-0.5, -1.0]], 1.2194062),
    ],
)
def test_kl_has_the_golden_values(mean, logvar, expected):
    mean, logvar = tf.constant(mean, tf.float32), tf.constant(logvar, tf.float32)
    prior = losses.standard_normal(mean.shape[1])
    kl = tfd.kl_divergence(losses.normal(mean, logvar), prior)
    assert float(tf.reduce_mean(kl)) == pytest.approx(expected, rel=1e-5, abs=1e-6)


def test_kl_agrees_with_monte_carlo():
    posterior = losses.normal(tf.constant([[0.3, -1.0]]), tf.constant([[-1.0, 0.5]]))
    prior = losses.standard_normal(2)
    z = posterior.sample(200_000, seed=1)
    sampled = float(tf.reduce_mean(posterior.log_prob(z) - prior.log_prob(z)))
    assert float(tfd.kl_divergence(posterior, prior)[0]) == pytest.approx(sampled, abs=0.01)


def test_log_density_has_the_golden_values():
    one = tf.ones((1, 1))
    assert float(losses.standard_normal(1).log_prob(one)[0]) == pytest.approx(-1.41894, abs=1e-5)
    density = losses.normal(one, tf.zeros((1, 1))).log_prob(one)
    assert float(density[0]) == pytest.approx(-0.91894, abs=1e-5)
