"""Gaussian total correlation against SciPy and closed forms."""

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from disentlib import metrics
from disentlib.metrics.independence.gaussian import covariance


def with_covariance(sigma, samples=50):
    """Codes whose sample covariance is exactly `sigma`."""
    noise = np.random.default_rng(0).normal(size=(samples, len(sigma)))
    white = noise - noise.mean(axis=0)
    white @= np.linalg.inv(np.linalg.cholesky(np.cov(white.T))).T
    return white @ np.linalg.cholesky(np.array(sigma)).T


@pytest.mark.parametrize("sigma", [[[1, 0.9], [0.9, 1]], [[4, 0.9], [0.9, 0.25]]])
def test_golden_values(sigma):
    codes = with_covariance(sigma)
    np.testing.assert_allclose(covariance(codes), sigma, atol=1e-12)
    assert metrics.gaussian_total_correlation(codes) == pytest.approx(0.8303656, abs=1e-7)


def test_it_is_the_divergence_from_the_product_of_marginals():
    rng = np.random.default_rng(0)
    root = rng.normal(size=(4, 4))
    sigma = root @ root.T
    joint = multivariate_normal(cov=sigma).entropy()
    marginals = sum(multivariate_normal(cov=variance).entropy() for variance in np.diag(sigma))
    found = metrics.gaussian_total_correlation(with_covariance(sigma))
    assert found == pytest.approx(marginals - joint, abs=1e-9)


def test_independent_codes_score_their_bias():
    scores = [
        metrics.gaussian_total_correlation(np.random.default_rng(seed).normal(size=(1000, 10)))
        for seed in range(50)
    ]
    assert np.mean(scores) == pytest.approx(10 * 9 / 4 / 1000, rel=0.1)


def test_scale_offset_and_constants_do_not_matter():
    codes = np.random.default_rng(0).normal(size=(500, 3)) @ np.ones((3, 3)) + np.eye(500, 3)
    expected = metrics.gaussian_total_correlation(codes)
    moved = codes * [1e-6, 1e6, -1] + [1, -1e6, 0]
    assert metrics.gaussian_total_correlation(moved) == pytest.approx(expected, rel=1e-6)
    assert metrics.gaussian_total_correlation(np.insert(codes, 1, 0.1, axis=1)) == expected
    assert metrics.gaussian_total_correlation(codes[:, :1]) == 0
    assert metrics.gaussian_total_correlation(codes[:, [0, 0]]) == np.inf


def test_covariance_is_numpys():
    codes = np.random.default_rng(0).normal(size=(150_000, 3)).astype(np.float32)
    np.testing.assert_allclose(covariance(codes), np.cov(codes.T.astype(float)), rtol=1e-10)
    np.testing.assert_allclose(covariance(codes[::-2]), np.cov(codes[::-2].T.astype(float)))
