import numpy as np
import pytest
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import KFold, cross_val_score

from disentlib.metrics import downstream_task, reduced_downstream_task

SIZES = (2, 3, 5)


def sample(samples=600, noise=0.15):
    rng = np.random.default_rng(0)
    factors = np.stack([rng.integers(0, size, samples) for size in SIZES], axis=1)
    codes = factors / np.array(SIZES) + noise * rng.normal(size=factors.shape)
    return np.hstack([codes, rng.normal(size=(samples, 1))]), factors


def test_boosting_matches_scikit_learn():
    codes, factors = sample()
    codes = codes.astype(np.float32)
    figures = downstream_task(codes, factors, sizes=[50, 200], protocol="locatello2019")
    for size in (50, 200):
        for factor in range(2):
            model = GradientBoostingClassifier(random_state=0)
            model.fit(codes[:size], factors[:size, factor])
            expected = model.score(codes[450:], factors[450:, factor])
            found = figures[f"{size}:test_accuracy_factor_{factor}"]
            assert found == pytest.approx(expected, abs=0.04)


def test_logistic_regression_matches_scikit_learn():
    codes, factors = sample(200)
    figures = downstream_task(
        codes[:150],
        factors[:150],
        predictor="logistic_regression",
        sizes=[150],
        test=(codes[150:], factors[150:]),
    )
    train = (codes[:150] - codes[:150].mean(axis=0)) / codes[:150].std(axis=0)
    test = (codes[150:] - codes[:150].mean(axis=0)) / codes[:150].std(axis=0)
    for factor in (0, 2):
        column = factors[:, factor]
        weights = np.logspace(-4, 4, 10)
        means = [
            cross_val_score(
                LogisticRegression(C=weight, max_iter=500), train, column[:150], cv=KFold(5)
            ).mean()
            for weight in weights
        ]
        model = LogisticRegression(C=weights[np.argmax(means)], max_iter=500)
        expected = model.fit(train, column[:150]).score(test, column[150:])
        assert figures[f"150:test_accuracy_factor_{factor}"] == pytest.approx(expected, abs=0.03)


def test_one_regression_a_value_with_a_penalty_of_its_own():
    codes, factors = sample(120)
    train, test = slice(90), slice(90, None)
    figures = downstream_task(
        codes, factors, predictor="logistic_regression", sizes=[90], protocol="locatello2019"
    )
    lines = []
    for value in range(3):
        asked = factors[:, 1] == value
        means = [
            cross_val_score(LogisticRegression(C=weight), codes[train], asked[train], cv=KFold(5))
            for weight in np.logspace(-4, 4, 10)
        ]
        best = np.logspace(-4, 4, 10)[np.mean(means, axis=1).argmax()]
        model = LogisticRegression(C=best).fit(codes[train], asked[train])
        lines.append(model.decision_function(codes[test]))
    expected = np.mean(np.argmax(lines, axis=0) == factors[test, 1])
    assert figures["90:test_accuracy_factor_1"] == pytest.approx(expected, abs=0.04)


@pytest.mark.parametrize("predictor", ["gradient_boosting", "logistic_regression"])
def test_few_samples_of_one_class(predictor):
    codes, factors = sample()
    factors[:10] = 1
    figures = downstream_task(
        codes, factors, predictor=predictor, sizes=[2, 10], protocol="locatello2019"
    )
    for size in (2, 10):
        assert figures[f"{size}:min_train_accuracy"] == 1
        expected = np.mean(factors[450:] == 1, axis=0)
        assert figures[f"{size}:mean_test_accuracy"] == pytest.approx(expected.mean())
        assert figures[f"{size}:min_test_accuracy"] == pytest.approx(expected.min())


def test_efficiency_is_a_ratio_of_accuracies():
    codes, factors = sample(10_500)
    figures = downstream_task(
        codes[:, :2], factors[:, :2], train_fraction=0.96, sizes=[10, 100, 1000, 10_000]
    )
    assert figures["efficiency:100/10000"] == pytest.approx(
        figures["100:mean_test_accuracy"] / figures["10000:mean_test_accuracy"]
    )
    assert 0.5 < figures["efficiency:100/10000"] <= figures["efficiency:1000/10000"] + 0.1 < 1.2


def test_only_the_factor_whose_code_went_is_lost():
    codes, factors = sample(noise=0.02)
    figures = reduced_downstream_task(codes, factors, sizes=[400])
    chance = np.mean([1 / 2, 1 / 3, 1 / 5])
    assert figures["400:mean_test_accuracy_other_factors"] > 0.95
    assert figures["400:mean_test_accuracy_reduced_factor"] == pytest.approx(chance, abs=0.1)
    prefix = "400:reduced_factor_1:mean_test_accuracy"
    both = [figures[f"{prefix}_factor_0"], figures[f"{prefix}_factor_2"]]
    assert figures[f"{prefix}_non_reduced_factor"] == pytest.approx(np.mean(both))
    twice = reduced_downstream_task(codes, factors, sizes=[400], remove=2)
    assert (
        twice["400:mean_test_accuracy_other_factors"]
        < (figures["400:mean_test_accuracy_other_factors"])
    )


def test_bad_input_is_named():
    codes, factors = sample(60)
    with pytest.raises(ValueError, match="predictor one of"):
        downstream_task(codes, factors, predictor="svm", sizes=[10])
    with pytest.raises(ValueError, match="size of 2 to 45 training samples, got \\[100\\]"):
        downstream_task(codes, factors, sizes=[100])
    with pytest.raises(ValueError, match="remove 1 to 3"):
        reduced_downstream_task(codes, factors, remove=4)
    with pytest.raises(ValueError, match="size of 2 to 45"):
        reduced_downstream_task(codes, factors, sizes=[100])
