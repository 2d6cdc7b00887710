"""Stability over seeds against SciPy and scikit-learn, and the tests over seeds against loops."""

import itertools

import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment
from sklearn.cross_decomposition import CCA

from disentlib import metrics
from disentlib.metrics.selection.seed_stability import SeedPairs


@pytest.fixture(scope="module")
def seeds():
    rng = np.random.default_rng(0)
    sources = rng.normal(size=(600, 4))
    return [
        sources @ rng.normal(size=(4, 4)) + noise * rng.normal(size=(600, 4))
        for noise in (0.1, 0.5, 1.0)
    ]


def by_hand(left, right):
    """Assign on the first half, and return the mean |correlation| of both halves."""
    half = len(left) // 2
    matrices = [
        np.abs(np.corrcoef(left[rows].T, right[rows].T)[: left.shape[1], left.shape[1] :])
        for rows in (slice(half), slice(half, None))
    ]
    pairs = linear_sum_assignment(-matrices[0])
    return [matrix[pairs].mean() for matrix in matrices]


def test_strong_is_the_published_protocol(seeds):
    found = metrics.seed_stability(seeds)
    assert (found.kind, found.seeds, found.skipped) == ("strong", (0, 1, 2), ())
    for i, j in itertools.combinations(range(3), 2):
        expected = by_hand(seeds[i], seeds[j])
        assert found.in_sample.matrix[i, j] == pytest.approx(expected[0], abs=1e-12)
        assert found.out_of_sample.matrix[j, i] == pytest.approx(expected[1], abs=1e-12)
        assert expected[0] != pytest.approx(expected[1], abs=1e-4)


@pytest.mark.parametrize("components", [1, 3, 4, 20])
def test_weak_is_scikit_learns_cca(seeds, components):
    left, right = seeds[1:]
    cca = CCA(n_components=min(components, 4), max_iter=20_000, tol=1e-12)
    cca.fit(left[:300], right[:300])
    expected = by_hand(*cca.transform(left, right))
    found = metrics.seed_stability([left, right], kind="weak", components=components, ridge=0)
    assert found.in_sample.mean == pytest.approx(expected[0], abs=1e-5)
    assert found.out_of_sample.mean == pytest.approx(expected[1], abs=1e-5)


def test_a_linear_image_is_equal_in_the_weak_sense_only():
    z = np.random.default_rng(1).normal(size=(800, 3))
    image = z @ [[1.0, 2.0, 0.0], [-1.0, 1.0, 1.0], [0.5, 0.0, 2.0]] + 7
    assert metrics.seed_stability([z, image], kind="weak").out_of_sample.mean > 0.99999
    assert metrics.seed_stability([z, image]).out_of_sample.mean < 0.95
    turned = z[:, [2, 0, 1]] * [-3.0, 1e3, 0.1] + [1.0, 2.0, 3.0]
    assert metrics.seed_stability([z, turned]).out_of_sample.mean == pytest.approx(1)


def test_the_ridge_is_that_of_weak_mcc(seeds):
    left, right = seeds[1:]
    for ridge in (0.3, 3.0):
        expected = metrics.weak_mcc(
            left[:300],
            right[:300],
            continuous=True,
            test=(left[300:], right[300:]),
            ridge=ridge,
        )
        found = metrics.seed_stability([left, right], kind="weak", ridge=ridge).out_of_sample.mean
        assert found == pytest.approx(expected, abs=1e-9)
        plain = metrics.seed_stability([left, right], kind="weak").out_of_sample.mean
        assert abs(found - plain) > 1e-3


def test_means_medians_and_spread(seeds):
    pairs = metrics.seed_stability(seeds).out_of_sample
    values = [pairs.matrix[0, 1], pairs.matrix[0, 2], pairs.matrix[1, 2]]
    np.testing.assert_array_equal(pairs.values, values)
    assert pairs.mean == pytest.approx(sum(values) / 3)
    assert pairs.median == sorted(values)[1]
    assert pairs.deviation == pytest.approx(np.std(values))
    expected = [(values[0] + values[1]) / 2, (values[0] + values[2]) / 2]
    np.testing.assert_allclose(pairs.seed_means[:2], expected)
    assert np.isnan(np.diag(pairs.matrix)).all()


