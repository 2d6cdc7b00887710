"""Every aggregation on every matrix of codes and factors (Locatello et al. 2020)."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from disentlib import ops
from disentlib.data.randomness import RNG
from disentlib.metrics.information.estimates import estimate, mean, top_two
from disentlib.metrics.information.modularity import modularity_of
from disentlib.metrics.prediction.dci import disentanglement_of, fit_importances, purities
from disentlib.metrics.protocol import Protocol, TrainTestSplit, generator, split


def unified_scores(
    codes: ArrayLike,
    factors: ArrayLike,
    *,
    protocol: Protocol | None = None,
    train_fraction: float = 0.75,
    test: tuple[ArrayLike, ArrayLike] | None = None,
    rng: RNG = 0,
) -> dict[str, float]:
    """Return the aggregations of DCI, MIG, SAP, modularity and area precision on three matrices.

    What scores differ in is which matrix they take and how they aggregate it; here each of the
    aggregations meets each matrix (dims, factors): "importance_gbt_matrix" (boosted trees),
    "mutual_information_matrix" (the estimate of `mig`) and "accuracy_svm_matrix" (a linear machine
    on one code).

    Args:
        codes: real numbers (samples, dims).
        factors: non-negative integers (samples, factors), each with at least two values.
        protocol: "locatello2019" for 20 equal-width bins and leading rows to train on.
        train_fraction: share of samples that train.
        test: (codes, factors) to test on instead of the rest.
        rng: draws the training rows.

    Returns:
        Figures by name, "matrix.aggregation", those of single codes and factors with ".code_i" and
        ".factor_j". All but "area_precision" (at most the range of the entries times the number of
        factors) and "max_precision" (a number of groups) are at most 1.

    Raises:
        TypeError: if codes are not real numbers or factors not integers.
        ValueError: if shapes do not fit, a value is not finite, or a factor has a single value.

    Reference:
        Locatello, Bauer, Lucic, Rätsch, Gelly, Schölkopf and Bachem, "A Sober Look at the
        Unsupervised Learning of Disentangled Representations and their Evaluation" (2020).
    """
    parts = split(
        codes,
        factors,
        train_fraction=train_fraction,
        test=test,
        protocol=protocol,
        rng=generator(rng, protocol),
    )
    entropies = np.array([ops.entropy(column) for column in parts.train_factors.T])
    if not (entropies > 0).all():
        raise ValueError(
            f"expected factors of several values, got one in factor {int(np.argmin(entropies))}"
        )
    figures: dict[str, float] = {}
    for name, matrix_of in _MATRICES.items():
        matrix = matrix_of(parts, protocol)
        for key, value in aggregations(matrix, entropies).items():
            figures[f"{name}.{key}"] = value
    return figures


def aggregations(matrix: NDArray[Any], entropies: NDArray[Any]) -> dict[str, float]:
    """Return every aggregation of a matrix (dims, factors).

    Args:
        matrix: what each code says about each factor, 0 or more.
        entropies: of the factors, in nats: what MIG divides by.
    """
    of_codes, of_factors = purities(matrix), purities(matrix.T)
    best, second = top_two(matrix, axis=0)
    gaps = best - second
    modularities = modularity_of(matrix)
    precision = area_precision(matrix)
    figures = {
        "dci_disentanglement": disentanglement_of(matrix),
        "dci_completeness": disentanglement_of(matrix.T),
        "dci": disentanglement_of(matrix),
        "mig": mean(gaps / entropies),
        "sap": mean(gaps),
        "modularity": mean(modularities),
        "area_precision": precision.area,
        "max_precision": precision.most,
    }
    for name, values in (
        ("dci_disentanglement.code", of_codes),
        ("dci_completeness.factor", of_factors),
        ("mig.factor", gaps / entropies),
        ("sap.factor", gaps),
        ("modularity.code", modularities),
    ):
        figures |= {f"{name}_{i}": float(value) for i, value in enumerate(values)}
    return figures


class Precision(NamedTuple):
    """How many groups of codes and factors come apart when weak entries are cut.

    Attributes:
        groups: at each threshold, the connected components with an edge (entries,).
        area: integral of `groups` over the thresholds.
        most: the largest number of groups.
    """

    groups: NDArray[np.int64]
    area: float
    most: float


def area_precision(matrix: NDArray[Any]) -> Precision:
    """Count the components of the graph of codes and factors whose edges reach each threshold.

    >>> area_precision(np.array([[0.9, 0.1, 0.0], [0.2, 0.8, 0.1], [0.05, 0.3, 0.6]])).area
    1.75
    """
    dims, factors = matrix.shape
    order = np.argsort(-matrix, axis=None, kind="stable")
    thresholds = matrix.ravel()[order]
    parent = list(range(dims + factors))

    def root(node: int) -> int:
        while parent[node] != node:
            parent[node] = parent[parent[node]]
            node = parent[node]
        return node

    touched: set[int] = set()
    count = 0
    groups = np.zeros(len(order), np.int64)
    for position, entry in enumerate(order):
        if thresholds[position] > 0:
            code, factor = int(entry) // factors, dims + int(entry) % factors
            ends = {root(code), root(factor)}
            # An edge between two new nodes starts a group; one that touches a group extends it; one
            # between two groups joins them.
            belonging = {end for end in ends if end in touched}
            count += 1 - len(belonging)
            parent[root(code)] = root(factor)
            touched |= {root(factor)}
        groups[position] = count
    # Equal entries reach a threshold together.
    last = np.searchsorted(-thresholds, -thresholds, side="right") - 1
    groups = groups[last]
    area = float(np.trapezoid(groups[::-1], thresholds[::-1]))
    return Precision(groups, area, float(groups.max()))


def _importances(parts: TrainTestSplit, protocol: Protocol | None) -> NDArray[Any]:
    if protocol == "locatello2019":
        parts = parts._replace(train_codes=parts.train_codes.astype(np.float32))
    real = np.zeros(parts.train_factors.shape[1], np.bool_)
    return fit_importances(parts, real, "gradient_boosting", 0).matrix


def _information(parts: TrainTestSplit, protocol: Protocol | None) -> NDArray[Any]:
    return estimate(parts.train_codes, parts.train_factors, protocol=protocol).mutual_information


def _accuracies(parts: TrainTestSplit, protocol: Protocol | None) -> NDArray[Any]:  # noqa: ARG001
    machine = ops.scalar_svm(parts.train_codes, parts.train_factors)
    return machine.accuracy(parts.test_codes, parts.test_factors)


_MATRICES: dict[str, Callable[[TrainTestSplit, Protocol | None], NDArray[Any]]] = {
    "importance_gbt_matrix": _importances,
    "mutual_information_matrix": _information,
    "accuracy_svm_matrix": _accuracies,
}
