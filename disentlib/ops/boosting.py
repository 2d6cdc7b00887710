"""Gradient boosting of exact greedy trees in C++: the predictor that DCI is defined with."""

import os
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from disentlib import _kernels
from disentlib.arrays import as_array
from disentlib.ops.linear import classes
from disentlib.ops.validate import check_codes, check_labels

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class GradientBoosting:
    """Boosted trees of one factor.

    Attributes:
        classes: the factor's values, sorted; None if it is real-valued.
        importances: each code's share (dims,) of the squared error that all splits take away; sums
            to 1, or is 0 throughout if no tree ever split.
        fitted: predictions (samples,) for the rows that were trained on.
        baseline: (outputs,) scores before the first tree. A class each, but one for two classes.
        columns: (trees, nodes) which code a node asks, in heap order; tree after tree, the outputs
            of a stage together.
        thresholds: (trees, nodes) a code above it goes to the right; infinity where nothing splits.
        leaves: (trees, nodes + 1) what a tree adds to its output's score, from left to right.
    """

    classes: NDArray[Any] | None
    importances: Floats
    fitted: NDArray[Any]
    baseline: Floats
    columns: NDArray[np.int32]
    thresholds: Floats
    leaves: Floats

    def scores(self, codes: ArrayLike, *, threads: int | None = None) -> Floats:
        """Return the (samples, outputs) baseline plus the sum of all trees."""
        array = check_codes(codes, least=1)
        if array.shape[1] != len(self.importances):
            raise ValueError(f"expected {len(self.importances)} codes, got {array.shape[1]}")
        return _kernels.boosted_scores(
            array, self.baseline, self.columns, self.thresholds, self.leaves, _share(threads)
        )

    def predict(self, codes: ArrayLike, *, threads: int | None = None) -> NDArray[Any]:
        """Return the (samples,) most probable values, or the expected ones of a real factor."""
        scores = self.scores(codes, threads=threads)
        if self.classes is None:
            return scores[:, 0]
        if len(self.classes) == 2:
            return self.classes[(scores[:, 0] > 0).astype(np.intp)]
        return self.classes[scores.argmax(axis=1)]

    def probabilities(self, codes: ArrayLike, *, threads: int | None = None) -> Floats:
        """Return the (samples, classes) probabilities."""
        if self.classes is None:
            raise ValueError("expected a model of classes, got one of a real-valued factor")
        scores = self.scores(codes, threads=threads)
        if len(self.classes) == 2:
            scores = np.hstack([np.zeros_like(scores), scores])
        scores -= scores.max(axis=1, keepdims=True)
        odds = np.exp(scores, out=scores)
        odds /= odds.sum(axis=1, keepdims=True)
        return odds


def gradient_boosting(
    train_codes: ArrayLike,
    train_labels: ArrayLike,
    *,
    continuous: bool = False,
    stages: int = 100,
    learning_rate: float = 0.1,
    depth: int = 3,
    threads: int | None = None,
) -> GradientBoosting:
    """Fit F_m = F_(m-1) + learning_rate * tree_m, each tree to what is left over.

    The classifier and regressor of Friedman (2001) as scikit-learn fits them by default: trees on
    the gradient of the deviance (one a class and stage; one a stage for two classes) or of the
    squared error, exact greedy splits half-way between neighbouring values that lower the squared
    error most, one Newton step a leaf, priors or mean as baseline, single samples as smallest
    leaves. Where several codes split a node equally well, scikit-learn takes one by chance; here
    they share the importance equally and which one splits follows from what they hold. The answer
    depends neither on `threads` nor on the codes' dtype or strides, and not on their order, sign,
    scale or on what classes are called, but for the last digits.

    Args:
        train_codes: real numbers (samples, dims).
        train_labels: integers (samples,), or real numbers if `continuous`.
        continuous: whether to regress on real values instead of telling classes apart.
        stages: how many trees are added to each output.
        learning_rate: how much of each tree is added.
        depth: of the trees, 1 to 8.
        threads: how many share the work, None for every core.

    Returns:
        The model, with importances and the predictions for its own training rows. One class alone
        needs no tree: importances are 0 and it is always predicted.

    Reference:
        Friedman: Greedy function approximation: a gradient boosting machine, 2001.

    >>> codes = np.array([[0.0, 5.0], [1.0, 5.0], [2.0, 5.0], [3.0, 5.0]])
    >>> model = gradient_boosting(codes, [0, 0, 7, 7])
    >>> model.importances, model.predict(codes)
    (array([1., 0.]), array([0, 0, 7, 7]))
    """
    array = check_codes(train_codes, name="train_codes")
    column = as_array(train_labels, "train_labels")
    if column.ndim != 1:
        raise ValueError(f"expected train_labels of shape (samples,), got {column.shape}")
    if stages < 1 or not learning_rate > 0 or not 1 <= depth <= 8:
        raise ValueError(
            "expected stages >= 1, learning_rate > 0 and a depth of 1 to 8, "
            f"got {stages}, {learning_rate} and {depth}"
        )
    column = column[:, None]
    if continuous:
        targets = check_codes(column, name="train_labels")[:, 0].astype(np.float64)
        if len(targets) != len(array):
            raise ValueError(
                f"expected as many train_labels as train_codes, got {len(targets)} and {len(array)}"
            )
        mean = targets.mean()
        # Constant up to rounding: no tree will split. Unit variance keeps the rest in range.
        spread = targets.std() or 1.0
        trees = _kernels.boost_values(
            array, (targets - mean) / spread, stages, learning_rate, depth
        )
        return GradientBoosting(
            None,
            trees.importances,
            mean + spread * trees.fitted,
            np.array([mean]),
            trees.columns,
            trees.thresholds,
            spread * trees.leaves,
        )

    values, labels = classes(check_labels(column, len(array), name="train_labels")[:, 0])
    if len(values) == 1:
        nodes = 2**depth - 1
        return GradientBoosting(
            values,
            np.zeros(array.shape[1]),
            values[labels],
            np.zeros(1),
            np.zeros((0, nodes), np.int32),
            np.zeros((0, nodes)),
            np.zeros((0, nodes + 1)),
        )
    trees = _kernels.boost_classes(
        array, labels, len(values), stages, learning_rate, depth, _share(threads)
    )
    baseline = np.log(np.bincount(labels) / len(labels))
    if len(values) == 2:
        baseline = baseline[1:] - baseline[:1]
    return GradientBoosting(
        values,
        trees.importances,
        values[trees.fitted],
        baseline,
        trees.columns,
        trees.thresholds,
        trees.leaves,
    )


def _share(threads: int | None) -> int:
    return threads or os.cpu_count() or 1
