"""Which codes and factors hang together when only strong entries of a score matrix count.

Codes and factors are the nodes of a bipartite graph whose edges are the entries of a matrix
(latents, factors), taken from the strongest to the weakest; union-find keeps the components.
"""

from typing import NamedTuple

import numpy as np

from disentlib.arrays import as_array
from disentlib.metrics.selection.unified_scores import area_precision


class Recovery(NamedTuple):
    """What the entries down to each threshold recover, all (latents * factors,)."""

    thresholds: np.ndarray  # the entries, descending
    groups: np.ndarray  # components with at least one edge: independent groups
    factors: np.ndarray  # factors with at least one edge: discovered


class Merge(NamedTuple):
    """Two groups of factors that an edge joins."""

    left: tuple[int, ...]  # factors, ascending
    right: tuple[int, ...]
    rank: int  # of the edge among all entries, the strongest is 0
    weight: float


def recovery(matrix: np.ndarray) -> Recovery:
    """Count independent groups and discovered factors as the threshold falls.

    A perfectly disentangled code finds all factors before any two of them merge: both counts rise
    together to the number of factors. Entries that are zero make no edge.

    Args:
        matrix: scores (latents, factors), not negative.

    >>> recovery(np.array([[0.9, 0.1], [0.2, 0.8]])).groups.tolist()
    [1, 2, 1, 1]
    """
    weights, factors, _ = edges(matrix)
    first = np.zeros(len(weights), bool)
    first[np.unique(factors, return_index=True)[1]] = True
    discovered = np.cumsum(first & (weights > 0))
    together = np.searchsorted(-weights, -weights, side="right") - 1  # equal entries
    return Recovery(weights, area_precision(check_matrix(matrix)).groups, discovered[together])


def merges(matrix: np.ndarray) -> tuple[list[Merge], np.ndarray]:
    """Record how factors fall together as edges are added from the strongest to the weakest.

    Args:
        matrix: scores (latents, factors), not negative.

    Returns:
        The merges in order, and for each factor (factors,) the rank of its first edge.
    """
    weights, factors, codes = edges(matrix)
    latents, count = np.shape(matrix)
    parent = list(range(count + latents))

    def root(node: int) -> int:
        while parent[node] != node:
            parent[node] = parent[parent[node]]
            node = parent[node]
        return node

    members: dict[int, tuple[int, ...]] = {factor: (factor,) for factor in range(count)}
    first = np.full(count, len(weights))
    recorded = []
    for rank, (weight, factor, code) in enumerate(zip(weights, factors, codes, strict=True)):
        first[factor] = min(first[factor], rank)
        left, right = sorted((root(factor), root(count + code)))
        # Factors have the smaller ids and the smaller id is the root, so a root that is no
        # factor is a code on its own.
        if left != right and right < count:
            recorded.append(Merge(members[left], members[right], rank, float(weight)))
            members[left] = tuple(sorted(members[left] + members.pop(right)))
        parent[right] = left
    return recorded, first


def edges(matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return weights, factors and codes of all entries, descending; ties stay in factor order."""
    matrix = check_matrix(matrix)
    weights = matrix.T.ravel()
    order = np.argsort(-weights, kind="stable")
    return weights[order], *np.divmod(order, len(matrix))


def check_matrix(matrix: np.ndarray) -> np.ndarray:
    """Return a score matrix as floats (latents, factors), finite and not negative."""
    matrix = as_array(matrix, "matrix")
    if not np.issubdtype(matrix.dtype, np.number) or np.iscomplexobj(matrix):
        raise TypeError(f"expected a matrix of real numbers, got {matrix.dtype}")
    if matrix.ndim != 2 or 0 in matrix.shape:
        raise ValueError(f"expected a matrix (latents, factors), got shape {matrix.shape}")
    if not np.isfinite(matrix).all() or matrix.min() < 0:
        raise ValueError("expected finite scores of at least 0, got NaN, infinity or less than 0")
    return matrix.astype(float)
