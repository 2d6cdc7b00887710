"""Wasserstein distance of codes from independence, as a Gaussian (Locatello et al. 2019)."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from disentlib.metrics.gaussian import covariance


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
    return _distance(covariance(codes))


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
    sigma = covariance(codes)
    trace = float(np.trace(sigma))
    return _distance(sigma) / trace if trace > 0 else 0.0


def _distance(sigma: NDArray[Any]) -> float:
    root = np.sqrt(np.diag(sigma))
    # This product is symmetric, unlike D Sigma, so that its root is real by construction.
    spectrum = np.linalg.eigvalsh(root[:, None] * sigma * root)
    cross = np.sqrt(np.maximum(spectrum, 0.0)).sum()
    return max(0.0, float(2 * np.trace(sigma) - 2 * cross))
