"""DCIMIG, first called 3CharM (Sepliarskaia et al. 2019)."""

import numpy as np
from numpy.typing import ArrayLike

from disentlib.metrics.information.estimates import (
    ADJUSTED,
    PLUG_IN,
    Continuous,
    Correction,
    Estimator,
    estimate,
    top_two,
)
from disentlib.metrics.protocol import Protocol
from disentlib.metrics.score import score


@score(ADJUSTED, reference=PLUG_IN)
def dcimig(
    codes: ArrayLike,
    factors: ArrayLike,
    *,
    continuous: Continuous = False,
    protocol: Protocol | None = None,
    estimator: Estimator | None = None,
    bins: int | None = None,
    correction: Correction | None = None,
) -> float:
    """DCIMIG = sum over factors of the largest gap of a code that prefers it / sum of H(factor).

    The gap of a code is I(code; best factor) - I(code; second best). Whether each factor has a code
    that is about it alone and tells all of it: disentanglement, completeness and informativeness in
    one. A factor that no code prefers adds 0. Further codes about a factor cost nothing.

    It is not `dci`, which takes importances to boosted trees, nor the mean of `mig` and `mig_sup`.

    Estimator: adaptive bins, adjusted for chance (`disentlib.metrics.information.estimates`);
    equal-width bins and plug-in information under `bins` or `protocol`. Independent codes score
    about 0.

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
        mig: gaps between codes; two equal codes score 0.
        mig_sup: gaps between factors, averaged over codes.
        dci: the three properties as three numbers.

    Reference:
        Sepliarskaia, Kiseleva and de Rijke, "How to Not Measure Disentanglement" (2019).

    >>> factors = np.indices((10, 10, 10)).reshape(3, -1).T
    >>> dcimig(factors.astype(float), factors)
    1.0
    >>> dcimig(factors[:, :2].astype(float), factors)  # no code carries the third factor
    0.666...
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
    if not estimated.factor_entropy.size:
        return float("nan")
    if np.isinf(estimated.factor_entropy).any():
        raise ValueError(
            "expected an estimator of bins where factors are real-valued, got 'neighbours': the "
            "gaps are divided by entropies"
        )
    best, second = top_two(estimated.mutual_information, axis=1)
    gaps = np.zeros(len(estimated.factor_entropy))
    np.maximum.at(gaps, estimated.mutual_information.argmax(axis=1), best - second)
    return float(gaps.sum() / estimated.factor_entropy.sum())
