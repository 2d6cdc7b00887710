"""Wasserstein distance of codes from independence, as a Gaussian (Locatello et al. 2019)."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from disentlib.metrics.independence.gaussian import covariance_root, graded_svd, ratio
from disentlib.metrics.score import score

_DIFFERENCE = 1e-4  # of the trace: below it the rounding of a difference shows
_LEAST = 1e-150  # below it squares lose digits


@score("covariance", moments=True)
def gaussian_wasserstein_correlation(codes: ArrayLike) -> float:
    """W = 2 tr Sigma - 2 tr (D^1/2 Sigma D^1/2)^1/2, D = diag Sigma; lower is better.

    How far the codes are from independent, as far as their covariance tells: the squared
    2-Wasserstein distance of a Gaussian with covariance Sigma from the product of its marginals.
    Needs no factors. In squared units of the codes: codes of large variance count more, and scores
    of codes on different scales do not compare (`gaussian_wasserstein_correlation_norm` does).

    Args:
        codes: real numbers (samples, dims).

    Returns:
        From 0 to 2 tr Sigma.

    Raises:
        TypeError: if codes are not real numbers.
        ValueError: if codes are not a finite matrix of at least 2 samples.

    Reference:
        Dowson and Landau, "The Frechet Distance between Multivariate Normal Distributions" (1982);
        as a score: Locatello et al., "Challenging Common Assumptions in the Unsupervised Learning
        of Disentangled Representations" (2019).

    >>> gaussian_wasserstein_correlation([[1.0, 2.0], [-1.0, 2.0], [1.0, -2.0], [-1.0, -2.0]])
    0.0
    """
    largest, distance, _ = _distance(codes)
    return largest * largest * distance


@score("covariance", moments=True)
def gaussian_wasserstein_correlation_norm(codes: ArrayLike) -> float:
    """W / tr Sigma, W = `gaussian_wasserstein_correlation`; lower is better.

    The same relative to the total variance, so that multiplying all codes by a number changes
    nothing; multiplying one of them still does.

    Args:
        codes: real numbers (samples, dims).

    Returns:
        From 0 to 2; 0 if all codes are constant.

    Raises:
        TypeError: if codes are not real numbers.
        ValueError: if codes are not a finite matrix of at least 2 samples.

    Reference:
        Locatello et al., "Challenging Common Assumptions in the Unsupervised Learning of
        Disentangled Representations" (2019).

    >>> round(gaussian_wasserstein_correlation_norm([[0.0, 0.0], [1.0, 1.0], [2.0, 2.0]]), 4)
    0.5858
    """
    _, distance, variance = _distance(codes)
    return distance / variance if variance > 0 else 0.0


def _distance(codes: ArrayLike) -> tuple[float, float, float]:
    """Return a unit of the codes, and in its squares W and tr Sigma: they may overflow, not these.

    With R'R = Sigma, tr (D^1/2 Sigma D^1/2)^1/2 is the sum of the singular values of R D^1/2.
    """
    root = covariance_root(codes)
    largest = float(np.abs(root).max(initial=0.0)) or 1.0
    root /= largest
    lengths = np.linalg.norm(root, axis=0)
    variance = float(lengths @ lengths)
    cross = np.linalg.svd(root * lengths, compute_uv=False).sum()
    distance = 2 * variance - 2 * float(cross)
    if distance < _DIFFERENCE * variance:
        distance = _small_distance(root, lengths)
    return largest, distance, variance


def _small_distance(root: NDArray[np.float64], lengths: NDArray[np.float64]) -> float:
    """Return W as a sum of squares: as a difference of traces it would be their rounding.

    It is how far the columns of R are from the nearest orthogonal ones of their lengths, the sum of
    D_jj |u_j - q_j|^2: u_j are columns of R over their lengths, Q = U V' where R D^1/2 = U S V'.
    """
    left, right = graded_svd(root * lengths)
    spectrum = np.linalg.norm(left, axis=0)
    spectrum[spectrum < _LEAST] = 0.0  # directions that no code has
    strays = ratio(left, spectrum) @ right.T - ratio(root, lengths)
    missing = (right[:, spectrum == 0] ** 2).sum(axis=1)
    return float(lengths**2 @ ((strays**2).sum(axis=0) + missing))
