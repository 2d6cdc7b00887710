"""The tests over seeds against plain loops, and their error rates where truth is known."""

import itertools

import numpy as np
import pytest
from scipy import stats

from disentlib import metrics
from disentlib.metrics.selection.compare_seed_stability import _bootstrapped, pseudo_values
from disentlib.metrics.selection.seed_stability import SeedPairs


def symmetric(matrix):
    matrix = np.triu(matrix, 1)
    matrix = matrix + matrix.T
    np.fill_diagonal(matrix, np.nan)
    return SeedPairs(matrix)


def stability(parts, noise=0.0, mean=0.6, kind="strong", rng=None):
    """A method whose pairs are sums of the two seeds' parts, and noise."""
    parts = np.asarray(parts, float)
    matrix = mean + parts[:, None] + parts[None]
    if rng is not None:
        matrix = matrix + noise * rng.normal(size=matrix.shape)
    pairs = symmetric(matrix)
    seeds = tuple(range(len(parts)))
    return metrics.SeedStability(kind, pairs, pairs, np.zeros(len(parts), int), seeds, ())


@pytest.fixture(scope="module")
def two():
    rng = np.random.default_rng(0)
    return (
        stability(rng.normal(size=5) * 0.03, 0.02, 0.70, rng=rng),
        stability(rng.normal(size=4) * 0.03, 0.02, 0.62, rng=rng),
    )


def test_pseudo_values_are_the_jackknifes(two):
    pairs = two[0].out_of_sample
    expected = []
    for seed in range(5):
        rest = np.delete(np.delete(pairs.matrix, seed, 0), seed, 1)
        expected.append(5 * pairs.mean - 4 * np.nanmean(rest))
    np.testing.assert_allclose(pseudo_values(pairs), expected)
    parts = np.array([0.1, -0.2, 0.05, 0.3])
    np.testing.assert_allclose(pseudo_values(stability(parts).out_of_sample), 0.6 + 2 * parts)


def test_every_number_has_a_witness(two):
    found = metrics.compare_seed_stability(*two, margin=0.1)
    left, right = (pseudo_values(one.out_of_sample) for one in two)
    assert found.difference == pytest.approx(left.mean() - right.mean())
    assert found.difference == pytest.approx(two[0].out_of_sample.mean - two[1].out_of_sample.mean)
    wins = sum(a > b for a in left for b in right)
    pooled, statistics, ranks = np.concatenate([left, right]), [], []
    for chosen in itertools.combinations(range(9), 5):
        one, other = pooled[list(chosen)], np.delete(pooled, chosen)
        statistics.append(one.mean() - other.mean())
        ranks.append(sum(a > b for a in one for b in other))
    more = np.mean(np.array(statistics) >= found.difference - 1e-12)
    less = np.mean(np.array(statistics) <= found.difference + 1e-12)
    assert found.permutation == pytest.approx(2 * min(more, less))
    tails = np.mean(np.array(ranks) >= wins), np.mean(np.array(ranks) <= wins)
    assert found.mann_whitney == pytest.approx(min(1, 2 * min(tails)))
    spread = np.array([left.var(ddof=1) / 5, right.var(ddof=1) / 4])
    freedom = spread.sum() ** 2 / (spread[0] ** 2 / 4 + spread[1] ** 2 / 3)
    error = np.sqrt(spread.sum())
    above = stats.t.sf((found.difference + 0.1) / error, freedom)
    below = stats.t.cdf((found.difference - 0.1) / error, freedom)
    assert found.equivalence == pytest.approx(max(above, below))


def test_sides_change_with_the_order(two):
    found, swapped = (metrics.compare_seed_stability(*order) for order in (two, two[::-1]))
    assert swapped.difference == -found.difference
    assert swapped[2:] == pytest.approx(found[2:])
    assert swapped.interval[0] == pytest.approx(-found.interval[1], abs=0.01)


