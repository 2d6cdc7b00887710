"""DIP-VAE's matrices against NumPy and golden values."""

import numpy as np
import pytest
import tensorflow as tf

from disentlib.losses import moments

MEAN = tf.constant([[0.1, 0.9], [0.8, -1.2]])
LOGVAR = tf.constant([[-1.0, -2.0], [-0.5, -1.0]])


def deviation(matrix, off=1.0, diagonal=1.0):
    matrix = tf.constant(matrix, tf.float32)
    return float(
        moments.deviation_from_identity(matrix, lambda_off_diagonal=off, lambda_diagonal=diagonal)
    )


def test_covariance_is_numpys_biased_one():
    codes = np.random.default_rng(0).normal(size=(50, 4)).astype(np.float32)
    expected = np.cov(codes.T, ddof=0)
    np.testing.assert_allclose(moments.covariance(tf.constant(codes)), expected, atol=1e-6)


@pytest.mark.parametrize(
    ("matrix", "expected"),
    [
        (np.ones((10, 10)), 90),
        (np.zeros((10, 10)), 10),
        (np.eye(10), 0),
        (2 * np.eye(10), 10),
    ],
)
def test_deviation_has_the_golden_values(matrix, expected):
    assert deviation(matrix) == pytest.approx(expected, abs=1e-6)


def test_both_variants_have_the_golden_values():
    first = moments.covariance(MEAN)
    assert deviation(first, 1, 10) == pytest.approx(8.0752375, rel=1e-6)
    second = first + tf.linalg.diag(tf.reduce_mean(tf.exp(LOGVAR), axis=0))
    assert deviation(second) == pytest.approx(0.5478347, rel=1e-5)
