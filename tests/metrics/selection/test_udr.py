"""UDR against worked examples, SciPy, scikit-learn, and its own promises."""

import numpy as np
import pytest
from scipy.stats import spearmanr
from sklearn.linear_model import Lasso

from disentlib import metrics
from disentlib.metrics.selection.udr import agreement


@pytest.mark.parametrize("pool", ["pooled", "mean_of_means"])
@pytest.mark.parametrize(
    ("relation", "expected"),
    [
        (np.eye(3), 1),
        ([[1, 1, 0], [1, 1, 0], [0, 0, 1]], 2 / 3),
        (np.ones((3, 3)), 1 / 3),
        (np.zeros((3, 3)), 0),
        ([[0.9, 0.1], [0.2, 0.7]], 0.675827),
    ],
)
def test_worked_examples(relation, expected, pool):
    assert agreement(np.array(relation, float), pool=pool) == pytest.approx(expected, abs=1e-6)


def test_pools_differ_where_active_codes_do():
    relation = np.array([[1.0, 0.0, 0.5]])
    assert agreement(relation, pool="mean_of_means") == pytest.approx((0.5 + 1 / 1.5) / 2)
    assert agreement(relation, pool="pooled") == pytest.approx((1 + 0 + 0.5 + 1 / 1.5) / 4)


@pytest.fixture(scope="module")
def models():
    rng = np.random.default_rng(0)
    sources = rng.uniform(size=(600, 4))
    noisy = [sources[:, rng.permutation(4)] + 0.1 * rng.normal(size=(600, 4)) for _ in range(2)]
    turned = sources @ np.linalg.qr(rng.normal(size=(4, 4)))[0]
    return [*noisy, turned]


def test_scipy_and_scikit_learn(models):
    scaled = [(z - z.mean(axis=0)) / z.std(axis=0) for z in models]
    for i in range(3):
        for j in range(3):
            if i == j:
                continue
            ranks = np.abs(spearmanr(models[i], models[j]).statistic[:4, 4:])
            found = metrics.udr(models, correlation="spearman").correlations[i][j]
            np.testing.assert_allclose(found, ranks, atol=1e-12)
            lasso = Lasso(alpha=0.1, tol=1e-10).fit(scaled[i], scaled[j])
            found = metrics.udr(models, correlation="lasso").correlations[i][j]
            np.testing.assert_allclose(found, np.abs(lasso.coef_.T), atol=1e-6)


@pytest.mark.parametrize("correlation", ["lasso", "spearman"])
def test_models_that_agree_score_higher(models, correlation):
    scores = metrics.udr([*models, models[0] * [-3, 1, 1, 2]], correlation=correlation).scores
    assert scores.argmin() == 2
    assert (scores[[0, 1, 3]] > 0.6).all()


@pytest.mark.parametrize("correlation", ["lasso", "spearman"])
def test_dead_codes_and_other_numbers_of_codes(models, correlation):
    expected = metrics.udr(models, correlation=correlation)
    more = [np.insert(models[0], 1, 0.1, axis=1), *models[1:]]
    found = metrics.udr(more, correlation=correlation)
    np.testing.assert_allclose(found.scores, expected.scores, atol=1e-12)
    dead = [np.zeros((600, 4)), *models[1:]]
    assert metrics.udr(dead, correlation=correlation).scores[0] == 0


def test_what_it_refuses(models):
    with pytest.raises(ValueError, match="expected at least 2 models"):
        metrics.udr(models[:1])
    with pytest.raises(ValueError, match="codes of the same samples"):
        metrics.udr([models[0], models[1][1:]])
    with pytest.raises(ValueError, match="expected one kl a code of each model"):
        metrics.udr(models, [np.ones(4)] * 2)
    with pytest.raises(ValueError, match=r"expected correlation as one of .* got 'kendall'"):
        metrics.udr(models, correlation="kendall")
