"""Cluster accuracy against every permutation, plain loops and scikit-learn."""

import itertools

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score

from disentlib import metrics


def draw(clusters, classes, samples=60, seed=0):
    rng = np.random.default_rng(seed)
    labels = rng.integers(classes, size=samples)
    noise = rng.integers(clusters, size=samples)
    return np.where(rng.random(samples) < 0.6, labels % clusters, noise), labels


def by_permutations(assigned, labels, clusters, classes):
    """The best one-to-one match of clusters and classes, all of them tried."""
    size = max(clusters, classes)
    return max(
        np.mean(np.array(order)[assigned] == labels)
        for order in itertools.permutations(range(size))
    )


@pytest.mark.parametrize(("clusters", "classes"), [(4, 4), (6, 3), (3, 6), (1, 3), (4, 1)])
def test_plain_witnesses(clusters, classes):
    assigned, labels = draw(clusters, classes)
    right = 0
    for cluster in range(clusters):
        members = labels[assigned == cluster].tolist()
        right += max((members.count(label) for label in members), default=0)
    majority = metrics.cluster_accuracy(assigned, labels)
    assert majority.accuracy == right / 60
    hungarian = metrics.cluster_accuracy(assigned, labels, match="hungarian")
    assert hungarian.accuracy == by_permutations(assigned, labels, clusters, classes)
    for found in (majority, hungarian):
        assert found[1] == normalized_mutual_info_score(labels, assigned)
        assert found[2] == adjusted_rand_score(labels, assigned)
        assert found.clusters == len(set(assigned.tolist()))
    assert hungarian.accuracy <= majority.accuracy


def test_probabilities_count_as_their_most_probable_cluster():
    assigned, labels = draw(5, 3)
    probabilities = np.full((60, 7), 0.1, np.float32)  # two clusters stay empty
    probabilities[np.arange(60), assigned] = 0.4
    found = metrics.cluster_accuracy(probabilities, labels)
    assert found == metrics.cluster_accuracy(assigned, labels)
    assert found.clusters == 5
    ties = metrics.cluster_accuracy(np.full((4, 2), 0.5), [0, 0, 1, 1])
    assert (ties.accuracy, ties.clusters) == (0.5, 1)


def test_names_of_clusters_and_classes_do_not_matter():
    assigned, labels = draw(4, 4)
    words = np.array(["ant", "bee", "cat", "dog"])[labels]
    for match in ("majority", "hungarian"):
        expected = metrics.cluster_accuracy(assigned, labels, match=match)
        renamed = np.array([90, 3, 41, 7])[assigned]
        assert metrics.cluster_accuracy(renamed, labels + 50, match=match) == expected
        assert metrics.cluster_accuracy(assigned, words, match=match) == expected
        assert metrics.cluster_accuracy(assigned.tolist(), labels[:, None], match=match) == expected


def test_a_cluster_for_each_sample():
    labels = np.array([0, 0, 0, 1])
    alone = metrics.cluster_accuracy(np.arange(4), labels)
    assert (alone.accuracy, alone.clusters) == (1.0, 4)
    assert metrics.cluster_accuracy(np.arange(4), labels, match="hungarian").accuracy == 0.5
    more = metrics.cluster_accuracy(np.eye(4, 9), labels)  # more clusters than samples
    assert more == alone


@pytest.mark.parametrize(
    ("clusters", "labels", "message"),
    [
        ([0, 1, -1], [0, 1, 1], "expected clusters that are not negative, got -1"),
        ([0, 1, 1], [0, -1, 1], "expected labels that are not negative, got -1"),
        ([0, 1, 1], [0, 1], r"expected labels of shape \(3,\), one a sample .* got \(2,\)"),
        ([0, 1, 1], np.zeros((3, 2), int), r"got \(3, 2\)"),
        ([0, 1, 1], [0, np.nan, 1], "expected finite labels, got nan"),
        (np.full((3, 2), 0.4), [0, 1, 1], "that add up to 1, got others in row 0"),
        ([[0.5, 0.5], [1.5, -0.5]], [0, 1], "got others in row 1"),
        ([[0.5, 0.5], [np.nan, 0.5]], [0, 1], "got others in row 1"),
        ([[0], [1], [2]], [0, 1, 1], r"in row 0: write clusters\[:, 0\]"),
        (np.ones((2, 3, 1)), [0, 1, 1], "one facet at a time"),
        (np.ones((0, 3)), [], "one facet at a time"),
    ],
)
def test_wrong_values(clusters, labels, message):
    with pytest.raises(ValueError, match=message):
        metrics.cluster_accuracy(clusters, labels)


def test_wrong_kinds():
    with pytest.raises(TypeError, match=r"whole numbers in factor 0, got 0\.5"):
        metrics.cluster_accuracy([0.5, 1.0], [0, 1])
    with pytest.raises(TypeError, match="expected probabilities of clusters, got dtype <U1"):
        metrics.cluster_accuracy([["a", "b"], ["a", "b"]], [0, 1])
    with pytest.raises(ValueError, match=r"expected match as one of \('majority', 'hungarian'\)"):
        metrics.cluster_accuracy([0, 1], [0, 1], match="best")


def test_rows_are_probabilities_to_float32_and_no_further():
    row = np.array([[0.25, 0.75], [0.5, 0.5]])
    metrics.cluster_accuracy(row * 1.0009, [0, 1])
    for scale in (1.0011, 0.9989):
        with pytest.raises(ValueError, match="add up to 1"):
            metrics.cluster_accuracy(row * scale, [0, 1])
