"""Weak MCC against scikit-learn's CCA and an eigenvalue problem, and its own promises."""

import numpy as np
import pytest
from scipy.linalg import eigh
from sklearn.cross_decomposition import CCA

from disentlib import metrics


@pytest.fixture(scope="module")
def arrays():
    rng = np.random.default_rng(0)
    factors = rng.normal(size=(400, 3))
    noise = rng.normal(size=(400, 5)) * [0.3, 1, 1, 2, 2]
    return factors @ rng.normal(size=(3, 5)) + noise, factors


def weak(codes, factors, **options):
    return metrics.weak_mcc(codes, factors, continuous=True, **options)


@pytest.mark.parametrize("components", [1, 2, 3, None])
def test_scikit_learn(arrays, components):
    codes, factors = arrays
    cca = CCA(n_components=components or 3, max_iter=10_000, tol=1e-12)
    cca.fit(codes[:200], factors[:200])
    left, right = cca.transform(codes[200:], factors[200:])
    expected = np.mean([np.corrcoef(a, b)[0, 1] for a, b in zip(left.T, right.T, strict=True)])
    test = codes[200:], factors[200:]
    found = weak(codes[:200], factors[:200], test=test, components=components)
    assert found == pytest.approx(expected, abs=1e-6)


def test_ridge(arrays):
    """The generalised eigenvalue problem of CCA with a ridge on both covariances."""
    codes, factors = arrays
    left, right = ((part - part.mean(axis=0)) / part.std(axis=0) for part in arrays)
    ridge = 0.7
    a, b, c = left.T @ left / 400, right.T @ right / 400, left.T @ right / 400
    a, b = a + ridge * np.eye(5), b + ridge * np.eye(3)
    vectors = eigh(c @ np.linalg.solve(b, c.T), a)[1][:, ::-1][:, :3]
    matrix = np.corrcoef((left @ vectors).T, (right @ np.linalg.solve(b, c.T @ vectors)).T)
    expected = np.abs(np.diag(matrix[:3, 3:])).mean()
    found = weak(codes, factors, test=arrays, ridge=ridge)
    assert found == pytest.approx(expected, abs=1e-9)
    assert abs(found - weak(codes, factors, test=arrays)) > 1e-3


def test_the_maps_do_not_see_the_rows_that_are_read():
    rng = np.random.default_rng(1)
    codes, factors = rng.normal(size=(400, 150)), rng.normal(size=(400, 3))
    assert weak(codes, factors, test=(codes, factors)) > 0.5
    assert weak(codes, factors) < 0.2


def test_half_of_the_rows_train(arrays):
    codes, factors = arrays
    order = np.random.default_rng(4).permutation(400)
    rows, rest = order[:200], order[200:]
    expected = weak(codes[rows], factors[rows], test=(codes[rest], factors[rest]))
    assert weak(*arrays, rng=4) == pytest.approx(expected, abs=1e-9)
    assert weak(*arrays, rng=5) != pytest.approx(expected, abs=1e-4)
    rows, rest = order[:300], order[300:]
    expected = weak(codes[rows], factors[rows], test=(codes[rest], factors[rest]))
    assert weak(*arrays, rng=4, train_fraction=0.75) == pytest.approx(expected, abs=1e-9)


def test_a_linear_map_of_fewer_codes_loses_pairs():
    factors = np.random.default_rng(2).normal(size=(2000, 3))
    codes = factors[:, :2] @ [[1.0, 2.0, 3.0], [1.0, -1.0, 0.5]]  # rank 2
    assert weak(codes, factors) == pytest.approx(2 / 3, abs=1e-9)
    assert weak(codes, factors, components=2) == pytest.approx(1)
    assert weak(codes, factors[:, :2] @ [[1.0, 1.0], [1.0, -1.0]]) == pytest.approx(1)
    assert weak(np.full((2000, 2), 0.1), factors) == 0
    dead = np.insert(codes, 1, 0.1, axis=1)
    assert weak(dead, factors) == pytest.approx(weak(codes, factors), abs=1e-9)


def test_factors_may_be_combined():
    """Sums of two factors: least squares predicts neither of them, canonical variates do."""
    factors = np.random.default_rng(3).normal(size=(5000, 2))
    codes = factors.sum(axis=1, keepdims=True)
    assert weak(codes, factors) == pytest.approx(1)
    assert metrics.affine_mcc(codes, factors, continuous=True) == pytest.approx(0.5**0.5, abs=0.02)


def test_what_it_refuses(arrays):
    codes, factors = arrays
    for ridge in (-1e-9, float("nan"), float("inf")):
        with pytest.raises(ValueError, match="expected a finite ridge of at least 0, got"):
            weak(codes, factors, ridge=ridge)
    for components in (0, 4):
        with pytest.raises(ValueError, match=rf"expected components in 1\.\.3, got {components}"):
            weak(codes, factors, components=components)
    for fraction in (0.0, 1.0):
        with pytest.raises(ValueError, match="expected a train_fraction between 0 and 1"):
            weak(codes, factors, train_fraction=fraction)


def test_a_source_that_hardly_shows_in_the_codes_is_found():
    sources = np.random.default_rng(0).normal(size=(2000, 2))
    codes = np.column_stack([sources[:, 0], sources[:, 0] + 1e-6 * sources[:, 1]])
    for correlated in (
        metrics.weak_mcc(codes, sources, continuous=True),
        metrics.mcc(codes, sources, continuous=True, correlation="cca"),
    ):
        assert correlated == pytest.approx(1, abs=1e-6)
