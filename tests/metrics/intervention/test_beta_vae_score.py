"""BetaVAE score against a plain loop with scikit-learn, and its own promises."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from disentlib import metrics
from disentlib.metrics.intervention.interventions import ArrayTable


@pytest.fixture(scope="module")
def arrays():
    rng = np.random.default_rng(0)
    factors = np.stack([rng.integers(0, size, 2000) for size in (3, 4, 6)], axis=1)
    codes = factors / [3, 4, 6] + 0.3 * rng.normal(size=factors.shape)
    return codes @ rng.normal(size=(3, 4)), factors


def test_plain_loop_and_scikit_learn(arrays):
    codes, factors = arrays
    rng = np.random.default_rng(1)
    features, shared = [], []
    for _ in range(3000):
        k = rng.integers(3)
        first = rng.integers(0, 2000, 16)
        second = [rng.choice(np.flatnonzero(factors[:, k] == factors[row, k])) for row in first]
        features.append(np.abs(codes[first] - codes[second]).mean(axis=0))
        shared.append(k)
    scaled = np.array(features) / np.std(features, axis=0)
    fit = LogisticRegression(max_iter=1000).fit(scaled[:2000], shared[:2000])
    found = metrics.beta_vae_score(
        ArrayTable(codes, factors), batch=16, train_samples=2000, test_samples=2000
    )
    expected = fit.score(scaled[2000:], shared[2000:])
    assert found.accuracy == pytest.approx(expected, abs=0.05)


def test_scale_dead_codes_and_constant_factors_do_not_matter(arrays):
    codes, factors = arrays
    options = {"batch": 16, "train_samples": 500, "test_samples": 500}
    expected = metrics.beta_vae_score(ArrayTable(codes, factors), **options)
    for changed in (codes * [1e-3, 1, 10, 1e3], np.insert(codes, 1, 0.1, axis=1)):
        found = metrics.beta_vae_score(ArrayTable(changed, factors), **options)
        assert found == pytest.approx(expected, abs=0.01)
    more = np.insert(factors, 1, 7, axis=1)
    assert metrics.beta_vae_score(ArrayTable(codes, more), **options) == expected
    constant = metrics.beta_vae_score(ArrayTable(codes, np.ones((2000, 1), int)), **options)
    assert np.isnan(constant.accuracy)
