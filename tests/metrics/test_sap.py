"""SAP against the reference's answers, other libraries', scikit-learn, and its own promises."""

import numpy as np
import pytest
from sklearn.svm import LinearSVC

from disentlib import metrics
from disentlib.metrics.protocol import encode_samples
from disentlib.metrics.sap import predictability

CONSTANT = "ignore::disentlib.metrics.ConstantFactorWarning"

# A machine that ended before it was fitted, or the rounding of a constant, decides the reference's
# accuracies in these; in one more, a single row of a factor that does not decide the score.
UNCONVERGED = {
    "dsprites_scale1e6_n1000",
    "dsprites_scalemixed_n1000_f32",
    "dsprites_scale1e-6_n1000",
}
ENTRIES = {
    "dsprites_const_n1000": 0.06,
    "dsprites_const_n1000_f32": 0.09,
    "dsprites_dupnoisy_n1000": 0.005,
}


@pytest.mark.filterwarnings(CONSTANT)
def test_reference_answers_with_linear_machines(case):
    expected = case["dlib@sk0.21.3"]["sap_discrete_seed0"]
    if case.name in UNCONVERGED or "matrix" not in expected:  # it raises on a constant factor
        return
    matrix = predictability(case.codes, case.factors, protocol="locatello2019")
    np.testing.assert_allclose(matrix, expected["matrix"], atol=ENTRIES.get(case.name, 0.002))
    found = metrics.sap(case.codes, case.factors, protocol="locatello2019")
    atol = 0.004 if case.name == "dsprites_const_n1000_f32" else 0.002
    assert found == pytest.approx(expected["sap"], abs=atol)


@pytest.mark.filterwarnings(CONSTANT)
def test_reference_answers_with_correlations(case):
    expected = case["dlib@sk0.21.3"]["sap_continuous"]
    kept = case.factors.min(axis=0) < case.factors.max(axis=0)
    options = {"protocol": "locatello2019", "estimator": "r2"}
    matrix = predictability(case.codes, case.factors, **options)
    np.testing.assert_allclose(
        matrix, np.array(expected["matrix"], float)[:, kept], rtol=1e-9, atol=1e-9
    )
    if kept.all():
        found = metrics.sap(case.codes, case.factors, **options)
        assert found == pytest.approx(expected["sap"], abs=1e-9)
        # Codes of tiny variance count as constant in one of the others and not in the other.
        for program in ("disent@0.8.0", "dotran@sk0.21.3"):
            other = case[program].get("sap_continuous")
            other = other.get("sap.score") if isinstance(other, dict) else other
            if isinstance(other, float) and case.name not in UNCONVERGED:
                assert found == pytest.approx(other, abs=1e-9)
        everything = {"test": (case.codes, case.factors), "estimator": "r2"}
        regression = case["ubisoft@sk0.23.2"]["sap_regression"]
        assert metrics.sap(case.codes, case.factors, **everything) == pytest.approx(
            regression, abs=1e-4
        )


def test_reference_answers_on_data_sets(world):
    for name, expected in world.expected["dlib@sk0.21.3"].items():
        if not name.startswith("sap"):
            continue
        kind, seed = name.split("_")[1], int(name[-1])
        rng = np.random.RandomState(seed)
        train, test = (
            encode_samples(world.data, world.encode, samples, rng=rng, protocol="locatello2019")
            for samples in (2000, 1000)
        )
        found = metrics.sap(
            train.mean,
            train.factors,
            test=(test.mean, test.factors),
            protocol="locatello2019",
            estimator="svm" if kind == "discrete" else "r2",
        )
        atol = 0.002 if kind == "discrete" else 1e-9
        assert found == pytest.approx(expected["SAP_score"], abs=atol)


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
