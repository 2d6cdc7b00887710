import numpy as np
import pytest
from sklearn.ensemble import GradientBoostingClassifier, GradientBoostingRegressor
from sklearn.linear_model import Lasso

from disentlib.metrics import ConstantFactorWarning, dci
from disentlib.metrics.prediction.dci import disentanglement_of, importances

SIZES = (3, 4, 6)


def sample(seed, samples, *, noise=0.1, dims=5):
    rng = np.random.default_rng(seed)
    factors = np.stack([rng.integers(0, size, samples) for size in SIZES], axis=1)
    codes = rng.normal(size=(samples, dims))
    codes[:, :3] = factors / np.array(SIZES) + noise * codes[:, :3]
    return codes.astype(np.float32), factors


@pytest.mark.parametrize(
    ("matrix", "disentanglement", "completeness"),
    [
        (np.eye(5), 1, 1),
        (np.eye(5, 10), 1, 1),
        (np.repeat(np.eye(5), 2, axis=0), 1, 1 - np.log(2) / np.log(10)),
        (np.repeat(np.eye(5), 2, axis=1), 1 - np.log(2) / np.log(10), 1),
        (np.zeros((5, 10)), 0, 0),
        ([[0.7, 0.1], [0.2, 0.6], [0.1, 0.3]], 0.2958073, 0.2264039),
    ],
)
def test_known_matrices(matrix, disentanglement, completeness):
    matrix = np.asarray(matrix, float)
    assert disentanglement_of(matrix) == pytest.approx(disentanglement, abs=1e-7)
    assert disentanglement_of(matrix.T) == pytest.approx(completeness, abs=1e-7)


def test_equals_the_definition_with_scikit_learn():
    codes, factors = sample(0, 400)
    ours = dci(codes, factors, protocol="locatello2019")
    columns, train, test = [], [], []
    for factor in factors.T:
        model = GradientBoostingClassifier(random_state=0).fit(codes[:300], factor[:300])
        columns.append(model.feature_importances_)
        train.append(model.score(codes[:300], factor[:300]))
        test.append(model.score(codes[300:], factor[300:]))
    matrix = np.stack(columns, axis=1)
    assert ours.disentanglement == pytest.approx(disentanglement_of(matrix), abs=0.01)
    assert ours.completeness == pytest.approx(disentanglement_of(matrix.T), abs=0.01)
    assert ours.informativeness == pytest.approx(np.mean(test), abs=0.02)
    assert ours.informativeness_train == pytest.approx(np.mean(train), abs=0.005)


@pytest.mark.parametrize(
    "estimator", ["gradient_boosting", "histogram_boosting", "random_forest", "lasso"]
)
@pytest.mark.parametrize("continuous", [False, (False, True, False), True])
def test_every_estimator_knows_good_codes_from_bad(estimator, continuous):
    codes, factors = sample(0, 400, noise=0.02)
    targets = factors + 0.0 if np.any(continuous) else factors
    if np.any(continuous):
        targets[:, 1] = codes[:, 1] + 0.001 * np.random.default_rng(1).normal(size=400)
    options = {"estimator": estimator, "continuous": continuous}
    good = dci(codes, targets, **options)
    assert good.disentanglement > 0.9
    assert good.completeness > 0.9
    assert good.informativeness > 0.9
    assert all(type(score) is float for score in good)
    assert dci(codes, targets, **options) == good
    noise = np.random.default_rng(2).normal(size=(400, 5))
    bad = dci(noise, targets, **options)
    assert bad.informativeness < 0.5
    if estimator != "lasso":
        assert bad.disentanglement < 0.2
        assert bad.completeness < 0.2


def test_real_valued_factors_match_scikit_learn():
    rng = np.random.default_rng(0)
    codes = rng.normal(size=(600, 3)).astype(np.float32)
    factors = np.stack([np.sin(codes[:, 0]), codes[:, 1] * codes[:, 2]], axis=1)
    found = importances(
        codes[:400], factors[:400], continuous=True, test=(codes[400:], factors[400:])
    )
    for factor in range(2):
        theirs = GradientBoostingRegressor(random_state=0)
        theirs.fit(codes[:400], factors[:400, factor])
        np.testing.assert_allclose(found.matrix[:, factor], theirs.feature_importances_, atol=0.01)
        assert found.test[factor] == pytest.approx(
            theirs.score(codes[400:], factors[400:, factor]), abs=0.01
        )


