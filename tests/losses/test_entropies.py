"""Entropies against hand-worked values and the loss that they bound."""

import numpy as np
import pytest
import tensorflow as tf

from disentlib.losses import binary_entropy
from disentlib.models.likelihoods import Bernoulli

IMAGES = np.random.default_rng(0).uniform(size=(3, 8, 8, 2)).astype(np.float32)


def loss(logits):
    return -Bernoulli()(tf.constant(logits)).log_prob(IMAGES).numpy()


def test_entropy_of_a_black_image_is_that_of_the_clip():
    black = tf.zeros((1, 64, 64, 1))
    assert float(binary_entropy(black)[0]) == pytest.approx(0.0606843, rel=1e-3)


def test_entropy_is_the_least_loss():
    logits = np.log(IMAGES / (1 - IMAGES))
    np.testing.assert_allclose(binary_entropy(IMAGES), loss(logits), rtol=1e-5)
    assert (binary_entropy(IMAGES).numpy() < loss(logits + 0.1)).all()
