"""Histograms and information against NumPy, scikit-learn, plain loops and worked examples."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chisquare
from sklearn.metrics import mutual_info_score
from sklearn.metrics.cluster import expected_mutual_information

from disentlib import _kernels, ops

SIZES = (3, 6, 40, 32, 32)


def edges_of_numpy_1(column, bins):
    """NumPy 1's histogram edges: evenly spaced in float64, then rounded to the column's dtype."""
    low, high = float(column.min()), float(column.max())
    if low == high:
        low, high = low - 0.5, high + 0.5
    return np.linspace(low, high, bins + 1).astype(column.dtype)


def bins_by_loop(codes, bins):
    return np.stack(
        [np.digitize(column, edges_of_numpy_1(column, bins)[:-1]) - 1 for column in codes.T], axis=1
    )


def information_by_loop(labels, factors):
    return np.array(
        [[mutual_info_score(code, factor) for factor in factors.T] for code in labels.T]
    )


def draw(samples=1000, dims=4, dtype=np.float64, seed=0):
    rng = np.random.default_rng(seed)
    factors = np.stack([rng.integers(0, size, samples) for size in SIZES], axis=1)
    codes = factors[:, :dims] + rng.normal(size=(samples, dims)) * np.arange(dims)
    return codes.astype(dtype), factors


def test_golden_bins():
    # Locatello et al.'s rule, on their own examples; theirs count from 1.
    row = np.array([[0.1], [0.2], [0.3], [0.4], [0.5], [0.6]])
    np.testing.assert_array_equal(ops.discretise(row, 3).ravel() + 1, [1, 1, 2, 2, 3, 3])
    row = np.arange(4.0)[:, None]
    np.testing.assert_array_equal(ops.discretise(row, 20).ravel() + 1, [1, 7, 14, 20])
    np.testing.assert_array_equal(ops.discretise(np.full((3, 1), 7.0), 20).ravel() + 1, 11)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("bins", [1, 2, 3, 20, 1000])
def test_equal_widths_are_numpys(dtype, bins):
    codes, _ = draw(dtype=dtype)
    codes[:, 0] = np.round(codes[:, 0] / 3, 1)  # many values on edges
    expected = bins_by_loop(codes, bins)
    np.testing.assert_array_equal(ops.discretise(codes, bins), expected)
    counts = [np.bincount(column, minlength=bins) for column in expected.T]
    np.testing.assert_array_equal(ops.histogram(codes, bins), counts)


@given(
    st.lists(st.floats(-1e300, 1e300), min_size=2, max_size=40),
    st.integers(1, 50),
    st.sampled_from([np.float32, np.float64]),
)
def test_equal_widths_hold_for_any_numbers(values, bins, dtype):
    column = np.clip(np.array(values), -1e38, 1e38).astype(dtype)[:, None]
    np.testing.assert_array_equal(ops.discretise(column, bins), bins_by_loop(column, bins))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_quantiles_hold_equal_numbers_of_continuous_samples(dtype):
    codes, _ = draw(10_000, dtype=dtype)
    counts = ops.histogram(codes[:, 1:], 21, rule="quantile")
    assert counts.shape == (3, 41)
    used = counts[counts > 0].reshape(3, 21)
    assert used.min() >= 476
    assert used.max() <= 477


def test_quantiles_keep_equal_values_together():
    rng = np.random.default_rng(0)
    values = rng.permutation(np.repeat([0.0, 1.0, 2.0, 5.0], [900, 60, 30, 10]))[:, None]
    bins = ops.discretise(values, 20, rule="quantile")
    pairs = np.unique(np.concatenate([values, bins], axis=1), axis=0)
    # Ten fives do not fill a bin: they join the twos.
    np.testing.assert_array_equal(pairs, [[0, 0], [1, 1], [2, 2], [5, 2]])


def test_quantiles_keep_clusters_together_whatever_their_spacing():
    rng = np.random.default_rng(0)
    cluster = rng.integers(0, 32, 10_000)
    codes = np.exp((cluster + 0.05 * rng.normal(size=10_000)) / 6)[:, None]
    codes[17] = 1e9  # an outlier stretches nothing
    bins = ops.discretise(codes, 65, rule="quantile").ravel()
    for b in np.unique(bins):
        assert len(np.unique(np.delete(cluster, 17)[np.delete(bins, 17) == b])) == 1


def adaptive_cuts_by_loop(column, bins):
    """The rule of adaptive bins, one step after the other, on a column that is not too small."""
    z = np.sort(column).astype(np.float64)
    n = len(z)
    starts = np.flatnonzero(np.diff(z) > 0) + 1
    if len(starts) < bins:
        return z[starts]
    ranks = {int(np.searchsorted(z, cut)) for cut in _kernels.quantile_cuts(np.sort(column), bins)}

    def cut(rank):
        # An edge that falls on equal values goes around them.
        ranks.update({int(np.searchsorted(z, z[rank], side)) for side in ("left", "right")})

    rank = 4
    while rank < n // bins:
        for end in (rank, n - rank):
            gaps = np.diff(z[end - 2 : end + 2])
            if gaps[1] == 0:
                cut(end)
            elif gaps.max() * 2 > (10 + np.log(2)) * (gaps.sum() - gaps.max()):
                nearest = sorted(
                    (abs(k - 1), -abs(2 * (end + k - 1) - n), k)
                    for k in range(3)
                    if gaps[k] > (1 - 1e-5) * gaps.max()
                )
                ranks.add(end + nearest[0][2] - 1)
            else:
                ranks.add(end)
        rank += max(4, rank // 5)
    span = z[n - 1 - n // 1000] - z[n // 1000]
    edges = sorted({0, n} | ranks)
    left = list(itertools.pairwise(edges))
    while left:
        first, last = left.pop()
        samples = z[first:last]
        width = samples[-1] - samples[0]
        if len(samples) < 8:
            continue
        quarters = samples[0] + width * np.arange(1, 4) / 4
        below = [((samples < q).sum() + (samples <= q).sum()) / 2 for q in quarters]
        counts = np.diff([0, *below, len(samples)])
        uneven = chisquare(counts).statistic > 20 + len(samples) / 10
        thin = width >= span / bins and len(samples) / width <= n / span / 2
        if uneven or thin:
            inner = {first + int((samples < q).sum()) for q in quarters}
            inner |= {first + int((samples <= q).sum()) for q in quarters}
            ranks |= inner
            left += [
                pair
                for pair in itertools.pairwise(sorted({first, last} | inner))
                if pair != (first, last)
            ]
    return z[sorted(ranks - {0, n})]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("bins", [5, 21, 60])
def test_adaptive_bins_are_those_of_a_plain_loop(dtype, bins):
    rng = np.random.default_rng(bins)
    kinds = rng.choice(12, 3000, p=[0.8] + [0.2 / 11] * 11)
    spiked = np.where(kinds > 8, 0.25, rng.normal(size=3000))
    for column in (
        rng.normal(size=3000),
        rng.standard_cauchy(3000),
        np.exp(5 * rng.normal(size=3000)),
        kinds + 0.02 * rng.normal(size=3000),
        np.round(kinds + 0.3 * rng.normal(size=3000), 1),
        spiked,
        kinds,
    ):
        codes = column.astype(dtype)[:, None]
        cuts = adaptive_cuts_by_loop(codes[:, 0], bins)
        expected = np.searchsorted(cuts, codes[:, 0].astype(np.float64), side="right")
        np.testing.assert_array_equal(ops.discretise(codes, bins, rule="adaptive")[:, 0], expected)


def test_adaptive_bins_refine_quantiles_and_keep_few_values_apart():
    codes, _ = draw(5000)
    fine = ops.discretise(codes, 21, rule="adaptive")
    coarse = ops.discretise(codes, 21, rule="quantile")
    for j in range(1, 4):
        pairs = np.unique(np.stack([fine[:, j], coarse[:, j]], axis=1), axis=0)
        assert len(pairs) == fine[:, j].max() + 1 > coarse[:, j].max() + 1
    values = np.repeat([0.0, 1.0, 2.0, 5.0], [900, 60, 30, 10])[:, None]
    np.testing.assert_array_equal(ops.histogram(values, 20, rule="adaptive"), [[900, 60, 30, 10]])
    found = ops.information(values, (values == 5).astype(int), bins=20, rule="adaptive")
    assert found.mutual_information[0, 0] == pytest.approx(found.factor_entropy[0])
    assert found.code_entropy[0] == pytest.approx(ops.entropy(values.astype(int))[0])


def test_adaptive_bins_of_extreme_numbers_end():
    rng = np.random.default_rng(0)
    for column in (
        np.ldexp(1.0, rng.integers(-1070, 1020, 5000)),
        np.concatenate([-np.ldexp(1.0, np.arange(1023)), np.ldexp(1.0, np.arange(1023))]),
        np.linspace(0, 1e-320, 5000),
        np.concatenate([np.zeros(4990), rng.normal(size=10)]),
    ):
        bins = ops.discretise(column[:, None], 21, rule="adaptive")[:, 0].astype(int)
        assert (np.diff(bins[np.argsort(column, kind="stable")]) >= 0).all()
        assert bins.max() < 16 * 21 + 60


@given(
    st.lists(st.integers(-5, 5) | st.floats(-9, 9), min_size=2, max_size=60),
    st.integers(1, 25),
    st.sampled_from(["quantile", "adaptive"]),
)
def test_quantiles_are_the_same_mirrored(values, bins, rule):
    column = np.array(values, np.float64)[:, None]
    bins += 1 - bins % 2  # with an even number of bins a cut may lie on one side of the median
    there = ops.discretise(column, bins, rule=rule).ravel().astype(int)
    back = ops.discretise(-column, bins, rule=rule).ravel().astype(int)
    np.testing.assert_array_equal(there + back, there.max())
    order = np.argsort(column.ravel())
    assert (np.diff(there[order]) >= 0).all()


@pytest.mark.parametrize("rule", ["width", "quantile", "adaptive"])
@pytest.mark.parametrize("bins", [2, 20, 200])
def test_information_is_scikit_learns(rule, bins):
    codes, factors = draw()
    labels = ops.discretise(codes, bins, rule=rule)
    found = ops.information(codes, factors, bins=bins, rule=rule)
    np.testing.assert_allclose(
        found.mutual_information, information_by_loop(labels, factors), atol=1e-12
    )
    if rule == "adaptive":  # theirs are the entropies of the coarser bins that these refine
        labels = ops.discretise(codes, bins, rule="quantile")
        few = [len(np.unique(column)) <= bins for column in codes.T]
        labels[:, few] = codes[:, few]
    np.testing.assert_allclose(found.code_entropy, ops.entropy(labels), atol=1e-12)
    np.testing.assert_allclose(
        found.factor_entropy, [mutual_info_score(f, f) for f in factors.T], atol=1e-12
    )


def test_worked_example():
    a = np.repeat([0, 1], 6)
    b = np.array([0, 0, 1, 1, 2, 2] * 2)
    codes = np.array(
        [[0, 0, 0, 0, 1, 1, 3, 3, 3, 3, 2, 2], [0, 0, 1, 1, 3, 3, 0, 1, 1, 1, 3, 2], [0, 1] * 6]
    ).T.astype(float)
    found = ops.information(codes, np.stack([a, b], axis=1), bins=4, chance=True)
    np.testing.assert_allclose(
        found.mutual_information,
        [[0.69314718, 0.63651417], [0.09446857, 0.89011128], [0, 0]],
        atol=1e-8,
    )
    np.testing.assert_allclose(found.code_entropy, [1.32966135, 1.26500138, 0.69314718], atol=1e-8)
    np.testing.assert_allclose(found.factor_entropy, [0.69314718, 1.09861229], atol=1e-8)
    np.testing.assert_allclose(
        found.chance,
        [[0.17531093, 0.35376361], [0.17292788, 0.33745496], [0.04798413, 0.10543294]],
        atol=1e-8,
    )
    assert (found.mutual_information[2] == 0).all()


def test_two_binary_codes():
    codes = np.array([[1, 2, 1, 2], [1, 1, 2, 2]]).T
    factors = np.array([[1, 2, 1, 2], [2, 2, 1, 1]]).T
    np.testing.assert_allclose(
        ops.mutual_information(codes, factors), np.log(2) * np.eye(2), atol=1e-15
    )


@pytest.mark.parametrize("rule", ["width", "quantile", "adaptive"])
@pytest.mark.parametrize("samples", [30, 1000])
def test_chance_is_the_hypergeometric_mean(rule, samples):
    codes, factors = draw(samples)
    labels = ops.discretise(codes, 15, rule=rule)
    chance = ops.information(codes, factors, bins=15, rule=rule, chance=True).chance
    for j, code in enumerate(labels.T):
        for i, factor in enumerate(factors.T):
            table = np.zeros((code.max() + 1, factor.max() + 1), np.int64)
            np.add.at(table, (code, factor), 1)
            expected = expected_mutual_information(table[table.any(1)][:, table.any(0)], samples)
            assert chance[j, i] == pytest.approx(expected, abs=1e-9)


def test_chance_is_what_shuffling_shows():
    codes, factors = draw(500, dims=2)
    rng = np.random.default_rng(1)
    shuffled = [ops.mutual_information(rng.permutation(codes), factors) for _ in range(400)]
    chance = ops.information(codes, factors, chance=True).chance
    error = np.std(shuffled, axis=0) / np.sqrt(len(shuffled))
    np.testing.assert_array_less(np.abs(np.mean(shuffled, axis=0) - chance), 4 * error + 1e-12)


@pytest.mark.parametrize("rule", ["width", "quantile", "adaptive"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_strides_and_order_of_memory_change_nothing(rule, dtype):
    codes, factors = draw(777, dtype=dtype)
    expected = ops.mutual_information(codes, factors, rule=rule)
    wide = np.zeros((2 * 777, 12), dtype)
    wide[::-2, 1:9:2] = codes
    for same in (
        np.asfortranarray(codes),
        wide[::-2, 1:9:2],
        codes.astype(codes.dtype.newbyteorder()),
    ):
        np.testing.assert_array_equal(ops.mutual_information(same, factors, rule=rule), expected)
    turned = np.asfortranarray(factors)
    np.testing.assert_array_equal(ops.mutual_information(codes, turned, rule=rule), expected)
    repeated = np.broadcast_to(codes[:, :1], codes.shape)
    np.testing.assert_array_equal(
        ops.mutual_information(repeated, factors, rule=rule), np.repeat(expected[:1], 4, axis=0)
    )


@pytest.mark.parametrize("dtype", ["i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8"])
def test_labels_of_any_width_and_offset(dtype):
    codes, factors = draw()
    expected = ops.mutual_information(codes, factors)
    limits = np.iinfo(dtype)
    for offset in (0, limits.min, limits.max - 39):
        moved = factors.astype(dtype) + np.array(offset, dtype)
        np.testing.assert_array_equal(ops.mutual_information(codes, moved), expected)
        np.testing.assert_array_equal(ops.entropy(moved), ops.entropy(factors))


def test_labels_far_apart_are_renumbered():
    codes, factors = draw()
    far = factors * 10**15 - 7
    np.testing.assert_array_equal(
        ops.mutual_information(codes, far), ops.mutual_information(codes, factors)
    )
    extremes = np.array([[np.iinfo(np.int64).min], [np.iinfo(np.int64).max]] * 2)
    np.testing.assert_allclose(ops.entropy(extremes), np.log(2))


def test_entropy_of_one_column_is_a_float():
    assert ops.entropy([0, 0, 1, 1]) == pytest.approx(np.log(2), abs=1e-15)
    assert type(ops.entropy(np.zeros(5, int))) is float
    assert ops.entropy(np.zeros(5, int)) == 0.0


def test_constant_code_shares_exactly_nothing():
    _, factors = draw()
    for value in (0.0, 0.1, 1e6):
        assert not ops.mutual_information(np.full((1000, 1), value, np.float32), factors).any()


@pytest.mark.parametrize("front_door", [ops.histogram, ops.discretise])
def test_bad_bins(front_door):
    with pytest.raises(ValueError, match="expected 1 to 32768 bins, got 0"):
        front_door(np.ones((3, 1)), 0)
    with pytest.raises(ValueError, match="expected 1 to 32768 bins, got 70000"):
        front_door(np.ones((3, 1)), 70_000)
    with pytest.raises(TypeError, match=r"expected a whole number of bins, got 2\.5"):
        front_door(np.ones((3, 1)), 2.5)
    with pytest.raises(ValueError, match=r"expected a rule among .*, got 'kmeans'"):
        front_door(np.ones((3, 1)), 3, rule="kmeans")


def test_bad_arrays():
    codes, factors = draw()
    broken = codes.copy()
    broken[3, 2] = np.nan
    with pytest.raises(ValueError, match=r"finite codes, got nan at \(3, 2\)"):
        ops.mutual_information(broken, factors)
    with pytest.raises(ValueError, match="as many rows of factors as of codes, got 999 and 1000"):
        ops.mutual_information(codes, factors[1:])
    with pytest.raises(TypeError, match="expected whole numbers in factor 0, got"):
        ops.mutual_information(codes, factors + 0.5)
    with pytest.raises(ValueError, match=r"range is finite, got -1\.5e\+308 to 1\.5e\+308"):
        ops.histogram([[-1.5e308], [1.5e308]], 3)
    with pytest.raises(ValueError, match="joint histograms of at most"):
        ops.mutual_information(np.zeros((200_000, 600)), np.arange(200_000)[:, None])


@pytest.mark.slow
def test_ten_million_samples():
    rng = np.random.default_rng(0)
    factors = rng.integers(0, 40, (10_000_000, 2), dtype=np.uint8)
    codes = (factors + rng.normal(size=factors.shape)).astype(np.float32)
    found = ops.mutual_information(codes, factors)
    expected = information_by_loop(bins_by_loop(codes, 20), factors)
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12)
