"""Scores of one Gaussian to all digits, where doubles lose them, against 60-digit arithmetic."""

import mpmath
import numpy as np
import pytest

from disentlib import metrics
from disentlib.metrics.independence.gaussian import covariance, covariance_root, graded_svd


def exact(codes):
    """Total correlation, W and W / tr Sigma of codes, computed with 60 digits."""
    with mpmath.workdps(60):
        columns = [[mpmath.mpf(float(z)) for z in column] for column in codes.T]
        centred = [
            [z - mpmath.fsum(column) / len(column) for z in column]
            for column in columns
            if min(column) < max(column)
        ]
        dims = len(centred)
        sigma = mpmath.matrix(dims)
        for a in range(dims):
            for b in range(dims):
                sigma[a, b] = mpmath.fdot(centred[a], centred[b]) / (len(codes) - 1)
        root = [mpmath.sqrt(sigma[j, j]) for j in range(dims)]
        pairs = [(a, b) for a in range(dims) for b in range(dims)]
        correlation, product = mpmath.matrix(dims), mpmath.matrix(dims)
        for a, b in pairs:
            correlation[a, b] = sigma[a, b] / (root[a] * root[b])
            product[a, b] = sigma[a, b] * root[a] * root[b]
        trace = mpmath.fsum(sigma[j, j] for j in range(dims))
        spectrum = mpmath.eigsy(product, eigvals_only=True)
        cross = mpmath.fsum(mpmath.sqrt(abs(value)) for value in spectrum)
        distance = 2 * trace - 2 * cross
        divergence = -mpmath.log(mpmath.det(correlation)) / 2
        return float(divergence), float(distance), float(distance / trace)


def hard_cases():
    rng = np.random.default_rng(0)
    codes = rng.normal(size=(60, 5)) @ rng.normal(size=(5, 5))
    loose = rng.normal(size=(60, 4))
    near = np.column_stack([codes[:, 0], codes[:, 0] + 1e-7 * codes[:, 1], codes[:, 2]])
    return {
        "scales mixed": codes * [1e-6, 1.0, 1e3, 1e6, 10.0],
        "in single precision": (codes * [1e-3, 1.0, 1e3, 1e5, 10.0]).astype(np.float32),
        "scales mixed, independent": loose * [1e-8, 1.0, 1e4, 1e8],
        "far from 0": codes + 1e6,
        "huge": codes * 1e100,
        "tiny": codes * 1e-100,
        "a constant": np.insert(codes[:, :2], 1, 0.1, axis=1),
        "nearly a multiple": near,
    }


@pytest.mark.parametrize("name", hard_cases())
def test_all_digits(name):
    codes = hard_cases()[name]
    found = (
        metrics.gaussian_total_correlation(codes),
        metrics.gaussian_wasserstein_correlation(codes),
        metrics.gaussian_wasserstein_correlation_norm(codes),
    )
    assert found == pytest.approx(exact(codes), rel=1e-9)


def test_codes_repeat_others_to_the_rounding_of_their_numbers():
    rng = np.random.default_rng(0)
    codes = rng.normal(size=(200, 3))
    repeating = np.column_stack([codes, codes[:, 0] - codes[:, 1]])
    for moved in (repeating, repeating + 1e6, repeating * 1e6):
        assert metrics.gaussian_total_correlation(moved) == np.inf
    near = repeating + 1e-4 * rng.normal(size=repeating.shape)
    for moved in (near, near + 1e6):
        expected = metrics.gaussian_total_correlation(near)
        assert metrics.gaussian_total_correlation(moved) == pytest.approx(expected, rel=1e-3)


def test_units_do_not_overflow():
    codes = np.random.default_rng(0).normal(size=(60, 3)) @ np.tri(3)
    expected = metrics.gaussian_total_correlation(codes)
    norm = metrics.gaussian_wasserstein_correlation_norm(codes)
    for scale in (1e-300, 1e-200, 1e200, 1e300):
        assert metrics.gaussian_total_correlation(scale * codes) == pytest.approx(expected)
        found = metrics.gaussian_wasserstein_correlation_norm(scale * codes)
        assert found == pytest.approx(norm)
    assert metrics.gaussian_wasserstein_correlation(1e200 * codes) == np.inf
    assert metrics.gaussian_wasserstein_correlation(1e-200 * codes) == 0


@pytest.mark.parametrize("shape", [(3, 5), (1000, 3), (70_000, 2)])
def test_the_root_is_a_covariances(shape):
    codes = np.random.default_rng(0).normal(size=shape) + [3.0] * shape[1]
    root = covariance_root(codes)
    np.testing.assert_allclose(root.T @ root, np.cov(codes.T), rtol=1e-10, atol=1e-14)
    np.testing.assert_allclose(covariance(codes), np.cov(codes.T), rtol=1e-10, atol=1e-14)
    assert metrics.gaussian_wasserstein_correlation(codes) >= 0


def test_orthogonal_codes_have_no_rounding():
    codes = np.indices((3, 4, 5)).reshape(3, -1).T * 1.0
    assert metrics.gaussian_total_correlation(codes) == 0
    assert metrics.gaussian_wasserstein_correlation(codes) == 0


@pytest.mark.parametrize("shape", [(4, 4), (3, 5), (6, 1), (5, 4)])
def test_graded_svd_is_a_decomposition(shape):
    matrix = np.random.default_rng(1).normal(size=shape) * np.logspace(0, -12, shape[1])
    left, right = graded_svd(matrix)
    # Column by column: the shortest keeps its digits beside the longest.
    lengths = np.linalg.norm(matrix, axis=0)
    assert (np.abs(left @ right.T - matrix) < 1e-14 * lengths).all()
    np.testing.assert_allclose(right.T @ right, np.eye(shape[1]), atol=1e-14)
    lengths = np.linalg.norm(left, axis=0)
    unit = left[:, lengths > 0] / lengths[lengths > 0]
    if shape[0] >= shape[1]:
        np.testing.assert_allclose(unit.T @ unit, np.eye(unit.shape[1]), atol=1e-14)
