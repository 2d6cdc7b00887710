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

Every score of information takes the same options:

- `estimator`: "quantile" bins as above, "width" for bins of equal width, or "neighbours" for the
  distances to the 3 nearest samples (Ross 2014; for real-valued factors Kraskov, Stögbauer and
  Grassberger 2004), which needs no bins.
- `bins`: how many; alone it means "width". `protocol="locatello2019"` means 20 of equal width.
- `correction`: of the bias. "shuffle" adjusts for chance as above, exactly for bins, and by the
  mean of 100 shuffles for neighbours. "miller_madow" adds (occupied cells - 1) / (2 samples) to
  each entropy. "none" is the literature's plug-in estimate. By default "shuffle" for quantiles, and
  "none" for the others.
- `continuous`: which factors are real-valued. They are cut by the rule that codes are cut by, into
  21 bins where `bins` does not say, so that H(factor) is finite and perfect codes share all of it;
  noise of a bin's width or more shows, that within a bin does not. With "neighbours" nothing is
  cut, H(factor) has no meaning and information no bound: 1 - exp(-2 I), which is R^2 for Gaussians,
  takes the place of I / H(factor).
"""

import warnings
from collections.abc import Sequence
from typing import Any, Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from disentlib import ops
from disentlib.metrics.protocol import Protocol, check_protocol

Continuous = bool | Sequence[bool]
Estimator = Literal["quantile", "width", "neighbours"]
Correction = Literal["none", "miller_madow", "shuffle"]

_SHUFFLES = 100


class ConstantFactorWarning(UserWarning):
    """A factor with a single value was left out of a score: it cannot be told from anything."""


class Estimate(NamedTuple):
    """What codes and factors share, in nats.

    Attributes:
        shared: information of each code about each factor (dims, factors).
        codes: H(code) in the bins that a factor was estimated with (dims, factors); NaN without.
        factors: H(factor) (factors,); 0 for a constant one, infinite for one that is not cut.
        significant: whether a code shares more with a factor than chance explains (dims, factors):
            more than five standard deviations. All True where nothing is adjusted for chance.
        bins: how many bins were asked for (factors,); 0 without.
    """

    shared: NDArray[np.float64]
    codes: NDArray[np.float64]
    factors: NDArray[np.float64]
    significant: NDArray[np.bool_]
    bins: NDArray[np.int64]

    def of_varying_factors(self) -> "Estimate":
        """Return the estimate without constant factors, and warn of each."""
        varying = self.factors > 0
        for factor in np.flatnonzero(~varying):
            warnings.warn(
                f"factor {factor} has a single value and is left out",
                ConstantFactorWarning,
                stacklevel=3,
            )
        return Estimate(
            self.shared[:, varying],
            self.codes[:, varying],
            self.factors[varying],
            self.significant[:, varying],
            self.bins[varying],
        )

    def shares(self) -> NDArray[np.float64]:
        """Return I / H(factor), or 1 - exp(-2 I) where a factor is not cut (dims, factors)."""
        bounded = np.isfinite(self.factors)
        norm = np.where(bounded, self.factors, 1.0)
        return np.where(bounded, self.shared / norm, -np.expm1(-2 * self.shared))


class Method(NamedTuple):
    """How to estimate; the module says what is chosen where an option is None."""

    estimator: Estimator
    bins: int | None
    correction: Correction

    @classmethod
    def chosen(
        cls,
        protocol: Protocol | None,
        estimator: Estimator | None,
        bins: int | None,
        correction: Correction | None,
    ) -> "Method":
        """Return what options mean, or raise ValueError."""
        check_protocol(protocol)
        if estimator is None:
            estimator = "quantile" if bins is None and protocol is None else "width"
        if correction is None:
            correction = "shuffle" if estimator == "quantile" else "none"
        for name, value, choices in (
            ("estimator", estimator, get_args(Estimator)),
            ("correction", correction, get_args(Correction)),
        ):
            if value not in choices:
                raise ValueError(f"expected {name} as one of {choices}, got {value!r}")
        if estimator == "neighbours":
            if bins is not None:
                raise ValueError(f"expected no bins for neighbours, got {bins}")
            if correction == "miller_madow":
                raise ValueError("expected bins for miller_madow, got neighbours, which need none")
        if estimator == "width" and bins is None:
            bins = 20
        return cls(estimator, bins, correction)


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
    continuous: Continuous = False,
    protocol: Protocol | None = None,
    estimator: Estimator | None = None,
    bins: int | None = None,
    correction: Correction | None = None,
) -> Estimate:
    """Estimate the information that each code has about each factor.

    Args:
        codes: real numbers (samples, dims).
        factors: non-negative integers (samples, factors), or real numbers where `continuous`.
        continuous: which factors are real-valued, one answer for all or one each.
        protocol: "locatello2019" means 20 equal-width bins.
        estimator: as the module describes, like the others.
        bins: how many.
        correction: of the bias.

    Raises:
        TypeError: if codes are not real numbers, or discrete factors not integers.
        ValueError: if shapes do not fit, a value is NaN, infinite or a negative factor, or options
            do not go together.
    """
    method = Method.chosen(protocol, estimator, bins, correction)
    table, real = ops.check_mixed_factors(factors, continuous)
    if not real.any():
        return _bounded(_of_labels(codes, table, method))
    codes = ops.check_codes(codes)
    if method.estimator == "neighbours":
        return _bounded(_of_neighbours(codes, table, real, method))
    count = method.bins or default_bins(0, len(table))
    cut = ops.discretise(table[:, real], count, rule=_rule(method))
    parts = [_of_labels(codes, cut, method._replace(bins=count))]
    if not real.all():
        parts.append(_of_labels(codes, table[:, ~real].astype(np.int64), method))
    order = np.argsort(np.concatenate([np.flatnonzero(real), np.flatnonzero(~real)]))
    together = (np.concatenate(both, axis=-1)[..., order] for both in zip(*parts, strict=True))
    return _bounded(Estimate(*together))


def cut_factors(factors: ArrayLike, continuous: Continuous, samples: int) -> NDArray[Any]:
    """Return factors as integers (samples, factors), real-valued ones cut at quantiles."""
    table, real = ops.check_mixed_factors(factors, continuous, samples)
    if not real.any():
        return table
    labels = np.empty(table.shape, np.int64)
    labels[:, ~real] = table[:, ~real]
    labels[:, real] = ops.discretise(table[:, real], default_bins(0, samples), rule="quantile")
    return labels


def shared_by_codes(
    codes: ArrayLike,
    *,
    protocol: Protocol | None = None,
    estimator: Estimator | None = None,
    bins: int | None = None,
    correction: Correction | None = None,
) -> NDArray[np.float64]:
    """Return the information that codes have about each other (dims, dims), perhaps below 0.

    Options are those of `estimate`.
    """
    method = Method.chosen(protocol, estimator, bins, correction)
    codes = ops.check_codes(codes)
    if method.estimator == "neighbours":
        return _of_neighbours(codes, codes, np.ones(codes.shape[1], np.bool_), method).shared
    count = method.bins or default_bins(0, len(codes))
    labels = ops.discretise(codes, count, rule=_rule(method))
    return _of_labels(codes, labels, method._replace(bins=count)).shared


def adjusted(codes: ArrayLike, labels: NDArray[Any], bins: int) -> Estimate:
    """Estimate by quantile bins, adjusted for chance; less than chance shows is below 0."""
    return _of_labels(codes, labels, Method("quantile", bins, "shuffle"))


def _bounded(found: Estimate) -> Estimate:
    return found._replace(shared=np.clip(found.shared, 0.0, found.factors))


def _rule(method: Method) -> Literal["width", "quantile"]:
    return "quantile" if method.estimator == "quantile" else "width"


def _of_labels(codes: ArrayLike, labels: NDArray[Any], method: Method) -> Estimate:
    """Estimate with discrete factors; less than chance shows is below 0."""
    if method.estimator == "neighbours":
        discrete = np.zeros(labels.shape[1], np.bool_)
        return _of_neighbours(ops.check_codes(codes), labels, discrete, method)
    count = method.bins or default_bins(max(map(len, ops.label_counts(labels))), len(labels))
    shuffle = method.correction == "shuffle"
    found = ops.information(codes, labels, bins=count, rule=_rule(method), chance=shuffle)
    of_codes = np.broadcast_to(found.codes[:, None], found.mutual.shape)
    bins = np.full(len(found.factors), count)
    everything = np.ones(found.mutual.shape, np.bool_)
    if method.correction == "miller_madow":
        twice = 2 * len(labels)
        cells = found.bins[:, None] + found.values - found.cells - 1
        return Estimate(
            found.mutual + cells / twice,
            of_codes + (found.bins[:, None] - 1) / twice,
            found.factors + (found.values - 1) / twice,
            everything,
            bins,
        )
    if not shuffle:
        return Estimate(found.mutual, of_codes, found.factors, everything, bins)
    # 2 n I of independent labels is about chi-squared with this many degrees of freedom.
    freedom = np.maximum((found.bins[:, None] - 1) * (found.values - 1), 0)
    deviation = np.sqrt(2.0 * freedom) / (2 * len(labels))
    shared, significant = _beyond_chance(found.mutual, found.chance, deviation, found.factors)
    return Estimate(shared, of_codes, found.factors, significant, bins)


def _of_neighbours(
    codes: NDArray[Any], table: NDArray[Any], real: NDArray[np.bool_], method: Method
) -> Estimate:
    """Estimate without bins."""
    shared = ops.neighbour_information(codes, table, continuous=real)
    entropies = np.full(len(real), np.inf)
    labels = table[:, ~real].astype(np.int64)
    if labels.size:
        entropies[~real] = ops.entropy(labels)
    entropies[np.ptp(table, axis=0) == 0] = 0.0
    significant = np.ones(shared.shape, np.bool_)
    if method.correction == "shuffle":
        random = np.random.default_rng(0)
        by_chance = [
            ops.neighbour_information(codes, table[random.permutation(len(table))], continuous=real)
            for _ in range(_SHUFFLES)
        ]
        shared, significant = _beyond_chance(
            shared, np.mean(by_chance, axis=0), np.std(by_chance, axis=0), entropies
        )
    nothing = np.full(shared.shape, np.nan)
    return Estimate(shared, nothing, entropies, significant, np.zeros(len(real), np.int64))


def _beyond_chance(
    shared: NDArray[np.float64],
    chance: NDArray[np.float64],
    deviation: NDArray[np.float64],
    entropies: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return H (I - E) / (H - E), or I - E where H is infinite, and whether it is significant."""
    excess = shared - chance
    room = entropies - chance
    # No room: a constant factor, or one whose values are as many as the samples.
    some = room > 1e-9
    adjusted = np.zeros_like(excess)
    finite = np.isfinite(entropies)
    scale = np.where(finite, entropies, 1.0)
    np.divide(excess * scale, np.where(finite, room, 1.0), out=adjusted, where=some)
    return adjusted, some & (excess > 5 * deviation)


def top_two(matrix: NDArray[Any], axis: int) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return the largest and the second largest entries along an axis; alone, the second is 0."""
    ordered = np.sort(matrix, axis=axis)
    best = np.take(ordered, -1, axis=axis)
    return best, np.take(ordered, -2, axis=axis) if matrix.shape[axis] > 1 else np.zeros_like(best)


def mean(values: NDArray[Any]) -> float:
    """Return the mean as a float, NaN of nothing."""
    return float(values.mean()) if values.size else float("nan")
