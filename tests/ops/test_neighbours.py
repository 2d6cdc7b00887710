"""Information from nearest neighbours against scikit-learn, a plain loop and worked answers."""

import numpy as np
import pytest
from scipy.special import digamma
from sklearn.feature_selection import mutual_info_classif, mutual_info_regression

from disentlib import ops
from disentlib.ops.neighbours import _closer, _distances, _groups, _kraskov, _ross


def draw(samples=150, seed=0):
    rng = np.random.default_rng(seed)
    labels = np.stack([rng.integers(0, size, samples) for size in (2, 4, 5)], axis=1)
    codes = np.column_stack([labels + rng.normal(size=labels.shape), rng.normal(size=samples)])
    return codes, labels


@pytest.mark.parametrize("neighbours", [1, 3, 10])
def test_discrete_factors_as_scikit_learn(neighbours):
    codes, labels = draw()
    codes *= [1, 100, 1e-3, 1]  # in larger groups: scikit-learn's distances are rough in small ones
    found = ops.neighbour_information(codes, labels, neighbours=neighbours)
    for i, column in enumerate(labels.T):
        expected = mutual_info_classif(codes, column, n_neighbors=neighbours, random_state=0)
        np.testing.assert_allclose(np.maximum(found[:, i], 0), expected, atol=1e-9)


@pytest.mark.parametrize("neighbours", [1, 3, 10])
def test_real_valued_factors_as_scikit_learn(neighbours):
    codes, labels = draw()
    factors = labels + np.random.default_rng(1).uniform(size=labels.shape)
    found = ops.neighbour_information(codes, factors, continuous=True, neighbours=neighbours)
    for i, column in enumerate(factors.T):
        expected = mutual_info_regression(codes, column, n_neighbors=neighbours, random_state=0)
        np.testing.assert_allclose(np.maximum(found[:, i], 0), expected, atol=1e-6)


def test_mixed_factors_are_each_what_they_are_alone():
    codes, labels = draw()
    mixed = np.column_stack([labels[:, 0], codes[:, 1] + codes[:, 3], labels[:, 2]])
    found = ops.neighbour_information(codes, mixed, continuous=(False, True, False))
    alone = ops.neighbour_information(codes, labels)
    np.testing.assert_allclose(found[:, [0, 2]], alone[:, [0, 2]], atol=1e-12)
    expected = mutual_info_regression(codes, mixed[:, 1], random_state=0)
    np.testing.assert_allclose(np.maximum(found[:, 1], 0), expected, atol=1e-6)


def test_worked_answers():
    x = np.array([0, 1, 2.1, 3.3, 4.6, 6, 7.5, 9.1])
    y = np.array([0.1, 0.9, 2.6, 2.9, 5.2, 5.7, 8, 8.8])
    assert _kraskov(x, y, 3) == pytest.approx(0.7282738095238095, abs=1e-12)
    x = np.array([0, 1, 3, 7, 6, 10, 15, 21]) / 8
    groups = _groups(np.repeat([0, 1], 4))
    assert _ross(x, groups, 2) == pytest.approx(0.4324404761904762, abs=1e-12)
    assert _ross(x, groups, 3) == pytest.approx(0.24077380952380967, abs=1e-12)


def test_plain_loop():
    codes, _ = draw(60)
    x, factor, k = codes[:, 2], np.random.default_rng(1).integers(0, 20, 60), 3
    used = [t for t in range(60) if (factor == factor[t]).sum() > 1]
    terms = []
    for t in used:
        own = sorted(abs(x[t] - x[s]) for s in range(60) if s != t and factor[s] == factor[t])
        near = min(k, len(own))
        within = sum(abs(x[t] - x[s]) < own[near - 1] for s in used)
        terms.append(digamma(near) - digamma(len(own) + 1) - digamma(within))
    expected = digamma(len(used)) + np.mean(terms)
    assert _ross(x, _groups(factor), k) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("digits", [0, 1, 16])
def test_distances_and_counts_by_loop(digits):
    x = np.sort(np.round(np.random.default_rng(0).normal(size=50), digits))
    for neighbour in (1, 2, 7, 49):
        radius = _distances(x, neighbour)
        gaps = np.abs(x[:, None] - x)
        np.testing.assert_array_equal(radius, np.sort(gaps, axis=1)[:, neighbour])
        if digits > 2:  # equal values are moved apart before
            np.testing.assert_array_equal(_closer(x, radius), (gaps < radius[:, None]).sum(1) - 1)


def test_codes_of_few_values_share_their_entropy():
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 8, (4000, 2))
    found = ops.neighbour_information(labels, labels)
    np.testing.assert_allclose(np.diag(found), np.log(8), atol=0.02)
    np.testing.assert_allclose(found[[0, 1], [1, 0]], 0, atol=0.05)


def test_constants_share_nothing():
    codes, labels = draw(50)
    codes[:, 1] = 7.1
    labels[:, 0] = 3
    found = ops.neighbour_information(codes, labels)
    assert not found[1].any()
    assert not found[:, 0].any()
    found = ops.neighbour_information(codes, labels * 0.5, continuous=True)
    assert not found[1].any()
    assert not found[:, 0].any()


def test_every_value_once_or_two_samples():
    assert ops.neighbour_information([[0.0], [1.0]], [[0], [1]])[0, 0] == 0
    assert np.isfinite(ops.neighbour_information([[0.0], [1.0]], [[0], [1]], continuous=True)).all()


def test_bad_input():
    codes, labels = draw(50)
    for neighbours in (0, 2.5):
        with pytest.raises(ValueError, match="at least 1 neighbour"):
            ops.neighbour_information(codes, labels, neighbours=neighbours)
    with pytest.raises(TypeError, match="expected whole numbers in factor 0"):
        ops.neighbour_information(codes, labels + 0.5)
    with pytest.raises(ValueError, match="as many rows of factors as of codes, got 49 and 50"):
        ops.neighbour_information(codes, labels[1:])
