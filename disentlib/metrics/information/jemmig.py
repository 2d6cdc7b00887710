"""JEMMIG: joint entropy minus mutual information gap (Do and Tran 2020)."""

import numpy as np
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
def jemmig(
    codes: ArrayLike,
    factors: ArrayLike,
    *,
    continuous: Continuous = False,
    protocol: Protocol | None = None,
    estimator: Estimator | None = None,
    bins: int | None = None,
    correction: Correction | None = None,
) -> float:
    """JEMMIG = mean over factors of 1 - (H(best code, factor) - gap) / (H(factor) + ln bins).

    The gap is that of `mig`, I(best code; factor) - I(second best; factor). Whether each factor is
    told by one code, and that code by the factor: a code that also carries something else has a
    larger joint entropy. In this normalised form higher is better.

    It is not a share of H(factor), as `mig` is: ln bins enters, so that numbers of different bins
    do not compare.

    Estimator: adaptive bins, adjusted for chance (`disentlib.metrics.information.estimates`);
    equal-width bins and plug-in information under `bins` or `protocol`.

    Args:
        codes: real numbers (samples, dims).
        factors: non-negative integers (samples, factors), or real numbers where `continuous`. A
            factor with a single value is left out with a warning.
        continuous: which factors are real-valued, one answer for all or one each.
        protocol: "locatello2019" for 20 equal-width bins; None for the default estimator.
        estimator: "adaptive", "quantile" or "width" (`disentlib.metrics.information.estimates`).
        bins: how many; alone, that many equal-width ones.
        correction: "none", "miller_madow" or "shuffle" (`disentlib.metrics.information.estimates`).

    Returns:
        From 0 to 1; NaN if no factor varies. Independent codes score (ln bins - H(code)) /
        (H(factor) + ln bins): about 0 by default, 0.1 for Gaussian codes in 20 equal-width bins,
        and much for codes of few values.

    Raises:
        TypeError: if codes are not real numbers, or discrete factors not integers.
        ValueError: if shapes do not fit, or a value is NaN, infinite or a negative factor.

    See Also:
        mig: the gap alone.
        dcimig: modularity and compactness in one, as a share of H(factor).

    Reference:
        Do and Tran, "Theory and Evaluation Metrics for Learning Disentangled Representations"
        (2020); normalised as by Carbonneau et al., "Measuring Disentanglement: A Review of Metrics"
        (2022).

    >>> factors = np.indices((10, 10, 10)).reshape(3, -1).T
    >>> jemmig(factors.astype(float), factors)
    1.0
    """
    if estimator == "neighbours":
        raise ValueError("expected an estimator of bins, for joint entropies, got 'neighbours'")
    estimated = estimate(
        codes,
        factors,
        continuous=continuous,
        protocol=protocol,
        estimator=estimator,
        bins=bins,
        correction=correction,
    ).of_varying_factors()
    best, second = top_two(estimated.mutual_information, axis=0)
    own = estimated.code_entropy[
        estimated.mutual_information.argmax(axis=0), np.arange(len(estimated.factor_entropy))
    ]
    joint = own + estimated.factor_entropy - best
    raw = joint - (best - second)
    # Runs of equal values may open more bins than were asked for. A code of noise that fills them
    # has a joint entropy above the bound, so the ratio is clipped.
    return mean(np.clip(1 - raw / (estimated.factor_entropy + np.log(estimated.bins)), 0, 1))
