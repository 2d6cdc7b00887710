"""Modularity (Ridgeway and Mozer 2018, equation 2)."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from disentlib.metrics.information.estimates import (
    ADJUSTED,
    PLUG_IN,
    Continuous,
    Correction,
    Estimator,
    estimate,
)
from disentlib.metrics.protocol import Protocol
from disentlib.metrics.score import score


@score(ADJUSTED + ", active codes", reference=PLUG_IN)
def modularity(
    codes: ArrayLike,
    factors: ArrayLike,
    *,
    continuous: Continuous = False,
    protocol: Protocol | None = None,
    estimator: Estimator | None = None,
    bins: int | None = None,
    correction: Correction | None = None,
) -> float:
    """Modularity = mean over codes of 1 - sum of other factors' I^2 / ((factors - 1) max I^2).

    Whether each code is about one factor alone. Nothing is said about a factor that no code, or
    many codes, tell.

    Estimator: adaptive bins, adjusted for chance (`disentlib.metrics.information.estimates`), over
    the codes that share more with some factor than chance explains; noise has none and scores 0.
    Plug-in information over all codes, as under `bins` or `protocol`, gives pure noise about 0.99
    at any number of samples, as its bias is largest for the factor with most values.

    Args:
        codes: real numbers (samples, dims).
        factors: non-negative integers (samples, factors), or real numbers where `continuous`. A
            factor with a single value is left out with a warning, except under a protocol, which
            counts it.
        continuous: which factors are real-valued, one answer for all or one each.
        protocol: "locatello2019" for 20 equal-width bins and all codes, those that share exactly
            nothing counting 0; None for the default estimator.
        estimator: "adaptive", "quantile", "width" or "neighbours"
            (`disentlib.metrics.information.estimates`).
        bins: how many; alone, that many equal-width ones.
        correction: "none", "miller_madow" or "shuffle" (`disentlib.metrics.information.estimates`).
            Without "shuffle" all codes count.

    Returns:
        From 0 to 1; 0 if no code is about any factor; NaN if fewer than two factors vary, as then
        there is no other factor to be about.

    Raises:
        TypeError: if codes are not real numbers, or discrete factors not integers.
        ValueError: if shapes do not fit, or a value is NaN, infinite or a negative factor.

    Reference:
        Ridgeway and Mozer, "Learning Deep Disentangled Embeddings with the F-Statistic Loss"
        (2018); protocol: Locatello et al., "Challenging Common Assumptions in the Unsupervised
        Learning of Disentangled Representations" (2019).

    >>> import numpy as np
    >>> factors = np.indices((10, 10, 10)).reshape(3, -1).T
    >>> modularity(factors.astype(float), factors)
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
    )
    if protocol is None:
        estimated = estimated.of_varying_factors()
    if estimated.mutual_information.shape[1] < 2:
        return float("nan")
    of_codes = modularity_of(estimated.mutual_information[estimated.significant.any(axis=1)])
    return float(of_codes.mean()) if of_codes.size else 0.0


def modularity_of(matrix: NDArray[Any]) -> NDArray[np.float64]:
    """Return the modularity (dims,) of each row of an importance matrix (dims, factors).

    NaN where there is a single factor: there is no other.

    >>> modularity_of(np.array([[1, 0.5], [0, 1], [0, 0]]))
    array([0.75, 1.  , 0.  ])
    """
    if matrix.shape[1] < 2:
        return np.full(len(matrix), np.nan)
    squared = np.square(matrix)
    best = squared.max(axis=1)
    others = (squared.sum(axis=1) - best) / (matrix.shape[1] - 1)
    return np.where(best > 0, 1 - np.divide(others, best, where=best > 0, out=others.copy()), 0.0)
