import numpy as np
import pytest
from sklearn.linear_model import Lasso, LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.multiclass import OneVsRestClassifier
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier

from disentlib.ops import linear

SIZES = (2, 3, 12)


@pytest.fixture(scope="module")
def sample():
    rng = np.random.default_rng(0)
    factors = np.stack([rng.integers(0, size, 900) for size in SIZES], axis=1)
    codes = factors / np.array(SIZES) + 0.2 * rng.normal(size=factors.shape)
    return np.hstack([codes @ rng.normal(size=(3, 3)), rng.normal(size=(900, 1))]) + 0.5, factors


def svm_gradient(slope, intercept, x, sign, cost):
    """The objective's gradient, sample by sample."""
    gradient = [slope, intercept]
    for value, y, price in zip(x, sign, cost, strict=True):
        gap = 1 - y * (slope * value + intercept)
        if gap > 0:
            gradient[0] -= 2 * price * gap * y * value
            gradient[1] -= 2 * price * gap * y
    return gradient


class TestScalarSVM:
    @pytest.mark.parametrize("balanced", [True, False])
    def test_equals_a_converged_scikit_learn(self, sample, balanced):
        codes, factors = sample
        ours = linear.scalar_svm(codes[:600], factors[:600], balanced=balanced)
        accuracy = ours.accuracy(codes[600:], factors[600:])
        weight = "balanced" if balanced else None
        for j in range(codes.shape[1]):
            for i in range(len(SIZES)):
                theirs = LinearSVC(C=0.01, class_weight=weight, dual=False, tol=1e-10)
                theirs.fit(codes[:600, [j]], factors[:600, i])
                lines = ours.of(i)[j][1:] if SIZES[i] == 2 else ours.of(i)[j]
                np.testing.assert_allclose(lines[:, 0], theirs.coef_[:, 0], rtol=1e-5, atol=1e-6)
                np.testing.assert_allclose(lines[:, 1], theirs.intercept_, rtol=1e-5, atol=1e-6)
                assert accuracy[j, i] == theirs.score(codes[600:, [j]], factors[600:, i])

    @pytest.mark.parametrize("scale", [1e-6, 1.0, 1e3])
    @pytest.mark.parametrize("shift", [0.0, 100.0])
    def test_gradient_vanishes_at_any_scale(self, sample, scale, shift):
        codes, factors = sample
        x, labels = scale * (codes[:, 0] + shift), factors[:, 1]
        lines = linear.scalar_svm(x[:, None], labels[:, None]).of(0)[0]
        for label, (slope, intercept) in enumerate(lines):
            own = labels == label
            cost = 0.01 * np.where(own, len(x) / (3 * own.sum()), 1)
            gradient = svm_gradient(slope, intercept, x, np.where(own, 1, -1), cost)
            sizes = svm_gradient(0, 0, np.abs(x), np.ones(len(x)), cost)
            np.testing.assert_allclose(np.divide(gradient, sizes), 0, atol=1e-9)

    def test_a_constant_code_answers_the_first_of_the_likeliest(self):
        factors = np.array([0, 1, 1, 2, 2, 0])[:, None]
        svm = linear.scalar_svm(np.zeros((6, 1)), factors)
        assert svm.accuracy(np.zeros((3, 1)), np.array([[0], [1], [2]])) == pytest.approx(1 / 3)

    def test_values_unknown_to_the_training_rows_are_never_right(self):
        svm = linear.scalar_svm([[0.0], [1.0], [2.0], [3.0]], [[4], [4], [9], [9]])
        assert svm.accuracy([[0.0], [3.0], [3.0], [0.0]], [[4], [9], [5], [12]])[0, 0] == 0.5

    def test_the_highest_of_many_lines(self):
        rng = np.random.default_rng(1)
        lines = np.round(rng.normal(size=(1, 40, 2)), 1)  # parallels, duplicates, shared crossings
        codes = np.round(3 * rng.normal(size=(500, 1)), 1)
        highest = (codes * lines[0, :, 0] + lines[0, :, 1]).argmax(axis=1)
        svm = linear.ScalarSVM((np.arange(40),), lines, 1)
        assert svm.accuracy(codes, highest[:, None]) == 1

    def test_bits_do_not_depend_on_threads_strides_or_dtype(self, sample):
        codes, factors = sample
        codes = codes.astype(np.float32)
        one = linear.scalar_svm(codes, factors, threads=1)
        other = linear.scalar_svm(
            np.asfortranarray(codes.astype(np.float64))[::1], factors.astype(np.int8), threads=2
        )
        np.testing.assert_array_equal(one.lines, other.lines)
        np.testing.assert_array_equal(
            one.accuracy(codes, factors), other.accuracy(codes, factors[::-1][::-1])
        )

    def test_refuses_a_price_of_nothing(self, sample):
        with pytest.raises(ValueError, match="expected C above 0, got 0"):
            linear.scalar_svm(*sample, C=0)


