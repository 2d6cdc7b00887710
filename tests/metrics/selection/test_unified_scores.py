import numpy as np
import pytest
from scipy.sparse.csgraph import connected_components

from disentlib.metrics import unified_scores
from disentlib.metrics.selection.unified_scores import area_precision

SIZES = (3, 4, 6)


def sample(samples=400):
    rng = np.random.default_rng(0)
    factors = np.stack([rng.integers(0, size, samples) for size in SIZES], axis=1)
    return factors + 0.3 * rng.normal(size=factors.shape), factors


def groups_by_hand(matrix):
    """Count, at every threshold, the components of more than one node."""
    dims, factors = matrix.shape
    found = []
    for threshold in -np.sort(-matrix, axis=None):
        graph = np.zeros((dims + factors, dims + factors))
        graph[:dims, dims:] = (matrix >= threshold) & (matrix > 0)
        labels = connected_components(graph, directed=False)[1]
        found.append((np.bincount(labels) > 1).sum())
    return found


def test_groups_of_a_known_matrix():
    matrix = np.array([[0.9, 0.1, 0.0], [0.2, 0.8, 0.1], [0.05, 0.3, 0.6]])
    found = area_precision(matrix)
    assert found.groups.tolist() == [1, 2, 3, 2, 1, 1, 1, 1, 1]
    assert (found.area, found.most) == pytest.approx((1.75, 3))


def test_groups_are_components():
    rng = np.random.default_rng(0)
    for shape in [(4, 3), (3, 5), (1, 4), (6, 1)]:
        matrix = np.round(rng.random(shape), 1)
        assert area_precision(matrix).groups.tolist() == groups_by_hand(matrix)


@pytest.mark.parametrize("protocol", [None, "locatello2019"])
def test_good_codes_score_well_everywhere(protocol):
    codes, factors = sample()
    figures = unified_scores(codes, factors, protocol=protocol)
    for matrix in ("importance_gbt", "mutual_information", "accuracy_svm"):
        assert figures[f"{matrix}_matrix.max_precision"] == 3
        assert f"{matrix}_matrix.dci_completeness.factor_2" in figures
        assert f"{matrix}_matrix.modularity.code_0" in figures
    assert figures["importance_gbt_matrix.dci"] > 0.5
    assert figures["mutual_information_matrix.mig"] > 0.3
    assert all(type(value) is float for value in figures.values())
    assert figures == unified_scores(codes, factors, protocol=protocol)


def test_constant_factors_are_rejected():
    codes, factors = sample()
    with pytest.raises(ValueError, match="got one in factor 1"):
        unified_scores(codes, np.insert(factors, 1, 3, axis=1))
