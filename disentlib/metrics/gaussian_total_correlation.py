"""Total correlation of a Gaussian with the covariance of the codes (Locatello et al. 2019)."""

import numpy as np
from numpy.typing import ArrayLike

from disentlib.metrics.gaussian import covariance, without_constants


def gaussian_total_correlation(codes: ArrayLike) -> float:
    """TC = (sum of ln Sigma_ii - ln det Sigma) / 2, in nats; lower is better.

    How far the codes are from independent, as far as their covariance tells: the divergence of a
    Gaussian with covariance Sigma from the product of its marginals. Needs no factors. Invariant to
    the scale of each code. Constant codes count as independent.

    Args:
        codes: real numbers (samples, dims).

    Returns:
        From 0 to infinity; infinite if a code is a linear function of others. Independent codes:
        about dims (dims - 1) / (4 samples).

    Raises:
        TypeError: if codes are not real numbers.
        ValueError: if codes are not a finite matrix of at least 2 samples.

    Reference:
        Watanabe, "Information Theoretical Analysis of Multivariate Correlation" (1960); as a score:
        Locatello et al., "Challenging Common Assumptions in the Unsupervised Learning of
        Disentangled Representations" (2019).

    >>> import numpy as np
    >>> x = np.array([1.0, -1.0, 1.0, -1.0])
    >>> y = np.array([1.0, 1.0, -1.0, -1.0])
    >>> gaussian_total_correlation(np.stack([x, y], axis=1))
    0.0
    """
    sigma = without_constants(covariance(codes), codes)
    scale = np.sqrt(np.diag(sigma))
    spectrum = np.linalg.eigvalsh(sigma / np.outer(scale, scale))
    # Below this an eigenvalue of a correlation matrix is rounding: a code repeats others.
    if (spectrum < len(spectrum) * np.finfo(np.float64).eps).any():
        return float("inf")
    return max(0.0, -0.5 * float(np.log(spectrum).sum()))
