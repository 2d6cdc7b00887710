"""RMIG: the robust mutual information gap (Do and Tran 2020)."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import entr

from disentlib import ops
from disentlib.metrics.estimates import Estimate, estimate, mean, top_two
from disentlib.metrics.protocol import Protocol


def rmig(
    codes: ArrayLike,
    factors: ArrayLike,
    *,
    logvar: ArrayLike | None = None,
    protocol: Protocol | None = None,
    bins: int | None = None,
) -> float:
    """RMIG = mean over factors of (I(best code; factor) - I(second best; factor)) / H(factor).

    The gap of `mig`, with I between factors and the codes' distributions q(z | x), where `logvar`
    gives their variances: each sample is spread over the bins as its Gaussian is. Without `logvar`
    each sample falls in one bin, and the score is `mig`.

    Estimator with `logvar`: 100 bins of equal width from -4 to 4, the range of a standard normal
    prior; a bin's share is the density at its middle. What lies outside, or is narrower than a bin
    can show, counts as the nearest bin of its mean. Not adjusted for chance, as spreading leaves
    little of it.

    Args:
        codes: real numbers (samples, dims); the means, with `logvar`.
        factors: non-negative integers (samples, factors). A factor with a single value is left out
            with a warning.
        logvar: log-variances (samples, dims).
        protocol: as in `mig`, without `logvar`.
        bins: how many bins of equal width; None means 100 with `logvar`, and as in `mig` without.

    Returns:
        From 0 to 1; NaN if no factor varies.

    Raises:
        TypeError: if codes are not real numbers or factors not integers.
        ValueError: if shapes do not fit, or a value is NaN, infinite or a negative factor.

    Reference:
        Do and Tran, "Theory and Evaluation Metrics for Learning Disentangled Representations"
        (2020).

    >>> factors = np.indices((10, 10)).reshape(2, -1).T
    >>> codes = (factors - 4.5) / 2
    >>> rmig(codes, factors)
    1.0
    >>> rmig(codes, factors, logvar=np.full(codes.shape, -3.0))
    0.760...
    """
    if logvar is None:
        found = estimate(codes, factors, protocol=protocol, bins=bins)
    else:
        found = _spread(codes, factors, logvar, 100 if bins is None else bins)
    found = found.of_varying_factors()
    best, second = top_two(found.shared, axis=0)
    return mean((best - second) / found.factors)


def _spread(codes: ArrayLike, factors: ArrayLike, logvar: ArrayLike, bins: int) -> Estimate:
    """Estimate information between factors and Gaussians over bins from -4 to 4."""
    means = ops.check_codes(codes)
    labels = ops.check_factors(factors, len(means))
    logvars = ops.check_codes(logvar, name="logvar")
    if logvars.shape != means.shape:
        raise ValueError(f"expected logvar of the codes' shape {means.shape}, got {logvars.shape}")
    numbered = [np.unique(column, return_inverse=True)[1] for column in labels.T]
    of_factors = ops.entropy(labels)
    shared = np.zeros((means.shape[1], labels.shape[1]))
    of_codes = np.zeros(means.shape[1])
    for j in range(means.shape[1]):
        shares = _shares(means[:, j], logvars[:, j], bins)
        of_codes[j] = entr(shares.mean(axis=0)).sum()
        for i, values in enumerate(numbered):
            joint = np.zeros((values.max() + 1, bins))
            np.add.at(joint, values, shares)
            joint_entropy = entr(joint / len(shares)).sum()
            shared[j, i] = max(0.0, of_codes[j] + of_factors[i] - joint_entropy)
    return Estimate(shared, of_codes, of_factors, np.ones(shared.shape, np.bool_), bins)


def _shares(mean: NDArray[Any], logvar: NDArray[Any], bins: int) -> NDArray[np.float64]:
    """Return how much of each sample's Gaussian lies in each bin (samples, bins)."""
    width = 8.0 / bins
    middles = -4.0 + width * (np.arange(bins) + 0.5)
    deviation = np.exp(0.5 * logvar.astype(np.float64))[:, None]
    density = np.exp(-0.5 * ((middles - mean[:, None]) / deviation) ** 2)
    density /= deviation * np.sqrt(2 * np.pi)
    unseen = density.max(axis=1) < 1e-5
    nearest = np.clip(np.floor((mean + 4.0) / width), 0, bins - 1).astype(np.intp)
    density[unseen] = 0.0
    density[unseen, nearest[unseen]] = 1.0
    return density / density.sum(axis=1, keepdims=True)
