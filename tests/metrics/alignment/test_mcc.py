"""MCC against a worked example, SciPy, scikit-learn, and its own promises."""

import itertools

import numpy as np
import pytest
from scipy.stats import spearmanr
from sklearn.cross_decomposition import CCA

from disentlib import metrics

A = np.repeat([0, 1], 6)
B = np.array([0, 0, 1, 1, 2, 2] * 2)
T1_CODES = np.array(
    [[0, 0, 0, 0, 1, 1, 3, 3, 3, 3, 2, 2], [0, 0, 1, 1, 3, 3, 0, 1, 1, 1, 3, 2], [0, 1] * 6]
).T
T1_FACTORS = np.stack([A, B], axis=1)


@pytest.mark.parametrize(
    ("correlation", "expected"),
    [("pearson", 0.925179416145263), ("spearman", 0.9191966216401631), ("cca", 0.92642769)],
)
def test_worked_example(correlation, expected):
    found = metrics.mcc(T1_CODES, T1_FACTORS, correlation=correlation)
    assert found == pytest.approx(expected, abs=1e-8)
    everything = (T1_CODES, T1_FACTORS)
    affine = metrics.affine_mcc(*everything, test=everything)
    assert affine == pytest.approx(0.9268439081946547, abs=1e-12)


@pytest.fixture(scope="module")
def arrays():
    rng = np.random.default_rng(0)
    factors = np.stack([rng.integers(0, size, 500) for size in (3, 6, 10)], axis=1)
    codes = factors @ rng.normal(size=(3, 4)) + rng.normal(size=(500, 4))
    return codes, factors


def test_scipy_and_scikit_learn(arrays):
    codes, factors = arrays
    both = np.abs(spearmanr(codes, factors).statistic)[:4, 4:]
    best = max(
        np.mean([both[j, i] for i, j in enumerate((a, b, c))])
        for a in range(4)
        for b in range(4)
        for c in range(4)
        if len({a, b, c}) == 3
    )
    assert metrics.mcc(codes, factors, correlation="spearman") == pytest.approx(best)
    left, right = CCA(n_components=3, max_iter=10_000, tol=1e-12).fit_transform(codes, factors)
    expected = np.mean([np.corrcoef(left[:, k], right[:, k])[0, 1] for k in range(3)])
    found = metrics.mcc(codes, factors, correlation="cca")
    assert found == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("continuous", [False, True])
def test_invertible_linear_maps(continuous):
    rng = np.random.default_rng(1)
    factors = rng.integers(0, 9, (1000, 3))
    given = factors + rng.normal(size=factors.shape) if continuous else factors
    turn = np.linalg.qr(rng.normal(size=(3, 3)))[0]
    options = {"continuous": continuous}
    assert metrics.mcc(given @ turn, given, **options) < 0.95
    assert metrics.mcc(given @ turn, given, correlation="cca", **options) == pytest.approx(1)
    assert metrics.affine_mcc(given @ turn, given, **options) == pytest.approx(1)
    assert metrics.mcc(np.exp(given / 9.0), given, correlation="spearman", **options) == (
        pytest.approx(1)
    )


@pytest.mark.parametrize("correlation", ["pearson", "spearman"])
def test_out_of_sample(correlation):
    """Pairs of one half by hand, correlations of the other."""
    rng = np.random.default_rng(5)
    codes, factors = rng.normal(size=(60, 12)), rng.normal(size=(60, 4))
    codes[:, 0] += factors[:, 2]
    order = np.random.default_rng(7).permutation(60)
    first, second = (
        np.abs(
            spearmanr(codes[rows], factors[rows]).statistic
            if correlation == "spearman"
            else np.corrcoef(codes[rows].T, factors[rows].T)
        )[:12, 12:]
        for rows in (order[:30], order[30:])
    )
    best = max(
        itertools.permutations(range(12), 4),
        key=lambda dims: sum(first[dim, factor] for factor, dim in enumerate(dims)),
    )
    expected = np.mean([second[dim, factor] for factor, dim in enumerate(best)])
    options = {"correlation": correlation, "continuous": True}
    found = metrics.mcc(codes, factors, out_of_sample=True, rng=7, **options)
    assert found == pytest.approx(expected)


def test_two_sources_turned_by_45_degrees():
    factors = np.random.default_rng(2).normal(size=(100_000, 2))
    mixed = factors @ [[1, 1], [1, -1]]
    assert metrics.mcc(mixed, factors, continuous=True) == pytest.approx(0.5**0.5, abs=0.01)


def test_chance(arrays):
    rng = np.random.default_rng(3)
    _, factors = arrays
    codes = rng.normal(size=(500, 10))
    assert metrics.mcc(codes, factors) < 0.12
    assert metrics.affine_mcc(codes, factors) < 0.2


def test_dead_codes_and_constant_factors(arrays):
    codes, factors = arrays
    for correlation in ("pearson", "spearman", "cca"):
        expected = metrics.mcc(codes, factors, correlation=correlation)
        more = np.insert(codes, 0, 0.1, axis=1)
        assert metrics.mcc(more, factors, correlation=correlation) == pytest.approx(expected)
        assert metrics.mcc(np.zeros((500, 2)), factors, correlation=correlation) == 0
        more = np.insert(factors, 2, 1, axis=1)
        with pytest.warns(metrics.ConstantFactorWarning, match="factor 2"):
            found = metrics.mcc(codes, more, correlation=correlation)
        assert found == pytest.approx(expected)


def test_what_it_refuses(arrays):
    codes, factors = arrays
    with pytest.raises(ValueError, match=r"expected correlation as one of .* got 'kendall'"):
        metrics.mcc(codes, factors, correlation="kendall")
    with pytest.raises(ValueError, match=r'"spearman" out of sample, got "cca": that is weak_mcc'):
        metrics.mcc(codes, factors, correlation="cca", out_of_sample=True)
    with pytest.raises(TypeError, match="whole numbers in factor 0, got"):
        metrics.affine_mcc(codes, factors + 0.5)
    with pytest.raises(ValueError, match="expected as many rows of factors as of codes"):
        metrics.mcc(codes, factors[1:].astype(float), continuous=True)
