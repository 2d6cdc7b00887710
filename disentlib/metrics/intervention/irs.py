"""Interventional robustness score (Suter et al. 2019)."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from disentlib import ops
from disentlib.metrics.factors import varying
from disentlib.metrics.information.estimates import Continuous, binned_factors
from disentlib.metrics.outliers import warn_of_outliers
from disentlib.metrics.protocol import Protocol, check_protocol
from disentlib.metrics.score import score
from disentlib.ops.validate import check_finite


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


@score(
    "0.99 quantiles",
    reference="0.99 quantiles against the maximum, 20 factor bins",
    moments=True,
)
def irs(
    codes: ArrayLike,
    factors: ArrayLike,
    *,
    continuous: Continuous = False,
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

    A real-valued factor keeps its value while it stays in one of 21 bins of equally many samples.
    Even perfect codes stray by a bin's width: those of a uniform factor score 0.95, of a Gaussian
    one, whose outer bins are wide, 0.92.

    Args:
        codes: real numbers (samples, dims).
        factors: non-negative integers (samples, factors), or real numbers where `continuous`. A
            factor with a single value is left out with a warning.
        continuous: which factors are real-valued, one answer for all or one each.
        protocol: "locatello2019" for the reference's choices.
        quantile: 1 for the largest deviation; the nearer to 1, the more a single outlier decides.
        factor_bins: into how many equal-width bins a factor's values are merged, real-valued ones
            too; None for none, and 20 under the protocol.

    Returns:
        From 0 to 1; 0 if all codes are constant, NaN if no factor varies.

    Raises:
        TypeError: if codes are not real numbers, or discrete factors not integers.
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
        codes,
        factors,
        continuous=continuous,
        protocol=protocol,
        quantile=quantile,
        factor_bins=factor_bins,
    ).score


def robustness(
    codes: ArrayLike,
    factors: ArrayLike,
    *,
    continuous: Continuous = False,
    protocol: Protocol | None = None,
    quantile: float = 0.99,
    factor_bins: int | None = None,
) -> Robustness:
    """Return what `irs` is made of; arguments are those of `irs`, but bins are always said."""
    check_protocol(protocol)
    array = ops.check_codes(codes, finite=False)
    low, high = ops.column_ranges(array)
    check_finite(array, low, high)
    powers = ops.exponents(array, together=True)
    if powers.any():
        array, low, high = (np.ldexp(part, powers) for part in (array, low, high))
    table = _discrete(factors, continuous, len(array), factor_bins)
    kept = varying(table)
    if not kept.all():
        table = table[:, kept]
    live = np.flatnonzero(low < high)
    if len(live) < array.shape[1]:
        array, low, high = array[:, live], low[live], high[live]
    if not table.size or not live.size:
        empty = np.zeros((len(live), table.shape[1]))
        score = float("nan") if not table.size else 0.0
        none = np.zeros(len(live))
        return Robustness(score, none, none.astype(np.int64), empty, none, live)
    strayed = ops.group_deviations(
        array, table, quantile=quantile, bins=factor_bins, overall=protocol is None
    )
    centre = np.einsum("ij->j", array, dtype=np.float64) / len(array)  # much faster than a mean
    overall = np.maximum(high - centre, centre - low)
    if protocol is not None:
        matrix = 1 - strayed / overall[:, None]
    else:
        inside, usual = strayed[:, :-1], strayed[:, -1]
        # A sample with a tenth of the variance lies this far beyond the quantile. Only then is the
        # slower search for outliers needed.
        if (overall > np.sqrt(0.1 * (1 - quantile) * len(array)) * usual).any():
            warn_of_outliers(array, stacklevel=4)
        overall = np.where(usual > 0, usual, overall)
        matrix = np.clip(1 - inside / overall[:, None], 0.0, 1.0)
    best = matrix.max(axis=1)
    score = float((best * overall).sum() / overall.sum())
    deviations = np.ldexp(overall, -powers[live])
    return Robustness(score, best, matrix.argmax(axis=1), matrix, deviations, live)


def _discrete(
    factors: ArrayLike, continuous: Continuous, samples: int, bins: int | None
) -> NDArray[Any]:
    """Return factors as integers (samples, factors), real-valued ones as their bins."""
    if bins is None:
        return binned_factors(factors, continuous, samples)
    table, real = ops.check_mixed_factors(factors, continuous, samples)
    if not real.any():
        return table
    labels = table.astype(np.int64)
    labels[:, real] = ops.discretise(table[:, real], bins)
    return labels
