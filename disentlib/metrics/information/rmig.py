"""RMIG: the robust mutual information gap (Do and Tran 2020)."""

from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import entr

from disentlib import ops
from disentlib.data.randomness import RNG
from disentlib.metrics.factors import varying
from disentlib.metrics.information.estimates import (
    ADJUSTED,
    PLUG_IN,
    Continuous,
    Correction,
    Estimator,
    binned_factors,
    estimate,
    mean,
    top_two,
)
from disentlib.metrics.information.mig_aggregated_posterior import mig_aggregated_posterior
from disentlib.metrics.protocol import Protocol
from disentlib.metrics.score import score


@score(ADJUSTED, reference=PLUG_IN, by_default=False)  # it is `mig` unless logvar is given
def rmig(
    codes: ArrayLike,
    factors: ArrayLike,
    *,
    logvar: ArrayLike | None = None,
    continuous: Continuous = False,
    protocol: Protocol | None = None,
    estimator: Estimator | Literal["grid", "sampling"] | None = None,
    bins: int | None = None,
    correction: Correction | None = None,
    rng: RNG = 0,
) -> float:
    """RMIG = mean over factors of (I(best code; factor) - I(second best; factor)) / H(factor).

    The gap of `mig`, with I between factors and the codes' distributions q(z | x), where `logvar`
    gives their variances: each sample is spread over the bins as its Gaussian is. Without `logvar`
    each sample falls in one bin, and the score is `mig`.

    Estimators with `logvar`: "grid" has 100 bins of equal width from -4 to 4, the range of a
    standard normal prior; a bin's share is the density at its middle. What lies outside, or is
    narrower than a bin can show, counts as the nearest bin of its mean. "sampling" has no bins: it
    is `mig_aggregated_posterior`. Neither is adjusted for chance, as spreading leaves little of it:
    independent codes score about 0.

    It is not more robust to samples than `mig`: robust means to noise in the codes, by the variance
    of their posteriors. Without `logvar` it is `mig`.

    Args:
        codes: real numbers (samples, dims); the means, with `logvar`.
        factors: non-negative integers (samples, factors), or real numbers where `continuous`. A
            factor with a single value is left out with a warning.
        logvar: log-variances (samples, dims).
        continuous: which factors are real-valued, one answer for all or one each.
        protocol: as in `mig`, without `logvar`.
        estimator: "grid" (None) or "sampling" with `logvar`; as in `mig` without.
        bins: how many bins of equal width; None means 100 with `logvar`, and as in `mig` without.
        correction: as in `mig`, without `logvar`.
        rng: draws codes for "sampling".

    Returns:
        From 0 to 1; NaN if no factor varies.

    Raises:
        TypeError: if codes are not real numbers, or discrete factors not integers.
        ValueError: if shapes do not fit, or a value is NaN, infinite or a negative factor.

    See Also:
        mig: of codes as they are.
        mig_aggregated_posterior: of posteriors as well, their mixture instead of a grid.

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
        if estimator == "grid" or estimator == "sampling":
            raise ValueError(f"expected logvar for estimator {estimator!r}, got none")
        estimated = estimate(
            codes,
            factors,
            continuous=continuous,
            protocol=protocol,
            estimator=estimator,
            bins=bins,
            correction=correction,
        ).of_varying_factors()
        best, second = top_two(estimated.shares(), axis=0)
        return mean(best - second)
    if estimator == "sampling":
        return mig_aggregated_posterior(codes, logvar, factors, continuous=continuous, rng=rng)
    if estimator not in (None, "grid"):
        raise ValueError(f"expected estimator 'grid' or 'sampling' with logvar, got {estimator!r}")
    means = ops.check_codes(codes)
    labels = binned_factors(factors, continuous, len(means))
    logvars = ops.check_codes(logvar, name="logvar")
    if logvars.shape != means.shape:
        raise ValueError(f"expected logvar of the codes' shape {means.shape}, got {logvars.shape}")
    labels = labels[:, varying(labels)]
    if not labels.size:
        return float("nan")
    information = _spread_information(means, logvars, labels, 100 if bins is None else bins)
    best, second = top_two(information, axis=0)
    return mean((best - second) / ops.entropy(labels))


def _spread_information(
    means: NDArray[Any], logvars: NDArray[Any], labels: NDArray[Any], bins: int
) -> NDArray[np.float64]:
    """Return information (dims, factors) between factors and Gaussians over bins from -4 to 4."""
    numbered = [np.unique(column, return_inverse=True)[1] for column in labels.T]
    of_factors = ops.entropy(labels)
    information = np.zeros((means.shape[1], labels.shape[1]))
    for j in range(means.shape[1]):
        shares = _shares(means[:, j], logvars[:, j], bins)
        of_code = entr(shares.mean(axis=0)).sum()
        for i, values in enumerate(numbered):
            joint = np.zeros((values.max() + 1, bins))
            np.add.at(joint, values, shares)
            joint_entropy = entr(joint / len(shares)).sum()
            information[j, i] = max(0.0, of_code + of_factors[i] - joint_entropy)
    return information


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
