import itertools

import numpy as np
import pytest

from disentlib import ops

SIZES = (3, 1, 40, 32)


def loop(rng, count, batch, common):
    """The draws of `draw_batches`, one call of randint after the other."""
    rows, factors = [], []
    for _ in range(count):
        if common != "nothing":
            factors.append(rng.randint(len(SIZES)))
        batches = [
            np.stack([rng.randint(size, size=batch) for size in SIZES], axis=1)
            for _ in range(2 if common == "row_by_row" else 1)
        ]
        if common == "one_factor":
            batches[0][:, factors[-1]] = batches[0][0, factors[-1]]
        if common == "row_by_row":
            batches[1][:, factors[-1]] = batches[0][:, factors[-1]]
        rows += [np.ravel_multi_index(tuple(part.T), SIZES) for part in batches]
    return np.array(rows), np.array(factors, int)


class TestDraws:
    @pytest.mark.parametrize("common", ["nothing", "one_factor", "row_by_row"])
    @pytest.mark.parametrize("seed", [0, 7])
    def test_equal_the_legacy_stream(self, common, seed):
        ours, theirs = np.random.RandomState(seed), np.random.RandomState(seed)
        ours.standard_normal(), theirs.standard_normal()  # leaves half a pair behind
        for count, batch in ((50, 16), (1, 5), (0, 3)):
            for left, right in zip(
                ops.draw_batches(ours, SIZES, count, batch, common),
                loop(theirs, count, batch, common),
                strict=True,
            ):
                assert left.ravel().tolist() == right.ravel().tolist()
        np.testing.assert_array_equal(ours.standard_normal(5), theirs.standard_normal(5))

    def test_refuse_other_streams(self):
        philox = np.random.RandomState(np.random.Philox(0))
        with pytest.raises(ValueError, match="MT19937, got Philox"):
            ops.draw_batches(philox, SIZES, 1, 1)
        with pytest.raises(ValueError, match=r"expected common as one of .* got 'two'"):
            ops.draw_batches(np.random.RandomState(0), SIZES, 1, 1, "two")
        with pytest.raises(ValueError, match="factor sizes must be positive"):
            ops.draw_batches(np.random.RandomState(0), [3, 0], 1, 1)


@pytest.fixture(scope="module")
def table():
    rng = np.random.default_rng(0)
    return rng.normal(size=(500, 6)) * rng.uniform(0.5, 2, 6), rng.integers(0, 500, (300, 16))


class TestVotes:
    @pytest.mark.parametrize("largest", [False, True])
    @pytest.mark.parametrize("active", [None, [0, 3, 4]])
    def test_equal_numpy(self, table, largest, active):
        codes, rows = table
        scale = codes.var(axis=0, ddof=1)
        dims = list(range(6)) if active is None else active
        ratios = [codes[batch].var(axis=0, ddof=1)[dims] / scale[dims] for batch in rows]
        expected = np.argmax(ratios, axis=1) if largest else np.argmin(ratios, axis=1)
        got = ops.variance_votes(codes, rows, scale=scale, active=active, largest=largest)
        np.testing.assert_array_equal(got, expected)

    def test_differences_equal_numpy(self, table):
        codes, rows = table
        expected = [
            np.abs(codes[a] - codes[b]).mean(axis=0)
            for a, b in zip(rows[::2], rows[1::2], strict=True)
        ]
        np.testing.assert_array_equal(ops.mean_differences(codes, rows), expected)

    def test_bits_do_not_depend_on_threads_or_dtype(self, table):
        codes, rows = table
        codes = codes.astype(np.float32)
        wide = np.asfortranarray(codes.astype(np.float64))
        scale = wide.var(axis=0)
        np.testing.assert_array_equal(
            ops.variance_votes(codes, rows, scale=scale, threads=1),
            ops.variance_votes(wide, rows, scale=scale, threads=2),
        )
        np.testing.assert_array_equal(
            ops.mean_differences(codes, rows, threads=1),
            ops.mean_differences(wide, rows, threads=2),
        )

    def test_refuse_tables_of_integers(self, table):
        with pytest.raises(TypeError, match="float32 or float64, got int64"):
            ops.mean_differences(np.eye(3, dtype=int), table[1])

    def test_refuse_rows_outside_the_table(self, table):
        codes, rows = table
        for wrong in (rows - 1, rows + 1):
            with pytest.raises(ValueError, match="rows must be rows of the table"):
                ops.variance_votes(codes, wrong, scale=np.ones(6))
            with pytest.raises(ValueError, match="rows must be rows of the table"):
                ops.mean_differences(codes, wrong)
        with pytest.raises(ValueError, match="active codes must be codes"):
            ops.variance_votes(codes, rows, scale=np.ones(6), active=[6])


