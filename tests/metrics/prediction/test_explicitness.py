"""Explicitness against scikit-learn, and its own promises."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from disentlib import metrics


@pytest.fixture(scope="module")
def arrays():
    rng = np.random.default_rng(0)
    factors = np.stack([rng.integers(0, size, 800) for size in (2, 5, 9)], axis=1)
    codes = factors + 0.8 * rng.normal(size=factors.shape)
    return codes @ rng.normal(size=(3, 3)) * [1, 100, 0.01] + 7, factors


def test_scikit_learn(arrays):
    codes, factors = arrays
    scaled = (codes - codes[:600].mean(axis=0)) / codes[:600].std(axis=0)
    areas = []
    for labels in factors.T:
        fit = LogisticRegression(tol=1e-8, max_iter=10_000).fit(scaled[:600], labels[:600])
        told = fit.predict_proba(scaled[600:])
        one_hot = labels[600:, None] == fit.classes_
        areas.append(roc_auc_score(one_hot, told))
    test = codes[600:], factors[600:]
    found = metrics.explicitness(codes[:600], factors[:600], test=test)
    assert found == pytest.approx(np.mean(areas), abs=1e-4)


def test_guessing_gets_a_half():
    rng = np.random.default_rng(1)
    factors = np.stack([rng.integers(0, size, 10_000) for size in (3, 6, 40)], axis=1)
    codes = rng.normal(size=(10_000, 10))
    for protocol in (None, "locatello2019"):
        assert metrics.explicitness(codes, factors, protocol=protocol) == pytest.approx(
            0.5, abs=0.02
        )


def test_values_missing_among_the_test_rows_have_no_say(arrays):
    codes, factors = arrays
    keep = factors[:, 2] != 4
    test = codes[600:][keep[600:]], factors[600:][keep[600:]]
    assert 0.5 < metrics.explicitness(codes[:600], factors[:600], test=test) < 1
    unseen = codes[600:], factors[600:] + 50
    assert np.isnan(metrics.explicitness(codes[:600], factors[:600], test=unseen))


def test_dead_codes_and_constant_factors_do_not_matter(arrays):
    codes, factors = arrays
    expected = metrics.explicitness(codes, factors)
    assert metrics.explicitness(np.insert(codes, 1, 0.1, axis=1), factors) == pytest.approx(
        expected, abs=1e-6
    )
    with pytest.warns(metrics.ConstantFactorWarning, match="factor 0"):
        assert metrics.explicitness(codes, np.insert(factors, 0, 3, axis=1)) == expected
