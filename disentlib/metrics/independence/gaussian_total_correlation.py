"""Total correlation of a Gaussian with the covariance of the codes (Locatello et al. 2019)."""

import numpy as np
from numpy.typing import ArrayLike

from disentlib.metrics.independence.gaussian import covariance_root
from disentlib.metrics.score import score
from disentlib.ops import check_codes


@score("covariance", moments=True)
def gaussian_total_correlation(codes: ArrayLike) -> float:
    """TC = (sum of ln Sigma_ii - ln det Sigma) / 2, in nats; lower is better.

    How far the codes are from independent, as far as their covariance tells: the divergence of a
    Gaussian with covariance Sigma from the product of its marginals. Needs no factors. Invariant to
    the scale of each code. Constant codes count as independent.

    Args:
        codes: real numbers (samples, dims).

    Returns:
        From 0 to infinity; infinite if a code is a linear function of others, up to the rounding of
        float64 numbers. Independent codes: about dims (dims - 1) / (4 samples).

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
    array = check_codes(codes)
    root = covariance_root(array)
    varies = root.any(axis=0)
    if not varies.any():
        return 0.0
    root = root[:, varies]
    unit = np.abs(root).max(axis=0)  # squares of what is left neither overflow nor vanish
    root /= unit
    lengths = np.linalg.norm(root, axis=0)
    spectrum = np.linalg.svd(root / lengths, compute_uv=False)
    # Singular values below the rounding of arithmetic, or of the codes' own numbers, are none: a
    # code repeats others. In float64 for all, so that equal numbers have equal scores.
    digits = np.abs(array).max(axis=0)[varies] / (unit * lengths)
    rounding = np.finfo(np.float64).eps * max(*array.shape, digits.max() / 2)
    if len(spectrum) < root.shape[1] or spectrum[-1] < rounding:
        return float("inf")
    return max(0.0, -float(np.log(spectrum).sum()))