class TestTree:
    def test_equals_scikit_learn(self, sample):
        codes, factors = sample
        codes = codes.astype(np.float32)
        ours = linear.tree_accuracy(codes[:600], factors[:600], codes[600:], factors[600:])
        for j in range(codes.shape[1]):
            for i, size in enumerate(SIZES):
                theirs = DecisionTreeClassifier(min_samples_leaf=600 // (4 * size))
                theirs.fit(codes[:600, [j]], factors[:600, i])
                score = theirs.score(codes[600:, [j]], factors[600:, i])
                assert ours[j, i] == pytest.approx(score, abs=0.011)  # ties between equal splits

    def test_perfect_codes_of_many_values_are_told(self):
        rng = np.random.default_rng(4)
        factors = rng.integers(0, 183, (10_000, 1))
        told = linear.tree_accuracy(-3 * factors[:7500], factors[:7500], -3 * factors, factors)
        assert told == 1

    def test_does_not_depend_on_threads(self, sample):
        np.testing.assert_array_equal(
            linear.tree_accuracy(*sample, *sample, threads=1),
            linear.tree_accuracy(*sample, *sample, threads=2),
        )


class TestLogistic:
    @pytest.mark.parametrize("C", [0.1, 1.0, 100.0])
    def test_one_vs_rest_equals_liblinear(self, sample, C):  # noqa: N803
        codes, factors = sample
        ours = linear.logistic_regressions(codes, factors, solver="one_vs_rest", C=C)
        for fit, labels in zip(ours[1:], factors.T[1:], strict=True):
            theirs = OneVsRestClassifier(LogisticRegression(C=C, solver="liblinear", tol=1e-9))
            theirs.fit(codes, labels)
            np.testing.assert_allclose(
                fit.probabilities(codes), theirs.predict_proba(codes), atol=2e-4
            )
            assert (fit.predict(codes) == theirs.predict(codes)).mean() > 0.998

    @pytest.mark.parametrize("C", [0.1, 1.0, np.inf])
    @pytest.mark.parametrize("balanced", [True, False])
    def test_multinomial_equals_lbfgs(self, sample, C, balanced):  # noqa: N803
        codes, factors = sample
        ours = linear.logistic_regressions(
            codes, factors, C=C, balanced=balanced, tolerance=1e-8, most_steps=2000
        )
        for fit, labels in zip(ours, factors.T, strict=True):
            theirs = LogisticRegression(
                C=C, tol=1e-9, max_iter=20000, class_weight="balanced" if balanced else None
            )
            theirs.fit(codes, labels)
            np.testing.assert_allclose(
                fit.probabilities(codes), theirs.predict_proba(codes), atol=2e-4
            )

    @pytest.mark.parametrize("solver", ["one_vs_rest", "multinomial"])
    def test_gradient_vanishes(self, sample, solver):
        codes, factors = sample
        for fit, labels in zip(
            linear.logistic_regressions(codes, factors, solver=solver, tolerance=1e-8),
            factors.T,
            strict=True,
        ):
            if solver == "multinomial":
                residual = fit.probabilities(codes)
            else:
                residual = 1 / (1 + np.exp(-fit.scores(codes)))
            residual = residual - (labels[:, None] == fit.values)
            share = 2 if solver == "multinomial" and len(fit.values) == 2 else 1
            gradient = residual.T @ codes + share * fit.weights
            np.testing.assert_allclose(gradient, 0, atol=1e-4)
            pull = fit.intercepts if solver == "one_vs_rest" else 0
            np.testing.assert_allclose(residual.sum(axis=0) + pull, 0, atol=1e-4)

    @pytest.mark.parametrize("solver", ["one_vs_rest", "multinomial"])
    def test_ends_on_separable_data_and_dead_codes(self, solver):
        labels = np.arange(60)[:, None] // 20
        codes = np.hstack([1e3 * labels, np.zeros((60, 2))])
        (fit,) = linear.logistic_regressions(codes, labels, solver=solver)
        assert np.isfinite(fit.weights).all()
        assert np.isfinite(fit.probabilities(codes)).all()
        assert (fit.weights[:, 1:] == 0).all()

    @pytest.mark.parametrize("solver", ["one_vs_rest", "multinomial"])
    def test_bits_do_not_depend_on_threads_strides_or_dtype(self, sample, solver):
        codes, factors = sample
        codes = codes.astype(np.float32)
        one = linear.logistic_regressions(codes, factors, solver=solver, threads=1)
        two = linear.logistic_regressions(
            np.asfortranarray(codes.astype(np.float64)), factors[:, ::1], solver=solver, threads=2
        )
        for left, right in zip(one, two, strict=True):
            np.testing.assert_array_equal(left.weights, right.weights)
            np.testing.assert_array_equal(left.intercepts, right.intercepts)

    def test_one_value_is_certain(self):
        for solver in ("one_vs_rest", "multinomial"):
            (fit,) = linear.logistic_regressions(np.eye(3), np.zeros((3, 1), int), solver=solver)
            np.testing.assert_array_equal(fit.probabilities(np.eye(3)), 1)

    def test_refuses_unknown_solvers(self, sample):
        with pytest.raises(ValueError, match="'multinomial' or 'one_vs_rest', got 'sag'"):
            linear.logistic_regressions(*sample, solver="sag")


def test_areas_under_curves_equal_scikit_learn():
    rng = np.random.default_rng(2)
    labels = rng.integers(0, 5, 400).astype(np.int32)
    scores = np.round(rng.normal(size=(400, 5)) + 0.5 * np.eye(5)[labels], 1)  # with ties
    theirs = [roc_auc_score(labels == k, scores[:, k]) for k in range(5)]
    np.testing.assert_allclose(linear.areas_under_curves(scores, labels), theirs, atol=1e-12)
    labels[labels == 3] = 2
    ours = linear.areas_under_curves(scores, labels, threads=2)
    np.testing.assert_array_equal(np.isnan(ours), np.arange(5) == 3)


@pytest.mark.parametrize("alpha", [0.01, 0.1, 1.0])
def test_lassos_equal_scikit_learn(alpha):
    rng = np.random.default_rng(3)
    codes = rng.normal(size=(300, 6)) @ rng.normal(size=(6, 6)) + 2
    codes[:, 2] = 1.5
    targets = codes @ rng.normal(size=(6, 4)) + rng.normal(size=(300, 4))
    theirs = Lasso(alpha=alpha, tol=1e-12, max_iter=100_000).fit(codes, targets).coef_.T
    np.testing.assert_allclose(linear.lassos(codes, targets, alpha=alpha), theirs, atol=1e-5)


def test_classes_are_numbered_in_order():
    known = linear.classes([7, 3, 9, 3])
    assert known.values.tolist() == [3, 7, 9]
    assert known.labels.tolist() == [1, 0, 2, 0]
    assert linear.classes([9, 4, 10, 3], known.values).labels.tolist() == [2, -1, -1, 0]


def test_areas_of_undefined_scores_are_refused():
    labels = np.array([0, 0, 1, 1], np.int32)
    with pytest.raises(ValueError, match="NaN"):
        linear.areas_under_curves(np.full((4, 2), np.nan), labels)


def test_scores_beyond_what_exp_can_take_are_certain():
    for multinomial in (False, True):
        fit = linear.Logistic(np.arange(2), np.array([[1.0], [-1.0]]), np.zeros(2), multinomial)
        found = fit.probabilities(np.array([[1e5], [-1e5], [0.0]]))
        np.testing.assert_allclose(found, [[1, 0], [0, 1], [0.5, 0.5]], atol=1e-300)