class TestGroupDeviations:
    @pytest.mark.parametrize("quantile", [0.0, 0.5, 0.97, 0.99, 1.0])
    def test_equal_numpy(self, quantile):
        rng = np.random.default_rng(1)
        codes = rng.normal(size=(700, 3))
        factors = np.stack([rng.integers(0, size, 700) for size in (2, 9, 300)], axis=1) * 3 - 5
        expected = np.zeros((3, 3))
        for i, labels in enumerate(factors.T):
            for value in np.unique(labels):
                group = codes[labels == value]
                strayed = np.abs(group - group.mean(axis=0))
                expected[:, i] += np.quantile(strayed, quantile, axis=0) / len(np.unique(labels))
        for threads in (1, 2):
            np.testing.assert_allclose(
                ops.group_deviations(codes, factors, quantile=quantile, threads=threads),
                expected,
                rtol=1e-12,
            )

    @pytest.mark.parametrize("quantile", [0.2, 0.9, 0.99])
    @pytest.mark.parametrize("dims", [3, 7, 14])
    def test_many_deviations_are_selected_as_by_sorting(self, quantile, dims):
        rng = np.random.default_rng(4)
        codes = rng.normal(size=(3000, dims))
        codes[:, 1] = np.round(codes[:, 1])
        codes[:400, 2] += 9 * rng.normal(size=400)  # the largest lie side by side
        factors = np.stack([rng.integers(0, 2, 3000), np.arange(3000) // 1000], axis=1)
        found = ops.group_deviations(codes, factors, quantile=quantile, overall=True)
        for i, labels in enumerate([*factors.T, np.zeros(3000)]):
            groups = [codes[labels == value] for value in np.unique(labels)]
            strayed = [np.quantile(np.abs(g - g.mean(axis=0)), quantile, axis=0) for g in groups]
            np.testing.assert_allclose(found[:, i], np.mean(strayed, axis=0), rtol=1e-12)

    @pytest.mark.parametrize("bad", [np.nan, np.inf])
    def test_deviations_of_what_is_not_finite_are_refused(self, bad):
        with pytest.raises(ValueError, match="finite"):
            ops.group_deviations([[0.0], [bad], [1.0]], [[0], [0], [1]])

    def test_the_largest_may_come_at_any_period(self):
        rng = np.random.default_rng(6)
        codes = rng.normal(size=(3000, 40))
        for period, column in enumerate(codes.T, start=40):  # samples are dealt out in turn
            column[::period] *= 20
        everyone = np.zeros((3000, 1), int)
        np.testing.assert_allclose(
            ops.group_deviations(codes, everyone)[:, 0],
            np.quantile(np.abs(codes - codes.mean(axis=0)), 0.99, axis=0),
            rtol=1e-12,
        )

    @pytest.mark.parametrize("offset", [0, 10**6])
    def test_bins_of_values(self, offset):
        rng = np.random.default_rng(5)
        codes = rng.normal(size=(500, 3))
        factors = rng.integers(0, [4, 50], (500, 2)) + offset
        labels = ops.discretise(factors.astype(float), 20)
        np.testing.assert_array_equal(
            ops.group_deviations(codes, factors, bins=20), ops.group_deviations(codes, labels)
        )

    def test_bits_do_not_depend_on_threads_strides_or_dtype(self):
        rng = np.random.default_rng(2)
        codes = rng.normal(size=(2000, 14)).astype(np.float32)
        factors = rng.integers(0, 5, (2000, 3))
        np.testing.assert_array_equal(
            ops.group_deviations(codes, factors, threads=1),
            ops.group_deviations(
                np.asfortranarray(codes.astype(float)), factors.astype(np.uint8), threads=2
            ),
        )

    def test_refuse_a_quantile_above_1(self):
        with pytest.raises(ValueError, match=r"expected quantile in \[0, 1\], got 99"):
            ops.group_deviations(np.eye(3), np.eye(3, dtype=int), quantile=99)


class TestSupportDistances:
    @pytest.mark.parametrize("batch", [1, 7, 40, 1000])
    def test_equal_a_plain_loop(self, batch):
        rng = np.random.default_rng(3)
        codes = np.round(rng.normal(size=(100, 3)), 1) @ [[1, 0.5, 0], [0, 1, 0], [0, 0, 1]]
        expected = []
        for start in range(0, 100, batch):
            part = codes[start : start + batch]
            for a, b in itertools.combinations(range(3), 2):
                x, y = part[:, a], part[:, b]
                squared = (x[:, None, None] - x) ** 2 + (y[None, :, None] - y) ** 2
                expected.append(squared.min(axis=2).max())
        for threads in (1, 2):
            got = ops.support_distances(codes, batch=batch, threads=threads)
            np.testing.assert_array_equal(got.ravel(), expected)

    def test_one_code_has_no_pairs(self):
        assert ops.support_distances(np.ones((5, 1)), batch=2).shape == (3, 0)