def test_lasso_matches_scikit_learn():
    codes, factors = sample(0, 300)
    codes = codes.astype(np.float64)
    found = importances(codes, factors, estimator="lasso", test=(codes, factors))
    standard = (codes - codes.mean(axis=0)) / codes.std(axis=0)
    for factor, column in enumerate(factors.T):
        values = (column - column.mean()) / column.std()
        model = Lasso(alpha=0.02, tol=1e-10).fit(standard, values)
        np.testing.assert_allclose(found.matrix[:, factor], np.abs(model.coef_), atol=1e-5)
        assert found.test[factor] == pytest.approx(model.score(standard, values), abs=1e-5)


def test_noise_costs_importance():
    codes, factors = sample(0, 2000, noise=0.0, dims=3)
    assert dci(codes, factors) == pytest.approx((1, 1, 1, 1))
    noise = np.random.default_rng(3).normal(size=(2000, 3))
    assert dci(noise, factors).disentanglement < 0.03
    assert dci(noise, factors).completeness < 0.03


def test_dead_and_repeated_codes_anywhere():
    codes, factors = sample(0, 600, noise=0.0, dims=3)
    dead = np.ones((600, 2), np.float32)
    for wider in (np.hstack([dead, codes]), np.hstack([codes, dead])):
        assert dci(wider, factors)[:2] == pytest.approx((1, 1))
    twice = dci(np.hstack([codes, codes]), factors)
    assert twice.disentanglement == pytest.approx(1)
    assert twice.completeness == pytest.approx(1 - np.log(2) / np.log(6), abs=0.05)


def test_constant_factors_are_left_out():
    codes, factors = sample(0, 300)
    wider = np.insert(factors, 1, 7, axis=1)
    with pytest.warns(ConstantFactorWarning, match="factor 1 has a single value"):
        found = importances(codes, wider)
    np.testing.assert_array_equal(found.kept, [0, 2, 3])
    with pytest.warns(ConstantFactorWarning):
        assert np.isnan(dci(codes, wider[:, [1, 1]])).all()


def test_one_factor_or_one_code_has_no_other():
    codes, factors = sample(0, 300)
    alone = dci(codes, factors[:, :1])
    assert np.isnan(alone.disentanglement)
    assert alone.completeness > 0.5
    single = dci(codes[:, :1], factors)
    assert np.isnan(single.completeness)
    assert 0 < single.disentanglement < 1


@pytest.mark.parametrize("estimator", ["gradient_boosting", "histogram_boosting", "lasso"])
def test_few_samples(estimator):
    codes, _ = sample(0, 2)
    # One sample trains: it is always predicted.
    alone = dci(codes, np.array([[0, 1], [1, 0]]), estimator=estimator)
    assert alone == (0, 0, 0, 0 if estimator == "lasso" else 1)
    for samples in (3, 10):
        few = dci(*sample(0, samples), estimator=estimator)
        assert 0 <= few.disentanglement <= 1


def test_bad_input_is_named():
    codes, factors = sample(0, 30)
    with pytest.raises(ValueError, match="estimator one of"):
        dci(codes, factors, estimator="svm")
    with pytest.raises(ValueError, match="protocol"):
        dci(codes, factors, protocol="2019")
    with pytest.raises(TypeError, match="whole numbers"):
        dci(codes, factors + 0.5)
    with pytest.raises(TypeError, match="whole numbers in factor 0"):
        dci(codes, factors + 0.5, continuous=[False, True, True])
    with pytest.raises(ValueError, match="one for each of"):
        dci(codes, factors, continuous=[False, True])
    with pytest.raises(ValueError, match="factors"):
        dci(codes, np.where(factors == 1, np.nan, factors), continuous=True)
