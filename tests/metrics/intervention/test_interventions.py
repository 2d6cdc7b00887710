"""Batches of rows: what they share, what varies, and where they are drawn from."""

import numpy as np
import pytest

from disentlib import data
from disentlib.metrics.intervention.interventions import ArrayTable, Interventions
from disentlib.metrics.protocol import CodeTable

SIZES = (3, 1, 4, 6)


class Grid(data.GroundTruthData):
    name = "grid"
    factor_names = ("a", "b", "c", "d")
    factor_sizes = SIZES
    image_shape = (1, 1, 4)
    dtype = np.dtype(np.float64)

    def _images(self, factors, rng):
        return factors[:, None, None].astype(float)


def grid_draws(rng):
    table = CodeTable(Grid(), lambda images: images[:, 0, 0])
    return Interventions(table, rng=rng), np.indices(SIZES).reshape(4, -1).T


def array_draws(rng):
    random = np.random.default_rng(0)
    factors = np.stack([random.integers(0, size, 2000) for size in SIZES], axis=1)
    return Interventions(ArrayTable(factors.astype(float), factors), rng=rng), factors


@pytest.fixture(params=[grid_draws, array_draws])
def make(request):
    return request.param


VARYING = [0, 2, 3]  # factor 1 has a single value


class TestDraws:
    def test_batches_share_one_factor(self, make):
        draws, factors = make(np.random.default_rng(1))
        batches = draws.rows.sharing_one(400, 40)
        drawn = factors[batches.rows]
        fixed = (drawn == drawn[:, :1]).all(axis=1)[:, VARYING]
        np.testing.assert_array_equal(fixed, batches.factor[:, None] == np.arange(3))
        assert np.bincount(batches.factor).min() > 90

    def test_pairs_share_one_factor(self, make):
        draws, factors = make(np.random.default_rng(2))
        batches = draws.rows.paired_by_one(400, 40)
        first, second = factors[batches.rows[::2]], factors[batches.rows[1::2]]
        same = (first == second).all(axis=1)[:, VARYING]
        np.testing.assert_array_equal(same, batches.factor[:, None] == np.arange(3))
        assert len(np.unique(first[0, :, VARYING[batches.factor[0]]])) > 1

    def test_batches_share_all_but_one_factor(self, make):
        draws, factors = make(np.random.default_rng(3))
        batches = draws.rows.sharing_all_but_one(400, 60)
        drawn = factors[batches.rows]
        fixed = (drawn == drawn[:, :1]).all(axis=1)[:, VARYING]
        np.testing.assert_array_equal(fixed, batches.factor[:, None] != np.arange(3))

    def test_only_the_factor_asked_for_varies(self, make):
        draws, factors = make(np.random.default_rng(4))
        drawn = factors[draws.rows.varying(np.repeat([2, 0], 300), 2)]
        changed = (drawn[:, 0] != drawn[:, 1])[:, VARYING]
        assert not changed[:300, :2].any()
        assert not changed[300:, 1:].any()
        assert changed[:300, 2].mean() == pytest.approx(5 / 6, abs=0.07)
        assert changed[300:, 0].mean() == pytest.approx(2 / 3, abs=0.09)

    @pytest.mark.parametrize("kind", [np.random.default_rng, np.random.RandomState])
    def test_the_same_seed_draws_the_same(self, make, kind):
        for draw in ("sharing_one", "paired_by_one", "sharing_all_but_one"):
            left, right = (getattr(make(kind(5))[0].rows, draw)(20, 8) for _ in range(2))
            np.testing.assert_array_equal(left.rows, right.rows)
            other = getattr(make(kind(6))[0].rows, draw)(20, 8)
            assert (left.rows != other.rows).any()

    def test_a_pools_rows_are_used_up_before_they_repeat(self):
        draws, _ = array_draws(np.random.default_rng(7))
        batches = draws.rows.sharing_one(3, 600)  # about as many as have a value of factor 0
        for factor, rows in zip(batches.factor, batches.rows, strict=True):
            if factor == 0:
                assert len(np.unique(rows)) == len(rows)


def test_sampled_codes_have_their_distribution():
    codes = np.array([[1.0, -2.0], [3.0, 5.0]])
    logvar = np.log(np.array([[0.01, 4.0], [1e-12, 1.0]]))
    table = ArrayTable(codes, [[0], [1]], logvar=logvar)
    draws = Interventions(table, sampled=True, rng=np.random.default_rng(0))
    drawn = draws.codes(np.tile([0, 1], (20_000, 1)))
    np.testing.assert_allclose(drawn.mean(axis=0), codes, atol=0.05)
    np.testing.assert_allclose(drawn.var(axis=0), np.exp(logvar), rtol=0.05)
    assert (draws.codes(np.array([0, 1])) != draws.codes(np.array([0, 1]))).any()


def test_bins_merge_values():
    table = ArrayTable(np.zeros((10, 1)), np.arange(10)[:, None], factor_bins=3)
    assert table.factors[:, 0].tolist() == [0, 0, 0, 1, 1, 1, 2, 2, 2, 2]


def test_what_it_refuses():
    with pytest.raises(ValueError, match=r"logvar of the codes' shape \(2, 1\), got \(2, 2\)"):
        ArrayTable(np.zeros((2, 1)), [[0], [1]], logvar=np.zeros((2, 2)))
    with pytest.raises(TypeError, match=r"write metrics\.ArrayTable"):
        Interventions(np.zeros((2, 2)), rng=np.random.default_rng(0))
