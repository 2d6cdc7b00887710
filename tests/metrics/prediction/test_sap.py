"""SAP against scikit-learn, and its own promises."""

import numpy as np
import pytest
from sklearn.svm import LinearSVC

from disentlib import metrics
from disentlib.metrics.prediction.sap import predictability


@pytest.fixture(scope="module")
def arrays():
    rng = np.random.default_rng(0)
    factors = np.stack([rng.integers(0, size, 800) for size in (3, 6, 10)], axis=1)
    return factors + 0.3 * rng.normal(size=factors.shape), factors


def test_scikit_learn(arrays):
    codes, factors = arrays
    told = np.zeros((3, 3))
    for j in range(3):
        for i in range(3):
            machine = LinearSVC(C=0.01, class_weight="balanced", dual=False, tol=1e-9)
            machine.fit(codes[:600, [j]], factors[:600, i])
            told[j, i] = machine.score(codes[600:, [j]], factors[600:, i])
    ordered = np.sort(told, axis=0)
    expected = (ordered[-1] - ordered[-2]).mean()
    assert metrics.sap(codes, factors, protocol="locatello2019") == pytest.approx(expected)


@pytest.mark.parametrize("estimator", ["tree", "svm", "r2"])
def test_independent_codes_get_little(estimator):
    rng = np.random.default_rng(1)
    factors = np.stack([rng.integers(0, size, 10_000) for size in (3, 6, 40)], axis=1)
    found = metrics.sap(rng.normal(size=(10_000, 10)), factors, estimator=estimator)
    assert 0 <= found < 0.02


def test_perfect_codes_are_told_by_trees_and_not_by_lines():
    rng = np.random.default_rng(2)
    factors = np.stack([rng.integers(0, size, 10_000) for size in (3, 6, 40, 32, 32)], axis=1)
    assert metrics.sap(-factors, factors) == pytest.approx(1, abs=0.02)
    assert metrics.sap(-factors, factors, estimator="svm") < 0.4


def test_duplicated_codes_separate_nothing(arrays):
    codes, factors = arrays
    assert metrics.sap(np.hstack([codes, codes]), factors) == 0


def test_one_code_has_a_runner_up_of_0(arrays):
    codes, factors = arrays
    found = metrics.sap(codes[:, :1], factors[:, :1], estimator="r2", rng=3)
    rows = np.random.default_rng(3).permutation(800)[:600]
    expected = np.corrcoef(codes[rows, 0], factors[rows, 0])[0, 1] ** 2
    assert found == pytest.approx(expected)


def test_constant_factors_are_left_out_with_a_warning(arrays):
    codes, factors = arrays
    more = np.insert(factors, 1, 5, axis=1)
    with pytest.warns(metrics.ConstantFactorWarning, match="factor 1 has a single value"):
        assert metrics.sap(codes, more) == metrics.sap(codes, factors)
    with pytest.warns(metrics.ConstantFactorWarning):
        assert np.isnan(metrics.sap(codes, more[:, 1:2]))


def test_unknown_estimators_are_rejected(arrays):
    with pytest.raises(ValueError, match=r"expected estimator as one of .* got 'forest'"):
        metrics.sap(*arrays, estimator="forest")


def test_real_valued_factors():
    rng = np.random.default_rng(0)
    factors = np.column_stack([rng.integers(0, 4, 1500), rng.normal(size=(1500, 2))])
    codes = np.column_stack([factors[:, 0], factors[:, 1] ** 3, rng.normal(size=1500)])
    given = {"continuous": (False, True, True)}
    matrix = predictability(codes, factors, **given)
    assert matrix[0, 0] == 1
    assert matrix[1, 1] > 0.95  # no line, but a function
    assert matrix[2].max() < 0.05
    # A discrete factor is told as it is without the others.
    alone = predictability(codes, factors[:, :1].astype(int))
    np.testing.assert_array_equal(matrix[:, :1], alone)
    squared = np.corrcoef(codes[:1125, 1], factors[:1125, 1])[0, 1] ** 2
    reference = predictability(codes, factors, protocol="locatello2019", **given)
    assert reference[1, 1] == pytest.approx(squared)
    assert 0 < metrics.sap(codes, factors, **given) < 1
