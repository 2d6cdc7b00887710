"""Small predictors in C++: support vector machines and trees on one code, logistic regressions."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from disentlib import _kernels
from disentlib.arrays import as_labels
from disentlib.ops.validate import check_codes, check_labels

Floats = NDArray[np.float64]


class Classes(NamedTuple):
    """A factor's values, sorted, and for each sample its value's position, -1 for none."""

    values: NDArray[Any]
    labels: NDArray[np.int32]


def classes(labels: ArrayLike, among: NDArray[Any] | None = None) -> Classes:
    """Number the values of one factor.

    Args:
        labels: integers (samples,).
        among: the values to know, sorted; all that occur when None.

    >>> classes([7, 3, 7]).labels
    array([1, 0, 1], dtype=int32)
    """
    labels = np.asarray(labels)
    if among is None:
        low = labels.min()
        span = int(labels.max()) - int(low) + 1
        if span <= 2 * len(labels):  # counting is several times faster than sorting
            wide = np.int64 if labels.dtype.kind == "i" else labels.dtype
            shifted = np.subtract(labels, low, dtype=wide).astype(np.intp)
            occurs = np.bincount(shifted, minlength=span) > 0
            numbers = np.cumsum(occurs, dtype=np.int32) - 1
            return Classes(np.flatnonzero(occurs).astype(labels.dtype) + low, numbers[shifted])
        values, positions = np.unique(labels, return_inverse=True)
        return Classes(values, positions.astype(np.int32))
    positions = np.minimum(np.searchsorted(among, labels), len(among) - 1)
    return Classes(among, np.where(among[positions] == labels, positions, -1).astype(np.int32))


@dataclass(frozen=True)
class ScalarSVM:
    """Per code and factor, a line for each class: the highest at a code's value is the answer.

    Attributes:
        values: per factor, its values in the order of the lines.
        lines: (dims, values of all factors, 2) slopes and intercepts.
        threads: how many the work is shared among; the answer is the same.
    """

    values: tuple[NDArray[Any], ...]
    lines: Floats
    threads: int

    def of(self, factor: int) -> Floats:
        """Return the (dims, values, 2) lines of one factor."""
        start = sum(len(values) for values in self.values[:factor])
        return self.lines[:, start : start + len(self.values[factor])]

    def accuracy(self, codes: ArrayLike, factors: ArrayLike) -> Floats:
        """Return the (dims, factors) share of samples whose value each single code tells."""
        array = check_codes(codes)
        table = check_labels(factors, len(array))
        labels = [
            classes(column, values).labels
            for column, values in zip(table.T, self.values, strict=True)
        ]
        return _kernels.scalar_accuracy(
            self.lines, _by_dim(array), np.stack(labels), _counts(self.values), self.threads
        )


def scalar_svm(
    codes: ArrayLike,
    factors: ArrayLike,
    *,
    C: float = 0.01,  # noqa: N803  the name everybody knows
    balanced: bool = True,
    threads: int | None = None,
) -> ScalarSVM:
    """Fit a linear support vector machine to each code and factor, one value against the rest.

    min over (w, b) of (w^2 + b^2) / 2 + sum_t C_t max(0, 1 - y_t (w z_t + b))^2, solved to rounding
    by Newton steps of logarithmic cost. The squared hinge, the penalty on b and C_t (of a value's
    own samples C n / (values n_v) when balanced, of the rest C) are those of LIBLINEAR.

    Args:
        codes: real numbers (samples, dims).
        factors: integers (samples, factors).
        C: the price of a violated margin.
        balanced: whether rare values are made as dear as frequent ones.
        threads: how many share the work, None for every core; the answer is the same.

    Reference:
        Fan, Chang, Hsieh, Wang, Lin: LIBLINEAR: A library for large linear classification, 2008.
    """
    array = check_codes(codes)
    table = check_labels(factors, len(array))
    known = [classes(column) for column in table.T]
    values = tuple(factor.values for factor in known)
    threads = share(threads)
    lines = _kernels.scalar_svm(
        _by_dim(array),
        np.stack([factor.labels for factor in known]),
        _counts(values),
        _positive("C", C),
        balanced,
        threads,
    )
    return ScalarSVM(values, lines, threads)


def tree_accuracy(
    codes: ArrayLike,
    factors: ArrayLike,
    test_codes: ArrayLike,
    test_factors: ArrayLike,
    *,
    threads: int | None = None,
) -> Floats:
    """Return how well a classification tree on each single code tells each factor.

    Splits by Gini impurity until nothing is gained; no leaf holds fewer training samples than a
    quarter of those that an average value has.

    Args:
        codes: real numbers to fit on (samples, dims).
        factors: integers to fit on (samples, factors).
        test_codes: real numbers (tests, dims).
        test_factors: integers (tests, factors).
        threads: how many share the work, None for every core; the answer is the same.

    Returns:
        (dims, factors) shares of test samples.

    Reference:
        Breiman, Friedman, Olshen, Stone: Classification and regression trees, 1984.
    """
    array = check_codes(codes)
    tests = check_codes(test_codes)
    factors, test_factors = as_labels(factors, test_factors)  # words are numbered alike in both
    known = [classes(column) for column in check_labels(factors, len(array)).T]
    values = tuple(factor.values for factor in known)
    test_labels = [
        classes(column, among).labels
        for column, among in zip(check_labels(test_factors, len(tests)).T, values, strict=True)
    ]
    return _kernels.tree_accuracy(
        _by_dim(array),
        np.stack([factor.labels for factor in known]),
        _counts(values),
        _by_dim(tests),
        np.stack(test_labels),
        share(threads),
    )


@dataclass(frozen=True)
class Logistic:
    """A fitted logistic regression of one factor.

    Attributes:
        values: the factor's values (values,).
        weights: (values, dims).
        intercepts: (values,).
        multinomial: whether probabilities are the softmax of the scores; if not, each score's
            logistic function, scaled to sum to 1.
    """

    values: NDArray[Any]
    weights: Floats
    intercepts: Floats
    multinomial: bool

    def scores(self, codes: NDArray[Any]) -> Floats:
        """Return the (samples, values) linear scores."""
        scores: Floats = codes.astype(np.float64, copy=False) @ self.weights.T + self.intercepts
        return scores

    def predict(self, codes: NDArray[Any]) -> NDArray[Any]:
        """Return the (samples,) most probable values."""
        return self.values[self.scores(codes).argmax(axis=1)]

    def probabilities(self, codes: NDArray[Any]) -> Floats:
        """Return the (samples, values) probabilities."""
        scores = self.scores(codes)
        if self.multinomial:
            scores -= scores.max(axis=1, keepdims=True)
            odds = np.exp(scores, out=scores)
        else:
            # 1 / (1 + e^-s) without overflow: scores beyond +-700 are 0 or 1 to the last digit.
            np.clip(scores, -700, 700, out=scores)
            odds = 1 / (1 + np.exp(-scores, out=scores))
        odds /= odds.sum(axis=1, keepdims=True)
        return odds


def logistic_regressions(
    codes: ArrayLike,
    factors: ArrayLike,
    *,
    solver: Literal["multinomial", "one_vs_rest"] = "multinomial",
    C: float = 1.0,  # noqa: N803
    balanced: bool = False,
    tolerance: float = 1e-5,
    most_steps: int = 200,
    threads: int | None = None,
) -> list[Logistic]:
    """Fit a logistic regression of each factor on the codes, as they are: scale them yourself.

    C times the cross-entropy plus |w|^2 / 2 is least. "multinomial" is one softmax with free
    intercepts (scikit-learn's lbfgs), by preconditioned L-BFGS; "one_vs_rest" one regression a
    value whose intercept is penalised too (LIBLINEAR), by Newton's method.

    Args:
        codes: real numbers (samples, dims).
        factors: integers (samples, factors).
        solver: which of the two.
        C: weight of the data; infinity for no penalty.
        balanced: whether samples weigh n / (values n_v), so that every value counts the same.
        tolerance: largest entry of the mean loss's gradient at the end.
        most_steps: iterations after which a fit ends anyway.
        threads: how many share the work, None for every core; the answer is the same.

    Returns:
        One fit a factor.
    """
    if solver not in ("multinomial", "one_vs_rest"):
        raise ValueError(f"expected solver 'multinomial' or 'one_vs_rest', got {solver!r}")
    array = np.ascontiguousarray(check_codes(codes), np.float64)
    table = check_labels(factors, len(array))
    known = [classes(column) for column in table.T]
    values = tuple(factor.values for factor in known)
    weights = [
        len(array) / (len(factor.values) * np.bincount(factor.labels))
        if balanced
        else np.ones(len(factor.values))
        for factor in known
    ]
    penalty = 1 / _positive("C", C)
    multinomial = solver == "multinomial"
    coefficients = _kernels.logistic(
        array,
        np.stack([factor.labels for factor in known]),
        _counts(values),
        np.concatenate(weights),
        penalty,
        0.0 if multinomial else penalty,
        multinomial,
        tolerance,
        most_steps,
        share(threads),
    )
    ends = np.cumsum([len(factor) for factor in values])
    return [
        Logistic(factor, part[:, :-1], part[:, -1], multinomial)
        for factor, part in zip(values, np.split(coefficients, ends[:-1]), strict=True)
    ]


def areas_under_curves(
    scores: NDArray[Any], labels: NDArray[np.int32], *, threads: int | None = None
) -> Floats:
    """Return for each column of `scores` its area under the ROC curve, ties counting half.

    Args:
        scores: (samples, values), higher where a sample more likely has the column's value.
        labels: each sample's column (samples,).
        threads: how many share the work, None for every core; the answer is the same.

    Returns:
        (values,) in [0, 1]; NaN for a value that no sample or every sample has.

    Raises:
        ValueError: if a score is NaN, or shapes do not fit.

    >>> areas_under_curves(np.array([[0.9], [0.4], [0.4], [0.1]]), np.array([0, 0, 1, 1], np.int32))
    array([0.875])
    """
    return _kernels.areas_under_curves(
        np.ascontiguousarray(scores, np.float64), labels, share(threads)
    )


def lassos(
    codes: NDArray[Any],
    targets: NDArray[Any],
    *,
    alpha: float,
    tolerance: float = 1e-9,
    most_sweeps: int = 10_000,
) -> Floats:
    """Fit |y - X w|^2 / (2 n) + alpha |w|_1, least, for each target, with a free intercept.

    Args:
        codes: X (samples, dims).
        targets: y (samples, targets).
        alpha: weight of the penalty.
        tolerance: change of the predictions, as a root mean square, at which descent ends.
        most_sweeps: passes over the coordinates after which it ends anyway.

    Returns:
        (dims, targets) coefficients.

    Reference:
        Friedman, Hastie, Tibshirani: Regularization paths for generalized linear models via
        coordinate descent, 2010.
    """
    codes = codes - codes.mean(axis=0, dtype=np.float64)
    products = (targets - targets.mean(axis=0, dtype=np.float64)).T @ codes / len(codes)
    gram = codes.T @ codes / len(codes)
    return _kernels.lassos(gram, products, alpha, tolerance, most_sweeps).T


def _by_dim(codes: NDArray[Any]) -> Floats:
    """Return codes as contiguous float64 (dims, samples)."""
    return np.ascontiguousarray(codes.T, np.float64)


def _counts(values: Sequence[NDArray[Any]]) -> NDArray[np.int64]:
    return np.array([len(factor) for factor in values], np.int64)


def _positive(name: str, value: float) -> float:
    if not value > 0:
        raise ValueError(f"expected {name} above 0, got {value}")
    return float(value)


def share(threads: int | None) -> int:
    """Return how many threads an argument means: None is every core."""
    return threads or os.cpu_count() or 1
