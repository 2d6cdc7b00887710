"""Densities of mixtures of Gaussians in C++."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from disentlib import _kernels
from disentlib.ops.linear import share
from disentlib.ops.scaling import exponents
from disentlib.ops.validate import check_codes


def log_mixture_density(
    samples: ArrayLike, mean: ArrayLike, logvar: ArrayLike, *, threads: int | None = None
) -> NDArray[np.float64]:
    """Return ln q(z) of each sample, q = mean over components of N(mean, exp(logvar)).

    Components have diagonal covariances and are equally likely: the aggregate of posteriors
    q(z | x), for example. Sums start from the largest term, so that no density is too small.

    Args:
        samples: real numbers (samples, dims).
        mean: the components' means (components, dims).
        logvar: their log-variances (components, dims).
        threads: how many share the work, None for every core; the answer is the same.

    Returns:
        Natural logarithms (samples,).

    Raises:
        TypeError: if an array is not of real numbers.
        ValueError: if shapes do not fit, or a value is NaN or infinite.

    >>> log_mixture_density([[0.0]], [[-1.0], [1.0]], [[0.0], [0.0]])
    array([-1.418...])
    """
    codes = check_codes(samples, name="samples", least=1)
    means = check_codes(mean, name="mean", least=1)
    logvars = check_codes(logvar, name="logvar", least=1)
    if logvars.shape != means.shape:
        raise ValueError(f"expected logvar of the mean's shape {means.shape}, got {logvars.shape}")
    if codes.shape[1] != means.shape[1]:
        raise ValueError(
            f"expected samples of {means.shape[1]} dims, as the mean, got {codes.shape[1]}"
        )
    powers = exponents(means)
    codes, means = (np.ldexp(array.astype(np.float64), powers) for array in (codes, means))
    logvars = logvars + 2 * np.log(2.0) * powers
    codes, means, logvars = (np.ascontiguousarray(array.T) for array in (codes, means, logvars))
    density = _kernels.log_mixture_density(codes, means, logvars, share(threads))
    return density + np.log(2.0) * powers.sum()