@pytest.mark.parametrize("kind", ["strong", "weak"])
def test_constant_codes(seeds, kind):
    def score(codes):
        return metrics.seed_stability(codes, kind=kind).out_of_sample.mean

    z = seeds[0]
    dead = np.insert(z[:, :3], 1, 0.1, axis=1)
    assert score([dead, dead]) == pytest.approx(1, abs=1e-5)  # dead in both: left out
    assert score([dead, z]) == pytest.approx(0.75, abs=0.01)  # dead in one: counts as 0
    assert score([z, dead]) == pytest.approx(0.75, abs=0.01)
    assert score([np.zeros_like(z), z]) == 0
    assert score([np.zeros_like(z), np.zeros_like(z)]) == 0
    late = dead.copy()
    late[300:, 1] = z[300:, 3]  # says nothing on the half that pairs are assigned on
    assert score([late, z]) == pytest.approx(0.75, abs=0.01)


def test_active_codes_are_counted(seeds):
    collapsed = seeds[0] * [1.0, 1e-3, 1.0, 0.0]
    found = metrics.seed_stability([seeds[0], collapsed])
    assert found.active.tolist() == [4, 2]
    again = metrics.seed_stability([seeds[0], collapsed], least_variance=1e-12)
    assert again.active.tolist() == [4, 3]
    assert again.out_of_sample.mean == found.out_of_sample.mean


def test_what_is_meant_by_default(seeds):
    found = metrics.seed_stability(seeds, kind="weak").out_of_sample.values
    given = metrics.seed_stability(seeds, kind="weak", components=20, ridge=1e-6)
    np.testing.assert_array_equal(found, given.out_of_sample.values)
    variances = np.array([0.009, 0.011, 0.001, 1.0])
    z = (seeds[0] - seeds[0].mean(axis=0)) / seeds[0].std(axis=0) * np.sqrt(variances)
    assert metrics.seed_stability([z, z]).active.tolist() == [2, 2]


def test_halves_lead_and_trail_or_are_drawn(seeds):
    ordered = [np.sort(array, axis=0) for array in seeds]
    assert metrics.seed_stability(ordered).out_of_sample.mean < 1
    order = np.random.default_rng(3).permutation(600)
    expected = metrics.seed_stability([array[order] for array in seeds])
    found = metrics.seed_stability(seeds, rng=3)
    np.testing.assert_allclose(found.out_of_sample.values, expected.out_of_sample.values)
    assert (found.out_of_sample.values != metrics.seed_stability(seeds).out_of_sample.values).all()


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_seeds_that_are_not_finite_are_skipped_counted_and_said(seeds, bad):
    broken = seeds[1].copy()
    broken[5, 2] = bad
    with pytest.warns(metrics.SkippedSeedWarning, match=r"^1 of 4 seeds skipped.*: \[1\]$"):
        found = metrics.seed_stability([seeds[0], broken, seeds[1], seeds[2]])
    assert (found.seeds, found.skipped) == ((0, 2, 3), (1,))
    expected = metrics.seed_stability(seeds).out_of_sample.values
    np.testing.assert_array_equal(found.out_of_sample.values, expected)
    assert len(found.active) == 3
    with pytest.raises(ValueError, match="finite codes of at least 2 seeds, got 1 of 2"):
        metrics.seed_stability([seeds[0], broken])


def test_what_it_refuses(seeds):
    one, other = seeds[:2]
    with pytest.raises(ValueError, match=r"one shape .* in all seeds, got \[\(599, 4\), \(600, 4"):
        metrics.seed_stability([one, other[1:]])
    with pytest.raises(ValueError, match=r"got \[\(600, 3\), \(600, 4\)\]"):
        metrics.seed_stability([one, other[:, :3]])
    with pytest.raises(ValueError, match="expected codes of seed 1 of at least 4 samples"):
        metrics.seed_stability([one, other[:3]])
    with pytest.raises(ValueError, match=r"expected codes of seed 0 of shape \(samples, dims\)"):
        metrics.seed_stability(one)
    with pytest.raises(TypeError, match="expected codes of seed 1 of real numbers"):
        metrics.seed_stability([one, other.astype(str)])
    for few in ([], [one]):
        with pytest.raises(ValueError, match=f"at least 2 seeds, got {len(few)} of {len(few)}"):
            metrics.seed_stability(few)
    with pytest.raises(ValueError, match=r"expected kind as one of \('strong', 'weak'\)"):
        metrics.seed_stability(seeds, kind="linear")
    for options in (
        {"components": 0},
        {"ridge": -1e-9},
        {"ridge": np.inf},
        {"least_variance": -1.0},
        {"least_variance": np.nan},
    ):
        with pytest.raises(ValueError, match="expected components of at least 1, and a finite"):
            metrics.seed_stability(seeds, **options)


def test_pairs_of_two_seeds():
    pairs = SeedPairs(np.array([[np.nan, 0.5], [0.5, np.nan]]))
    assert (pairs.mean, pairs.median, pairs.deviation) == (0.5, 0.5, 0.0)
    assert pairs.seed_means.tolist() == [0.5, 0.5]