def test_the_bootstrap_against_a_loop(two):
    pairs = two[0].out_of_sample
    rng = np.random.default_rng(1)
    expected = []
    for _ in range(4000):
        drawn = rng.integers(5, size=5)
        values = pairs.matrix[np.ix_(drawn, drawn)]
        if np.isfinite(values).any():
            expected.append(np.nanmean(values))
    found = _bootstrapped(pairs, 4000, np.random.default_rng(2))
    assert found.mean() == pytest.approx(np.mean(expected), abs=0.002)
    for share in (0.05, 0.5, 0.95):
        assert np.quantile(found, share) == pytest.approx(np.quantile(expected, share), abs=0.005)
    assert np.isfinite(_bootstrapped(stability([0, 0, 1]).out_of_sample, 2000, rng)).all()


def test_the_interval_is_of_the_confidence_asked_for(two):
    wide, narrow = (metrics.compare_seed_stability(*two, confidence=share) for share in (0.95, 0.5))
    rng = np.random.default_rng(0)
    left, right = (_bootstrapped(one.out_of_sample, 10_000, rng) for one in two)
    assert wide.interval == pytest.approx(tuple(np.quantile(left - right, [0.025, 0.975])))
    assert wide.interval[0] < narrow.interval[0] < narrow.interval[1] < wide.interval[1]
    again = metrics.compare_seed_stability(*two)
    assert again == wide
    assert metrics.compare_seed_stability(*two, rng=1).interval != wide.interval


def test_error_rates_where_methods_are_equal():
    """Tests on the means of seeds reject far too often; those on pseudo-values do not."""
    rng = np.random.default_rng(4)
    naive, ranks = [], []
    for _ in range(300):
        pairs = [
            stability(0.05 * rng.normal(size=8), 0.03, rng=rng).out_of_sample for _ in range(2)
        ]
        naive.append(stats.mannwhitneyu(*(one.seed_means for one in pairs)).pvalue)
        ranks.append(stats.mannwhitneyu(*map(pseudo_values, pairs)).pvalue)
    assert np.mean(np.array(naive) < 0.05) > 0.2
    assert np.mean(np.array(ranks) < 0.05) < 0.08


def test_different_and_equal_methods_are_told_apart():
    rng = np.random.default_rng(5)
    better, worse, equal = (
        stability(0.01 * rng.normal(size=10), 0.01, mean, rng=rng) for mean in (0.9, 0.8, 0.9)
    )
    differs = metrics.compare_seed_stability(better, worse)
    assert max(differs.mann_whitney, differs.permutation) < 0.01
    assert differs.equivalence > 0.9
    assert differs.interval[0] > 0
    same = metrics.compare_seed_stability(better, equal)
    assert min(same.mann_whitney, same.permutation) > 0.05
    assert same.equivalence < 0.01


def test_methods_without_spread():
    """Every seed alike: no t-statistic, and a difference that is certain."""
    same, near, far = (stability([0, 0, 0], mean=mean) for mean in (0.5, 0.53, 0.56))
    assert metrics.compare_seed_stability(same, same).equivalence == 0
    assert metrics.compare_seed_stability(same, near).equivalence == 0
    assert metrics.compare_seed_stability(same, far).equivalence == 1
    assert metrics.compare_seed_stability(far, same).equivalence == 1


def test_what_it_refuses(two):
    with pytest.raises(ValueError, match="one kind, got 'strong' and 'weak'"):
        metrics.compare_seed_stability(two[0], stability([0, 1, 2], kind="weak"))
    with pytest.raises(ValueError, match="at least 3 usable seeds of each method, got 5 and 2"):
        metrics.compare_seed_stability(two[0], stability([0, 1]))
    for options in (
        {"margin": 0.0},
        {"margin": np.nan},
        {"confidence": 1.0},
        {"confidence": 0.0},
        {"resamples": 0},
    ):
        with pytest.raises(ValueError, match="expected a margin above 0, a confidence between"):
            metrics.compare_seed_stability(*two, **options)
