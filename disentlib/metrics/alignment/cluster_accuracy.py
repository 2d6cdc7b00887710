"""Accuracy of clusters as classes, with scikit-learn's two scores that need no match."""

from typing import Any, Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import linear_sum_assignment
from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score

from disentlib.arrays import as_array
from disentlib.ops import check_factors

Match = Literal["majority", "hungarian"]


class ClusterAccuracy(NamedTuple):
    """How well clusters agree with labels.

    Attributes:
        accuracy: share of the samples whose cluster stands for their class, 0 to 1.
        normalized_mutual_information: scikit-learn's, with the arithmetic mean of both entropies,
            0 to 1.
        adjusted_rand_index: scikit-learn's, 0 by chance, 1 for equal partitions.
        clusters: how many clusters have samples.
    """

    accuracy: float
    normalized_mutual_information: float
    adjusted_rand_index: float
    clusters: int


def cluster_accuracy(
    clusters: ArrayLike, labels: ArrayLike, *, match: Match = "majority"
) -> ClusterAccuracy:
    """Accuracy = (1 / n) sum_k n(k, class of k), the class of each cluster chosen by `match`.

    "majority" gives each cluster the class that most of its samples have, so several clusters may
    share a class. It rises with the number of clusters, up to 1 where each sample has one of its
    own. "hungarian" pairs clusters and classes one to one so that the accuracy is largest; samples
    of classes or clusters that are left over count as wrong.

    Args:
        clusters: the cluster of each sample, integers (samples,), or p(c|x) (samples, clusters),
            of which the most probable counts, the first of several.
        labels: the class of each sample (samples,), non-negative integers or words. Their numbers
            need not be those of clusters, nor as many.
        match: "majority", or "hungarian".

    Raises:
        TypeError: if clusters or labels are not whole numbers.
        ValueError: if shapes do not fit, a value is missing or negative, rows of p(c|x) are no
            probabilities, or `match` is unknown.

    Reference:
        Jiang, Zheng, Tan, Tang and Zhou, "Variational Deep Embedding: An Unsupervised and
        Generative Approach to Clustering" (2017), for "hungarian"; Willetts and Paige, "I Don't
        Need u: Identifiable Non-Linear ICA Without Side Information" (2021), for "majority".

    >>> cluster_accuracy([2, 2, 0, 0, 1, 1], [0, 0, 1, 1, 1, 0]).accuracy
    0.8333333333333334
    >>> cluster_accuracy([2, 2, 0, 0, 1, 1], [0, 0, 1, 1, 1, 0], match="hungarian").accuracy
    0.6666666666666666
    """
    if match not in get_args(Match):
        raise ValueError(f"expected match as one of {get_args(Match)}, got {match!r}")
    assigned = _assigned(as_array(clusters, "clusters"))
    table = check_factors(labels, name="labels")
    if table.shape != (len(assigned), 1):
        raise ValueError(
            f"expected labels of shape ({len(assigned)},), one a sample of clusters, got "
            f"{table.shape if table.shape[1] > 1 else table.shape[:1]}"
        )
    names, cluster = np.unique(assigned, return_inverse=True)
    known, label = np.unique(table[:, 0], return_inverse=True)
    counts = np.zeros((len(names), len(known)), np.int64)
    np.add.at(counts, (cluster, label), 1)
    if match == "majority":
        right = counts.max(axis=1).sum()
    else:
        right = counts[linear_sum_assignment(counts, maximize=True)].sum()
    return ClusterAccuracy(
        float(right / len(label)),
        float(normalized_mutual_info_score(label, cluster)),
        float(adjusted_rand_score(label, cluster)),
        len(names),
    )


def _assigned(clusters: NDArray[Any]) -> NDArray[np.int64]:
    """Return the number of the cluster of each sample."""
    if clusters.ndim == 1:
        return check_factors(clusters, name="clusters")[:, 0].astype(np.int64)
    if clusters.ndim != 2 or 0 in clusters.shape:
        raise ValueError(
            "expected clusters of shape (samples,) or (samples, clusters), got "
            f"{clusters.shape}: one facet at a time"
        )
    if clusters.dtype.kind not in "biuf":
        raise TypeError(f"expected probabilities of clusters, got dtype {clusters.dtype}")
    wrong = ~((clusters >= 0).all(axis=1) & (np.abs(clusters.sum(axis=1, dtype=float) - 1) < 1e-3))
    if wrong.any():
        row = int(np.argmax(wrong))
        raise ValueError(
            "expected clusters (samples, clusters) of probabilities that add up to 1, got others "
            f"in row {row}" + (": write clusters[:, 0]" if clusters.shape[1] == 1 else "")
        )
    return clusters.argmax(axis=1)
