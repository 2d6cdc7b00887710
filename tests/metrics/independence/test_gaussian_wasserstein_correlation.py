"""Wasserstein correlation against SciPy's matrix root and closed forms."""

import numpy as np
import pytest
from scipy.linalg import sqrtm

from disentlib import metrics
from disentlib.metrics.independence.gaussian import covariance


@pytest.mark.parametrize(
    ("sigma", "expected"), [([[1, 0.9], [0.9, 1]], 0.6107347), ([[4, 0.9], [0.9, 0.25]], 0.2697437)]
)
def test_golden_values(sigma, expected):
    white = np.random.default_rng(0).normal(size=(40, 2))
    white -= white.mean(axis=0)
    white @= np.linalg.inv(np.linalg.cholesky(np.cov(white.T))).T
    codes = white @ np.linalg.cholesky(np.array(sigma)).T
    assert metrics.gaussian_wasserstein_correlation(codes) == pytest.approx(expected, abs=1e-6)
    norm = metrics.gaussian_wasserstein_correlation_norm(codes)
    assert norm == pytest.approx(expected / np.trace(sigma), abs=1e-6)


def test_it_is_the_distance_between_two_gaussians():
    rng = np.random.default_rng(0)
    codes = rng.normal(size=(500, 4)) @ rng.normal(size=(4, 4))
    sigma = covariance(codes)
    root = sqrtm(np.diag(np.diag(sigma)))
    expected = 2 * np.trace(sigma) - 2 * np.trace(sqrtm(root @ sigma @ root)).real
    assert metrics.gaussian_wasserstein_correlation(codes) == pytest.approx(expected)


def test_scale():
    codes = np.random.default_rng(0).normal(size=(200, 3)) @ np.tri(3)
    found = metrics.gaussian_wasserstein_correlation(codes)
    assert metrics.gaussian_wasserstein_correlation(10 * codes) == pytest.approx(100 * found)
    norm = metrics.gaussian_wasserstein_correlation_norm(codes)
    assert metrics.gaussian_wasserstein_correlation_norm(1e-6 * codes) == pytest.approx(norm)
    assert metrics.gaussian_wasserstein_correlation_norm(np.ones((5, 3))) == 0
