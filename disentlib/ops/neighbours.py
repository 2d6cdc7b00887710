"""Mutual information from nearest neighbours, in nats: no bins, no assumption on shapes."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.spatial import cKDTree
from scipy.special import digamma

from disentlib.ops.scaling import near_one
from disentlib.ops.validate import check_codes, check_mixed_factors

Floats = NDArray[np.float64]


def neighbour_information(
    codes: ArrayLike,
    factors: ArrayLike,
    *,
    continuous: ArrayLike = False,
    neighbours: int = 3,
    rng: np.random.Generator | None = None,
) -> Floats:
    """Estimate I(code; factor) of all pairs from the distances of samples to their neighbours.

    Ross's estimator for discrete factors, Kraskov, Stögbauer and Grassberger's first (with the
    largest of both distances) for real-valued ones. Columns are scaled to variance 1, and moved by
    some 1e-10 so that equal values, which neither knows, have distances; a code of few values
    shares about ln(their number) with itself then, as it should.

    Args:
        codes: finite real numbers (samples, dims).
        factors: non-negative integers (samples, factors), or real numbers where `continuous`.
        continuous: which factors are real-valued, one answer for all or one each.
        neighbours: how many; more vary less and are further from the truth.
        rng: moves equal values apart; seed 0 when None.

    Returns:
        (dims, factors). About 0 for independent ones, below as often as above; no more than
        ln(samples) or so. 0 for constants.

    Raises:
        TypeError: if codes are not real numbers, or discrete factors not integers.
        ValueError: if shapes do not fit, a value is not finite, or there are no neighbours.

    Reference:
        Kraskov, Stögbauer and Grassberger, "Estimating Mutual Information" (2004); Ross, "Mutual
        Information between Discrete and Continuous Data Sets" (2014).

    >>> x = np.random.default_rng(0).normal(size=(2000, 2)) @ [[1, 0.8], [0, 0.6]]
    >>> neighbour_information(x[:, :1], x[:, 1:], continuous=True)  # -ln(1 - 0.8^2) / 2 = 0.511
    array([[0.5...]])
    """
    if not isinstance(neighbours, (int, np.integer)) or neighbours < 1:
        raise ValueError(f"expected at least 1 neighbour, got {neighbours!r}")
    array = check_codes(codes)
    table, real = check_mixed_factors(factors, continuous, len(array))
    random = np.random.default_rng(0) if rng is None else rng
    spread = _spread(array, random)
    # Noise is drawn for columns of discrete factors too, so that the draws do not depend on which
    # factors are discrete.
    quantities = _spread(table, random) if real.any() else []
    information = np.zeros((array.shape[1], table.shape[1]))
    for i, is_real in enumerate(real):
        column = table[:, i]
        if (column == column[0]).all():
            continue
        if is_real:
            other = quantities[i]
            information[:, i] = [_kraskov(code, other, neighbours) for code in spread]
        else:
            groups = _groups(column)
            information[:, i] = [_ross(code, groups, neighbours) for code in spread]
    information[array.min(axis=0) == array.max(axis=0)] = 0.0
    return information


def _spread(table: NDArray[Any], random: np.random.Generator) -> list[Floats]:
    """Return columns of variance 1 without equal values."""
    columns = np.array(near_one(table.astype(np.float64, copy=False)).T, order="C")
    scale = columns.std(axis=1)
    columns /= np.where(scale > 0, scale, 1.0)[:, None]
    size = 1e-10 * np.maximum(1.0, np.abs(columns).mean(axis=1))
    columns += size[:, None] * random.standard_normal(columns.shape)
    return list(columns)


def _groups(labels: NDArray[Any]) -> list[NDArray[np.intp]]:
    """Return the rows of each value that several have."""
    _, numbers, counts = np.unique(labels, return_inverse=True, return_counts=True)
    rows = np.split(np.argsort(numbers, kind="stable"), np.cumsum(counts)[:-1])
    return [group for group in rows if len(group) > 1]


def _ross(x: Floats, groups: list[NDArray[np.intp]], neighbours: int) -> float:
    if not groups:
        return 0.0
    radius = np.empty(len(x))
    used, counts = np.concatenate(groups), np.array([len(group) for group in groups])
    for group in groups:
        order = group[np.argsort(x[group])]
        radius[order] = _distances(x[order], min(neighbours, len(group) - 1))
    within = _closer(x[used], radius[used]) + 1
    return float(
        digamma(len(used))
        + counts / len(used) @ digamma(np.minimum(neighbours, counts - 1))
        - counts / len(used) @ digamma(counts)
        - digamma(within).mean()
    )


def _kraskov(x: Floats, y: Floats, neighbours: int) -> float:
    neighbours = min(neighbours, len(x) - 1)
    both = np.column_stack([x, y])
    radius = cKDTree(both).query(both, [neighbours + 1], p=np.inf)[0][:, 0]
    return float(
        digamma(len(x))
        + digamma(neighbours)
        - digamma(_closer(x, radius) + 1).mean()
        - digamma(_closer(y, radius) + 1).mean()
    )


def _distances(x: Floats, neighbour: int) -> Floats:
    """Return how far the `neighbour`-th nearest of sorted numbers is from each."""
    # The nearest neighbours of a sorted number are a window around it; the distance is that of the
    # window's farther end.
    nearest = np.full(len(x), np.inf)
    for before in range(neighbour + 1):
        own = np.arange(before, len(x) - neighbour + before)
        ends = x[own] - x[own - before], x[own - before + neighbour] - x[own]
        nearest[own] = np.minimum(nearest[own], np.maximum(*ends))
    return nearest


def _closer(x: Floats, radius: Floats) -> NDArray[np.intp]:
    """Return how many others are nearer to each number than its radius."""
    ordered = np.sort(x)
    low = np.searchsorted(ordered, x - radius, side="right")
    high = np.searchsorted(ordered, x + radius, side="left")
    # `x - radius` is rounded, so a neighbour at the radius may fall on either side: the four
    # neighbours at the ends are compared by their exact distances.
    last = len(x) - 1
    low -= x - ordered[np.maximum(low - 1, 0)] < np.where(low > 0, radius, -1.0)
    low += x - ordered[np.minimum(low, last)] >= radius
    high += ordered[np.minimum(high, last)] - x < np.where(high <= last, radius, -np.inf)
    high -= ordered[np.maximum(high - 1, 0)] - x >= radius
    return high - low - 1
