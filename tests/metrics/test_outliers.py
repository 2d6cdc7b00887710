"""One outlier in 10,000 changes no default score, or does not do so unnoticed."""

import warnings

import numpy as np
import pytest

from disentlib import metrics
from disentlib.metrics import SCORES
from disentlib.metrics.outliers import hanging_on_one, variance_shares


def perfect(seed=0):
    rng = np.random.default_rng(seed)
    factors = np.stack([rng.integers(0, size, 10_000) for size in (3, 4, 6)], axis=1)
    return factors[:, [1, 2, 0]].astype(float), factors


def take(name, codes, factors):
    arrays = (codes, factors) if SCORES[name].needs_factors else (codes,)
    value = SCORES[name].function(*arrays)
    return np.array(value if isinstance(value, tuple) else [value])


@pytest.mark.parametrize("name", [s.name for s in SCORES.values() if s.by_default])
def test_default_scores(name):
    codes, factors = perfect()
    expected = take(name, codes, factors)  # without a warning, or pytest makes it an error
    codes[17, 1] = 1e9
    if SCORES[name].moments:
        with pytest.warns(metrics.OutlierWarning, match="variance of code 1, .*metrics.diagnose"):
            take(name, codes, factors)
    else:
        np.testing.assert_allclose(take(name, codes, factors), expected, atol=0.01)


def test_evaluate_says_it_once_a_call(recwarn):
    codes, factors = perfect()
    codes[17, 1] = 1e9
    warnings.simplefilter("default")
    metrics.evaluate(codes, factors, metrics=["mig", "mcc", "irs"])
    assert [w.category for w in recwarn] == [metrics.OutlierWarning]


def test_share_of_the_farthest_sample():
    rng = np.random.default_rng(0)
    codes = np.column_stack([rng.normal(size=500), rng.normal(size=500), np.full(500, 0.1)])
    codes[3, 1] = -50
    squares = (codes[:, :2] - codes[:, :2].mean(axis=0)) ** 2
    expected = [*(squares.max(axis=0) / squares.sum(axis=0)), 0]
    np.testing.assert_allclose(variance_shares(codes), expected)
    np.testing.assert_allclose(variance_shares(codes.astype(np.float32)), expected, rtol=1e-4)
    assert hanging_on_one(codes).tolist() == [False, True, False]


@pytest.mark.parametrize("samples", [2, 10, 50, 1000])
def test_usual_codes_have_none(samples):
    rng = np.random.default_rng(0)
    for draw in (rng.normal, rng.uniform, rng.laplace):
        assert not hanging_on_one(draw(size=(samples, 100))).any()
