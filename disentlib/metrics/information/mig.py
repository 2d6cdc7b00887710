"""Mutual information gap (Chen et al. 2018, equation 6)."""

from numpy.typing import ArrayLike

from disentlib.metrics.information.estimates import (
    ADJUSTED,
    PLUG_IN,
    Continuous,
    Correction,
    Estimator,
    estimate,
    mean,
    top_two,
)
from disentlib.metrics.protocol import Protocol
from disentlib.metrics.score import score


@score(ADJUSTED, reference=PLUG_IN)
def mig(
    codes: ArrayLike,
    factors: ArrayLike,
    *,
    continuous: Continuous = False,
    protocol: Protocol | None = None,
    estimator: Estimator | None = None,
    bins: int | None = None,
    correction: Correction | None = None,
) -> float:
    """MIG = mean over factors of (I(best code; factor) - I(second best; factor)) / H(factor).

    Whether each factor is told by one code alone. The best code of a factor may be best for others
    as well (`mig_sup` asks that), and codes about nothing do not lower it.

    It is not a score of modularity: one code that tells every factor scores 1, if no other code
    tells any. And two equal codes score 0, although each is as good as one alone.

    Estimator: adaptive bins, adjusted for chance (`disentlib.metrics.information.estimates` says
    why, and what it changes); equal-width bins and plug-in information under `bins` or `protocol`.
    Independent codes score about 0. With a single code, the second best counts as 0.

    Args:
        codes: real numbers (samples, dims).
        factors: non-negative integers (samples, factors), or real numbers where `continuous`. A
            factor with a single value is left out with a warning.
        continuous: which factors are real-valued, one answer for all or one each.
        protocol: "locatello2019" for 20 equal-width bins; None for the default estimator.
        estimator: "adaptive", "quantile", "width" or "neighbours"
            (`disentlib.metrics.information.estimates`).
        bins: how many; alone, that many equal-width ones.
        correction: "none", "miller_madow" or "shuffle" (`disentlib.metrics.information.estimates`).

    Returns:
        From 0 to 1; NaN if no factor varies.

    Raises:
        TypeError: if codes are not real numbers, or discrete factors not integers.
        ValueError: if shapes do not fit, or a value is NaN, infinite or a negative factor.

    See Also:
        mig_sup: whether each code is about one factor.
        dcimig: both in one number; further codes about a factor cost nothing.
        jemmig: also lowered by what the best code tells of anything else.
        rmig: of posteriors instead of single codes.

    Reference:
        Chen, Li, Grosse and Duvenaud, "Isolating Sources of Disentanglement in Variational
        Autoencoders" (2018); protocol: Locatello et al., "Challenging Common Assumptions in the
        Unsupervised Learning of Disentangled Representations" (2019).

    >>> import numpy as np
    >>> factors = np.indices((10, 10, 10)).reshape(3, -1).T
    >>> mig(factors.astype(float), factors)
    1.0
    """
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
