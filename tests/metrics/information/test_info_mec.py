"""InfoMEC against a worked example, scikit-learn, and its own promises."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss

from disentlib import metrics


def test_worked_example():
    a = np.repeat([0, 1], 6)
    b = np.array([0, 0, 1, 1, 2, 2] * 2)
    codes = np.array(
        [[0, 0, 0, 0, 1, 1, 3, 3, 3, 3, 2, 2], [0, 0, 1, 1, 3, 3, 0, 1, 1, 1, 3, 2], [0, 1] * 6]
    ).T
    found = metrics.info_mec(codes, np.stack([a, b], axis=1), estimator="values")
    assert found.modularity == pytest.approx(0.4891673612522702, abs=1e-9)
    assert found.compactness == pytest.approx(0.5973367054733971, abs=1e-9)
    small = metrics.info_mec(codes / 128, np.stack([a, b], axis=1), estimator="values")
    assert small == found


def test_explicitness_is_scikit_learns():
    rng = np.random.default_rng(0)
    factors = np.stack([rng.integers(0, 3, 400), np.minimum(rng.geometric(0.5, 400), 4)], axis=1)
    codes = factors + rng.normal(size=factors.shape)
    standard = (codes - codes.mean(axis=0)) / codes.std(axis=0)
    expected = []
    for column in factors.T:
        model = LogisticRegression(C=np.inf, class_weight="balanced", tol=1e-8, max_iter=1000)
        loss = log_loss(column, model.fit(standard, column).predict_proba(standard))
        expected.append(1 - loss / np.log(len(np.unique(column))))
    found = metrics.info_mec(codes, factors)
    assert found.explicitness == pytest.approx(np.mean(expected), abs=1e-4)


def test_real_valued_factors():
    rng = np.random.default_rng(0)
    factors = rng.normal(size=(1500, 3))
    for estimator in ("quantile", "neighbours"):
        good = metrics.info_mec(
            factors @ np.diag([1, -2, 3]), factors, continuous=True, estimator=estimator
        )
        assert min(good) > 0.9
        assert good.explicitness == pytest.approx(1)
    turned = factors @ np.linalg.qr(rng.normal(size=(3, 3)))[0]
    mixed = metrics.info_mec(turned, factors, continuous=True)
    assert mixed.explicitness == pytest.approx(1)
    assert max(mixed.modularity, mixed.compactness) < 0.7


@pytest.mark.parametrize("estimator", ["quantile", "neighbours"])
def test_useless_codes_beside_good_ones(estimator):
    rng = np.random.default_rng(0)
    factors = rng.integers(0, 6, (2000, 3))
    narrow = 0.01 * rng.normal(size=(2000, 4))  # as a VAE leaves what it does not use
    codes = np.concatenate([factors + 0.1 * rng.normal(size=factors.shape), narrow], axis=1)
    found = metrics.info_mec(codes, factors, estimator=estimator)
    assert found.modularity > 0.97
    assert found.compactness > 0.97


def test_bad_estimator():
    with pytest.raises(ValueError, match="estimator as one of"):
        metrics.info_mec(np.eye(8), np.eye(8, dtype=int), estimator="width")
