"""How scores estimate the information that codes and factors share.

By default a code is cut at quantiles, into about twice as many bins as the factors have values,
and information is adjusted for chance (Vinh, Epps and Bailey 2010): with E the exact mean of I when
codes and factors are paired at random,

    I_adjusted = H(factor) (I - E) / (H(factor) - E), at least 0.

Why not the usual 20 equal-width bins:

- 20 bins cannot tell 40 values apart: perfect codes of dSprites have a MIG of 0.90 with 10,000
  samples. Bins at quantiles that keep equal values and clusters whole give 1.00, whatever the
  spacing of the values.
- One outlier among 10,000 samples moves nearly all others into one bin: the MIG of the same codes
  is 0.00. Quantiles do not notice it: 1.00.
- Plug-in information is biased upwards by about (bins - 1)(values - 1) / (2 samples), 0.6 nats for
  1,000 samples of 32 and 40 values: useless codes look informative, and perfect ones, whose
  runner-up is never at 0, do not reach 1. Adjusted, independent codes share 0 on average, and
  perfect codes of 1,000 samples reach 0.99 instead of 0.89.

`bins=n` and `protocol="locatello2019"` (20 bins) give the literature's plug-in estimate from bins
of equal width.
"""

import warnings
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from disentlib import ops
from disentlib.metrics.protocol import Protocol, check_protocol


class ConstantFactorWarning(UserWarning):
    """A factor with a single value was left out of a score: it cannot be told from anything."""


class Estimate(NamedTuple):
    """What codes and factors share, in nats.

    Attributes:
        shared: information of each code about each factor (dims, factors).
        codes: H(code) (dims,).
        factors: H(factor) (factors,); 0 for a constant one.
        significant: whether a code shares more with a factor than chance explains (dims, factors):
            more than five standard deviations. All True where nothing is adjusted for chance.
        bins: how many bins were asked for.
    """

    shared: NDArray[np.float64]
    codes: NDArray[np.float64]
    factors: NDArray[np.float64]
    significant: NDArray[np.bool_]
    bins: int

    def of_varying_factors(self) -> "Estimate":
        """Return the estimate without constant factors, and warn of each."""
        varying = self.factors > 0
        for factor in np.flatnonzero(~varying):
            warnings.warn(
                f"factor {factor} has a single value and is left out",
                ConstantFactorWarning,
                stacklevel=3,
            )
        return self._replace(
            shared=self.shared[:, varying],
            factors=self.factors[varying],
            significant=self.significant[:, varying],
        )


def default_bins(values: int, samples: int) -> int:
    """Return how many quantile bins hold a factor of `values` values: 2 values + 1, at least 21.

    Half a value's samples fill a bin, so that a value cannot fall between two quantiles; the number
    is odd, so that no edge sits on the median and mirrored codes get mirrored bins. Five samples a
    bin must be left.

    >>> default_bins(40, samples=10_000)
    81
    """
    bins = min(max(2 * values + 1, 21), max(samples // 5, 3))
    return bins - 1 + bins % 2


def estimate(
    codes: ArrayLike,
    factors: ArrayLike,
    *,
    protocol: Protocol | None = None,
    bins: int | None = None,
) -> Estimate:
    """Estimate the information that each code has about each factor.

    Args:
        codes: real numbers (samples, dims).
        factors: non-negative integers (samples, factors).
        protocol: "locatello2019" means 20 equal-width bins.
        bins: that many equal-width bins and the plug-in estimate; None leaves it to `protocol`, and
            without one to the default that the module describes.

    Raises:
        TypeError: if codes are not real numbers or factors not integers.
        ValueError: if shapes do not fit, or a value is NaN, infinite or a negative factor.
    """
    check_protocol(protocol)
    factors = ops.check_factors(factors)
    if bins is None and protocol == "locatello2019":
        bins = 20
    if bins is not None:
        found = ops.information(codes, factors, bins=bins)
        everything = np.ones(found.mutual.shape, np.bool_)
        return Estimate(found.mutual, found.codes, found.factors, everything, bins)
    values = max(map(len, ops.label_counts(factors)))
    unclipped = adjusted(codes, factors, default_bins(values, len(factors)))
    return unclipped._replace(shared=np.clip(unclipped.shared, 0.0, unclipped.factors))


def adjusted(codes: ArrayLike, labels: ArrayLike, bins: int) -> Estimate:
    """Estimate by quantile bins, adjusted for chance; less than chance shows is below 0."""
    found = ops.information(codes, labels, bins=bins, rule="quantile", chance=True)
    excess = found.mutual - found.chance
    room = found.factors - found.chance
    # No room: a constant factor, or one whose values are as many as the samples.
    some = room > 1e-9
    shared = np.zeros_like(excess)
    np.divide(excess * found.factors, room, out=shared, where=some)
    # 2 n I of independent labels is about chi-squared with this many degrees of freedom.
    freedom = np.maximum((found.bins[:, None] - 1) * (found.values - 1), 0)
    deviation = np.sqrt(2.0 * freedom) / (2 * len(np.asarray(labels)))
    significant = some & (excess > 5 * deviation)
    return Estimate(shared, found.codes, found.factors, significant, bins)


def top_two(matrix: NDArray[Any], axis: int) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return the largest and the second largest entries along an axis; alone, the second is 0."""
    ordered = np.sort(matrix, axis=axis)
    best = np.take(ordered, -1, axis=axis)
    return best, np.take(ordered, -2, axis=axis) if matrix.shape[axis] > 1 else np.zeros_like(best)


def mean(values: NDArray[Any]) -> float:
    """Return the mean as a float, NaN of nothing."""
    return float(values.mean()) if values.size else float("nan")
