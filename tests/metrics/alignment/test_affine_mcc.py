"""Affine MCC against scikit-learn and its own promises; worked examples are with `mcc`."""

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression

from disentlib import metrics


@pytest.fixture(scope="module")
def arrays():
    rng = np.random.default_rng(0)
    factors = np.stack([rng.integers(0, size, 400) for size in (3, 6, 10)], axis=1)
    return factors @ rng.normal(size=(3, 5)) + 2 * rng.normal(size=(400, 5)), factors


def test_scikit_learn(arrays):
    codes, factors = arrays
    predicted = LinearRegression().fit(codes[:300], factors[:300]).predict(codes[300:])
    each = np.abs(np.corrcoef(predicted.T, factors[300:].T)[:3, 3:])
    orders = [(0, 1, 2), (0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0)]
    expected = max(each[range(3), order].mean() for order in orders)
    test = codes[300:], factors[300:]
    found = metrics.affine_mcc(codes[:300], factors[:300], test=test)
    assert found == pytest.approx(expected)


def test_the_map_does_not_see_the_test_rows(arrays):
    _, factors = arrays
    codes = np.random.default_rng(1).normal(size=(400, 250))
    assert metrics.affine_mcc(codes, factors, test=(codes, factors)) > 0.7
    assert metrics.affine_mcc(codes, factors) < 0.3


def test_rng_draws_the_rows(arrays):
    found = {metrics.affine_mcc(*arrays, rng=seed) for seed in (0, 0, 1)}
    assert len(found) == 2
