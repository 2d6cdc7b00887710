import numpy as np
import pytest
from scipy.sparse.csgraph import connected_components

from disentlib.visualization import groups

GOLDEN = np.array([[0.9, 0.1, 0], [0.2, 0.8, 0.1], [0.05, 0.3, 0.6]])


def components(kept):
    """Label codes and factors of a boolean matrix (latents, factors) by component."""
    latents, factors = kept.shape
    graph = np.zeros((latents + factors,) * 2, int)
    graph[:latents, latents:] = kept
    return connected_components(graph, directed=False)[1]


rng = np.random.default_rng(0)
SHAPES = [(10, 5), (5, 7), (1, 3), (4, 1)]
MATRICES = [
    GOLDEN,
    np.eye(4),
    np.zeros((3, 2)),
    np.ones((2, 3)),
    *(rng.random(shape) for shape in SHAPES),
    *(rng.integers(0, 4, shape) / 3 for shape in SHAPES),
]


def test_golden_recovery():
    thresholds, found, factors = groups.recovery(GOLDEN)
    assert thresholds.tolist() == [0.9, 0.8, 0.6, 0.3, 0.2, 0.1, 0.1, 0.05, 0]
    assert found.tolist() == [1, 2, 3, 2, 1, 1, 1, 1, 1]
    assert factors.tolist() == [1, 2, 3, 3, 3, 3, 3, 3, 3]


@pytest.mark.parametrize("matrix", MATRICES)
def test_recovery_against_connected_components(matrix):
    thresholds, found, factors = groups.recovery(matrix)
    assert thresholds.tolist() == sorted(matrix.ravel(), reverse=True)
    for threshold, group_count, factor_count in zip(thresholds, found, factors, strict=True):
        kept = (matrix >= threshold) & (matrix > 0)
        sizes = np.bincount(components(kept))
        assert group_count == (sizes > 1).sum()
        assert factor_count == kept.any(axis=0).sum()


@pytest.mark.parametrize("matrix", MATRICES)
def test_merges_against_connected_components(matrix):
    latents, count = matrix.shape
    weights, factors, codes = groups.edges(matrix)
    merges, first = groups.merges(matrix)
    assert np.array_equal(matrix[codes, factors], weights)
    ranks = {}
    kept, before = np.zeros(matrix.shape, bool), np.arange(count)
    for rank in range(matrix.size):
        kept[codes[rank], factors[rank]] = True
        after = components(kept)[latents:]
        for a in range(count):
            for b in range(a):
                if after[a] == after[b] and before[a] != before[b]:
                    ranks[b, a] = rank
        before = after
    pairs = {
        tuple(sorted((a, b))): merge.rank
        for merge in merges
        for a in merge.left
        for b in merge.right
    }
    assert pairs == ranks
    for factor in range(count):
        assert first[factor] == np.flatnonzero(factors == factor)[0]
    for merge in merges:
        assert merge.weight == weights[merge.rank]
        assert not set(merge.left) & set(merge.right)


@pytest.mark.parametrize(
    ("matrix", "error", "message"),
    [
        (np.zeros(3), ValueError, r"\(latents, factors\), got shape \(3,\)"),
        (np.zeros((0, 3)), ValueError, "got shape"),
        (np.array([[np.nan]]), ValueError, "NaN"),
        (np.array([[-0.1]]), ValueError, "less than 0"),
        (np.array([["a"]]), TypeError, "real numbers"),
        (np.array([[1j]]), TypeError, "real numbers"),
    ],
)
def test_bad_matrices(matrix, error, message):
    for function in (groups.recovery, groups.merges):
        with pytest.raises(error, match=message):
            function(matrix)
