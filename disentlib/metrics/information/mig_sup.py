"""MIG-sup: the mutual information gap of codes (Li et al. 2020)."""

from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike

from disentlib.arrays import as_array
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

Normaliser = Literal["factor", "code"]


@score(ADJUSTED + ", active codes", reference=PLUG_IN)
def mig_sup(
    codes: ArrayLike,
    factors: ArrayLike,
    *,
    normaliser: Normaliser = "factor",
    active: ArrayLike | None = None,
    continuous: Continuous = False,
    protocol: Protocol | None = None,
    estimator: Estimator | None = None,
    bins: int | None = None,
    correction: Correction | None = None,
) -> float:
    """MIG-sup = mean over codes of N(code; best factor) - N(code; second best), N = I / H(factor).

    Whether each code is about one factor alone: `mig` asks whether each factor has one code, and
    both together for a code of its own for each factor.

    It is not a score of completeness: a factor that no code tells, or many, does not lower it.

    Estimator: adaptive bins, adjusted for chance (`disentlib.metrics.information.estimates`), over
    the active codes: those that share more with some factor than chance explains. Plug-in
    information and all codes under `bins` or `protocol`: there noise lowers the score.

    Args:
        codes: real numbers (samples, dims).
        factors: non-negative integers (samples, factors), or real numbers where `continuous`. A
            factor with a single value is left out with a warning.
        normaliser: "factor" divides by H(factor), as the authors' code does; "code" by H(code).
        active: which codes count (dims,), instead; the authors take those whose mean has a variance
            above 0.01.
        continuous: which factors are real-valued, one answer for all or one each.
        protocol: "locatello2019" for 20 equal-width bins; None for the default estimator.
        estimator: "adaptive", "quantile", "width" or "neighbours"
            (`disentlib.metrics.information.estimates`).
        bins: how many; alone, that many equal-width ones.
        correction: "none", "miller_madow" or "shuffle" (`disentlib.metrics.information.estimates`).

    Returns:
        From 0 to 1, about 0 for independent codes that are made to count; 0 if no code is active;
        NaN if no factor varies.

    Raises:
        TypeError: if codes are not real numbers, or discrete factors not integers.
        ValueError: if shapes do not fit, or a value is NaN, infinite or a negative factor.

    See Also:
        mig: whether each factor has one code; the same gap along the other axis.
        dcimig: gaps along this axis, summed over factors.
        modularity: the same question by squares of information.

    Reference:
        Li, Murkute, Gyawali and Wang, "Progressive Learning and Disentanglement of Hierarchical
        Representations" (2020).

    >>> factors = np.indices((10, 10, 10)).reshape(3, -1).T
    >>> mig_sup(factors.astype(float), factors)
    1.0
    >>> mixed = factors[:, [0, 0]] + factors[:, [1, 2]]
    >>> mig_sup(mixed.astype(float), factors)
    0.0
    """
    if normaliser not in get_args(Normaliser):
        raise ValueError(f"expected normaliser in {get_args(Normaliser)}, got {normaliser!r}")
    if normaliser == "code" and estimator == "neighbours":
        raise ValueError("expected bins to divide by H(code), got estimator 'neighbours'")
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
    counted = estimated.significant.any(axis=1)
    if active is not None:
        counted = as_array(active, "active").astype(np.bool_)
    if counted.shape != estimated.code_entropy.shape[:1]:
        raise ValueError(
            f"expected active of shape {estimated.code_entropy.shape[:1]}, one a code, "
            f"got {counted.shape}"
        )
    if not counted.any():
        return 0.0 if active is None else float("nan")
    parts = estimated.shares()
    if normaliser == "code":
        # A constant code has entropy 0: its shares are 0, not 0 / 0.
        live = estimated.code_entropy > 0
        parts = np.divide(
            estimated.mutual_information,
            estimated.code_entropy,
            out=np.zeros_like(parts),
            where=live,
        )
    best, second = top_two(parts, axis=1)
    return float((best - second)[counted].mean())
