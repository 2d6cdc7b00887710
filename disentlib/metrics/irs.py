"""Interventional robustness score (Suter et al. 2019)."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from disentlib import ops
from disentlib.metrics.factors import varying
from disentlib.metrics.outliers import warn_of_outliers
from disentlib.metrics.protocol import Protocol, check_protocol


class Robustness(NamedTuple):
    """What the score is made of, for plots.

    Attributes:
        score: the average of `codes`, weighted by their deviations.
        codes: each live code's robustness to its parent's interventions (live,).
        parents: the factor that a live code is most robust with (live,).
        matrix: the robustness of each live code with each factor that varies (live, factors).
        deviations: how far each live code strays from its mean at most (live,).
        live: which codes are not constant (live,).
    """

    score: float
    codes: NDArray[np.float64]
    parents: NDArray[np.int64]
    matrix: NDArray[np.float64]
    deviations: NDArray[np.float64]
    live: NDArray[np.int64]


def irs(
    codes: ArrayLike,
    factors: ArrayLike,
    *,
    protocol: Protocol | None = None,
    quantile: float = 0.99,
    factor_bins: int | None = None,
) -> float:
    """IRS = mean over codes of max over factors of 1 - E[deviation | factor] / deviation.

    Whether a code stays where it is while its factor keeps its value and all others change. A
    group's deviation is the `quantile` of |z - group mean|, averaged over the factor's values, and
    is measured against the same quantile over all samples; codes weigh what they deviate in all.
    Independent codes score about 0 with 100 samples a value or more; groups of few samples stray
    less than they would.

    The reference measures quantiles against the largest deviation of all, so that independent codes
    score 0.4, and merges the values of large factors into 20 bins: both under the protocol.

    Args:
        codes: real numbers (samples, dims).
        factors: non-negative integers (samples, factors). A factor with a single value is left out
            with a warning.
        protocol: "locatello2019" for the reference's choices.
        quantile: 1 for the largest deviation; the nearer to 1, the more a single outlier decides.
        factor_bins: into how many equal-width bins a factor's values are merged; None for none, and
            20 under the protocol.

    Returns:
        From 0 to 1; 0 if all codes are constant, NaN if no factor varies.

    Raises:
        TypeError: if codes are not real numbers or factors not integers.
        ValueError: if shapes do not fit, or a value is NaN, infinite or a negative factor.

    Reference:
        Suter, Miladinovic, Schoelkopf and Bauer, "Robustly Disentangled Causal Mechanisms" (2019);
        protocol: Locatello et al., "Challenging Common Assumptions in the Unsupervised Learning of
        Disentangled Representations" (2019).

    >>> factors = np.indices((10, 10, 10)).reshape(3, -1).T
    >>> irs(factors.astype(float), factors)
    1.0
    """
    if protocol == "locatello2019" and factor_bins is None:
        factor_bins = 20
    return robustness(
        codes, factors, protocol=protocol, quantile=quantile, factor_bins=factor_bins
    ).score


def robustness(
    codes: ArrayLike,
    factors: ArrayLike,
    *,
    protocol: Protocol | None = None,
    quantile: float = 0.99,
    factor_bins: int | None = None,
) -> Robustness:
    """Return what `irs` is made of; arguments are those of `irs`, but bins are always said."""
    check_protocol(protocol)
    array = ops.check_codes(codes).astype(np.float64)
    table = ops.check_factors(factors, len(array))
    table = table[:, varying(table)]
    low, high = ops.column_ranges(array)
    live = np.flatnonzero(low < high)
    if len(live) < array.shape[1]:
        array, low, high = array[:, live], low[live], high[live]
    if not table.size or not live.size:
        nothing = np.zeros((len(live), table.shape[1]))
        score = float("nan") if not table.size else 0.0
        none = np.zeros(len(live))
        return Robustness(score, none, none.astype(np.int64), nothing, none, live)
    if factor_bins is not None:
        table = ops.discretise(table.astype(np.float64), factor_bins)
    centre = np.einsum("ij->j", array) / len(array)  # several times as fast as a mean
    overall = np.maximum(high - centre, centre - low)
    if protocol is not None:
        matrix = 1 - ops.group_deviations(array, table, quantile=quantile) / overall[:, None]
    else:
        everyone = np.zeros((len(table), 1), table.dtype)  # one group of all samples
        strayed = ops.group_deviations(array, np.hstack([table, everyone]), quantile=quantile)
        inside, usual = strayed[:, :-1], strayed[:, -1]
        # A sample of a tenth of the variance is far beyond the quantile; else spare the search.
        if (overall > np.sqrt(0.1 * (1 - quantile) * len(array)) * usual).any():
            warn_of_outliers(array, stacklevel=4)
        overall = np.where(usual > 0, usual, overall)
        matrix = np.clip(1 - inside / overall[:, None], 0.0, 1.0)
    best = matrix.max(axis=1)
    score = float(np.average(best, weights=overall))
    return Robustness(score, best, matrix.argmax(axis=1), matrix, overall, live)
