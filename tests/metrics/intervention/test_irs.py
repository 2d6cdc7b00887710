"""IRS against a plain loop, and its own promises."""

import numpy as np
import pytest

from disentlib import metrics
from disentlib.metrics.intervention.irs import robustness


def test_worked_example():
    factors = np.indices((3, 4)).reshape(2, -1).T
    assert metrics.irs(factors, factors, protocol="locatello2019") == pytest.approx(1)
    mixed = factors @ [[1, 1], [1, -1]]
    found = robustness(mixed, factors, protocol="locatello2019", quantile=1.0)
    np.testing.assert_allclose(found.matrix, [[0.4, 0.6], [0.4, 0.6]])
    assert found.score == pytest.approx(0.6)


def test_plain_loop():
    rng = np.random.default_rng(0)
    factors = np.stack([rng.integers(0, size, 600) for size in (2, 7)], axis=1)
    codes = factors @ rng.normal(size=(2, 3)) + rng.normal(size=(600, 3))
    kept, weights = [], []
    for z in codes.T:
        overall = np.quantile(np.abs(z - z.mean()), 0.9)
        stays = []
        for f in factors.T:
            groups = [z[f == value] for value in np.unique(f)]
            strayed = [np.quantile(np.abs(group - group.mean()), 0.9) for group in groups]
            stays.append(1 - np.mean(strayed) / overall)
        kept.append(max(0, *stays))
        weights.append(overall)
    found = metrics.irs(codes, factors, quantile=0.9)
    assert found == pytest.approx(np.average(kept, weights=weights))


def test_independent_codes_get_little_by_default_and_much_from_the_reference():
    rng = np.random.default_rng(1)
    factors = np.stack([rng.integers(0, size, 10_000) for size in (3, 6, 40)], axis=1)
    codes = rng.normal(size=(10_000, 10))
    assert metrics.irs(codes, factors) < 0.06
    assert metrics.irs(codes, factors, protocol="locatello2019") > 0.3


def test_dead_codes_and_constant_factors():
    factors = np.indices((4, 5)).reshape(2, -1).T
    codes = factors + 0.1
    found = robustness(np.insert(codes, 1, 0.1, axis=1), factors)
    assert found.live.tolist() == [0, 2]
    assert found.score == metrics.irs(codes, factors)
    assert metrics.irs(np.zeros((20, 2)), factors) == 0
    with pytest.warns(metrics.ConstantFactorWarning):
        assert np.isnan(metrics.irs(codes, np.ones((20, 1), int)))


def test_real_valued_factors_by_a_plain_loop():
    rng = np.random.default_rng(2)
    factors = np.column_stack([rng.integers(0, 3, 1050), rng.normal(size=1050)])
    codes = factors + 0.3 * rng.normal(size=factors.shape)
    ranks = factors[:, 1].argsort().argsort()
    labels = np.column_stack([factors[:, 0], ranks // 50])  # 21 bins of 50
    inside = np.empty((2, 2))
    for i, f in enumerate(labels.T):
        groups = [codes[f == value] for value in np.unique(f)]
        strayed = [np.quantile(np.abs(g - g.mean(axis=0)), 0.99, axis=0) for g in groups]
        inside[:, i] = np.mean(strayed, axis=0)
    overall = np.quantile(np.abs(codes - codes.mean(axis=0)), 0.99, axis=0)
    found = robustness(codes, factors, continuous=[False, True])
    np.testing.assert_allclose(found.matrix, np.maximum(1 - inside / overall[:, None], 0))
    # Under the protocol all factors are merged into bins of equal width.
    edges = np.linspace(factors[:, 1].min(), factors[:, 1].max(), 21)[1:-1]
    binned = np.column_stack([factors[:, 0], np.digitize(factors[:, 1], edges)]).astype(int)
    assert metrics.irs(
        codes, factors, continuous=[False, True], protocol="locatello2019"
    ) == metrics.irs(codes, binned, protocol="locatello2019")
