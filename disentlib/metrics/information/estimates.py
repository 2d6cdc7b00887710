"""How scores estimate the information that codes and factors share.

By default codes are cut at quantiles, into about twice as many bins as the factors have values, and
finer where samples are few for a factor with rare values: one whose rarest value has less than half
the samples that an even share would be ("adaptive"). Information is adjusted for chance (Vinh, Epps
and Bailey 2010): with E the exact mean of I when codes and factors are paired at random,

    I_adjusted = H(factor) (I - E) / (H(factor) - E), at least 0.

Where to cut follows from the code alone, and how from the factor's counts alone, never from what
they share, so that E is exact.

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

Why not quantiles alone: values rarer than a bin are lost in it, however many samples there are.
I / H(factor), means over seeds, of y + 0.3 N(0, 1), 20,000 samples, where y is 1 with probability
q; and of ten values, nine of them 0.6 % each, + 0.05 N(0, 1), 10,000 samples, and of exp of that:

    cuts                                  q = .005   .02    .05    ten    exp
    the truth                                 .689  .744   .776   1.00   1.00
    quantiles                                 .444  .589   .743    .62    .60
    40 quantiles and 40 equal widths          .696  .747   .783   1.00    .78
    quantiles, finer in the tails             .706  .744   .778    .95    .94
    "adaptive"                                .709  .745   .779   1.00   1.00

- Each value is a bin where a code has no more of them than there are bins.
- Quantiles get finer towards both ends: each next cut is a fifth of the way to the end farther in.
  That tells rare values apart that lie at an end, under any monotone map of the code.
- Rare values elsewhere leave their trace in the density. What samples fill unevenly or thinly is
  cut into four equal widths, over and over: equal widths, but where they are needed, so that
  outliers and monotone maps move only what is near. Equal widths of the whole range lose what
  exp(z) moves together.
- Balanced factors have no use for finer bins, which chance fills: they lower I / H of noisy codes
  of 1,000 samples and ten values from .450 to .435, as E takes off more than there was. 400
  quantiles for every factor would leave q = .005 at .60.

Every score of information takes the same options:

- `estimator`: "adaptive" bins as above, "quantile" for quantiles alone, "width" for bins of equal
  width, or "neighbours" for the distances to the 3 nearest samples (Ross 2014; for real-valued
  factors Kraskov, Stögbauer and Grassberger 2004), which needs no bins.
- `bins`: how many; alone it means "width". `protocol="locatello2019"` means 20 of equal width.
- `correction`: of the bias. "shuffle" adjusts for chance as above, exactly for bins, and by the
  mean of 100 shuffles for neighbours. "miller_madow" adds (occupied cells - 1) / (2 samples) to
  each entropy. "none" is the literature's plug-in estimate. By default "shuffle" for "adaptive" and
  "quantile", and "none" for the others.
- `continuous`: which factors are real-valued. They are binned at quantiles, with "width" in equal
  widths, into 21 bins where `bins` does not say, so that H(factor) is finite and perfect codes
  share all of it; noise of a bin's width or more shows, that within a bin does not. Under
  "adaptive" a factor of at most 21 values keeps them. With "neighbours" there are no bins,
  H(factor) has no meaning and information no bound: 1 - exp(-2 I), which is R^2 for Gaussians,
  takes the place of I / H(factor).
"""

import warnings
from collections.abc import Sequence
from typing import Any, Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from disentlib import ops
from disentlib.metrics.protocol import Protocol, check_protocol
from disentlib.ops.information import Rule

Continuous = bool | Sequence[bool]
Estimator = Literal["adaptive", "quantile", "width", "neighbours"]
Correction = Literal["none", "miller_madow", "shuffle"]

# What tables say that scores are estimated with.
ADJUSTED = "adaptive bins, chance-adjusted"
PLUG_IN = "equal-width bins, plug-in"
LINEAR = "linear or logistic regression"

_SHUFFLES = 100


class ConstantFactorWarning(UserWarning):
    """A factor with a single value was left out of a score: it cannot be told from anything."""


class Estimate(NamedTuple):
    """What codes and factors share, in nats.

    Attributes:
        mutual_information: of each code and each factor (dims, factors).
        code_entropy: H(code) in the bins that a factor was estimated with, adaptive ones before
            they are refined (dims, factors); NaN without bins.
        factor_entropy: H(factor) (factors,); 0 for a constant one, infinite for a real-valued one
            without bins.
        significant: whether a code shares more with a factor than chance explains (dims, factors):
            more than five standard deviations. All True where nothing is adjusted for chance.
        bins: how many bins were asked for (factors,); 0 without.
    """

    mutual_information: NDArray[np.float64]
    code_entropy: NDArray[np.float64]
    factor_entropy: NDArray[np.float64]
    significant: NDArray[np.bool_]
    bins: NDArray[np.int64]

    def of_varying_factors(self) -> "Estimate":
        """Return the estimate without constant factors, and warn of each."""
        varying = self.factor_entropy > 0
        for factor in np.flatnonzero(~varying):
            warnings.warn(
                f"factor {factor} has a single value and is left out",
                ConstantFactorWarning,
                stacklevel=3,
            )
        return Estimate(
            self.mutual_information[:, varying],
            self.code_entropy[:, varying],
            self.factor_entropy[varying],
            self.significant[:, varying],
            self.bins[varying],
        )

    def shares(self) -> NDArray[np.float64]:
        """Return I / H(factor), or 1 - exp(-2 I) where H(factor) is infinite (dims, factors)."""
        bounded = np.isfinite(self.factor_entropy)
        norm = np.where(bounded, self.factor_entropy, 1.0)
        return np.where(
            bounded, self.mutual_information / norm, -np.expm1(-2 * self.mutual_information)
        )


class Estimation(NamedTuple):
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
    ) -> "Estimation":
        """Return what options mean, or raise ValueError."""
        check_protocol(protocol)
        if estimator is None:
            estimator = "adaptive" if bins is None and protocol is None else "width"
        if correction is None:
            correction = "shuffle" if estimator in ("adaptive", "quantile") else "none"
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
    method = Estimation.chosen(protocol, estimator, bins, correction)
    table, real = ops.check_mixed_factors(factors, continuous)
    if not real.any():
        return _bounded(_of_labels(codes, table, method))
    codes = ops.check_codes(codes)
    if method.estimator == "neighbours":
        return _bounded(_of_neighbours(codes, table, real, method))
    count = method.bins or default_bins(0, len(table))
    binned = _binned(table[:, real], count, method)
    estimated = _of_labels(codes, binned, method._replace(bins=count))
    if not real.all():
        discrete = _of_labels(codes, table[:, ~real].astype(np.int64), method)
        estimated = _joined(estimated, discrete, real)
    return _bounded(estimated)


def binned_factors(factors: ArrayLike, continuous: Continuous, samples: int) -> NDArray[Any]:
    """Return factors as integers (samples, factors), real-valued ones cut at quantiles."""
    table, real = ops.check_mixed_factors(factors, continuous, samples)
    if not real.any():
        return table
    labels = np.empty(table.shape, np.int64)
    labels[:, ~real] = table[:, ~real]
    method = Estimation.chosen(None, None, None, None)
    labels[:, real] = _binned(table[:, real], default_bins(0, samples), method)
    return labels


def information_between_codes(
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
    method = Estimation.chosen(protocol, estimator, bins, correction)
    codes = ops.check_codes(codes)
    if method.estimator == "neighbours":
        return _of_neighbours(
            codes, codes, np.ones(codes.shape[1], np.bool_), method
        ).mutual_information
    count = method.bins or default_bins(0, len(codes))
    labels = _binned(codes, count, method)
    return _of_labels(codes, labels, method._replace(bins=count)).mutual_information


def adjusted(codes: ArrayLike, labels: NDArray[Any], bins: int) -> Estimate:
    """Estimate by adaptive bins, adjusted for chance; less than chance shows is below 0."""
    return _of_labels(codes, labels, Estimation("adaptive", bins, "shuffle"))


def _bounded(estimated: Estimate) -> Estimate:
    """Return the estimate with information between 0 and H(factor)."""
    bounded = np.clip(estimated.mutual_information, 0.0, estimated.factor_entropy)
    return estimated._replace(mutual_information=bounded)


def _binned(columns: NDArray[Any], bins: int, method: Estimation) -> NDArray[np.int64]:
    """Return real numbers as labels (samples, columns)."""
    rule: Rule = "width" if method.estimator == "width" else "quantile"
    labels = ops.discretise(columns, bins, rule=rule).astype(np.int64)
    if method.estimator == "adaptive":
        for j, column in enumerate(columns.T):
            values, numbers = np.unique(column, return_inverse=True)
            if len(values) <= bins:
                labels[:, j] = numbers
    return labels


def _joined(chosen: Estimate, others: Estimate, which: NDArray[np.bool_]) -> Estimate:
    """Return one estimate of the factors of two, of which `which` says whose (factors,)."""
    order = np.argsort(np.concatenate([np.flatnonzero(which), np.flatnonzero(~which)]))
    both = zip(chosen, others, strict=True)
    return Estimate(*(np.concatenate(parts, axis=-1)[..., order] for parts in both))


def _of_labels(codes: ArrayLike, labels: NDArray[Any], method: Estimation) -> Estimate:
    """Estimate with discrete factors; less than chance shows is below 0."""
    if method.estimator == "neighbours":
        discrete = np.zeros(labels.shape[1], np.bool_)
        return _of_neighbours(ops.check_codes(codes), labels, discrete, method)
    counts = ops.label_counts(labels)
    bins = method.bins or default_bins(max(map(len, counts)), len(labels))
    if method.estimator != "adaptive":
        return _of_bins(codes, labels, bins, method.estimator, method.correction)
    rare = np.array([2 * column.min() * len(column) < len(labels) for column in counts])
    if not rare.any():
        return _of_bins(codes, labels, bins, "quantile", method.correction)
    table = np.asarray(labels)
    estimated = _of_bins(codes, table[:, rare], bins, "adaptive", method.correction)
    if not rare.all():
        others = _of_bins(codes, table[:, ~rare], bins, "quantile", method.correction)
        estimated = _joined(estimated, others, rare)
    return estimated


def _of_bins(
    codes: ArrayLike, labels: NDArray[Any], bins: int, rule: Rule, correction: Correction
) -> Estimate:
    counted = ops.information(codes, labels, bins=bins, rule=rule, chance=correction == "shuffle")
    of_codes = np.broadcast_to(counted.code_entropy[:, None], counted.mutual_information.shape)
    asked = np.full(len(counted.factor_entropy), bins)
    significant = np.ones(counted.mutual_information.shape, np.bool_)
    if correction == "miller_madow":
        twice = 2 * len(labels)
        cells = counted.bins[:, None] + counted.values - counted.cells - 1
        return Estimate(
            counted.mutual_information + cells / twice,
            of_codes + (counted.bins[:, None] - 1) / twice,
            counted.factor_entropy + (counted.values - 1) / twice,
            significant,
            asked,
        )
    if correction == "none":
        return Estimate(
            counted.mutual_information, of_codes, counted.factor_entropy, significant, asked
        )
    # 2 n I of independent labels is about chi-squared with this many degrees of freedom.
    freedom = np.maximum((counted.bins[:, None] - 1) * (counted.values - 1), 0)
    deviation = np.sqrt(2.0 * freedom) / (2 * len(labels))
    information, significant = _beyond_chance(
        counted.mutual_information, counted.chance, deviation, counted.factor_entropy
    )
    return Estimate(information, of_codes, counted.factor_entropy, significant, asked)


def _of_neighbours(
    codes: NDArray[Any], table: NDArray[Any], real: NDArray[np.bool_], method: Estimation
) -> Estimate:
    """Estimate without bins."""
    information = ops.neighbour_information(codes, table, continuous=real)
    entropies = np.full(len(real), np.inf)
    labels = table[:, ~real].astype(np.int64)
    if labels.size:
        entropies[~real] = ops.entropy(labels)
    entropies[np.ptp(table, axis=0) == 0] = 0.0
    significant = np.ones(information.shape, np.bool_)
    if method.correction == "shuffle":
        random = np.random.default_rng(0)
        null = [
            ops.neighbour_information(codes, table[random.permutation(len(table))], continuous=real)
            for _ in range(_SHUFFLES)
        ]
        information, significant = _beyond_chance(
            information, np.mean(null, axis=0), np.std(null, axis=0), entropies
        )
    unknown = np.full(information.shape, np.nan)
    return Estimate(information, unknown, entropies, significant, np.zeros(len(real), np.int64))


def _beyond_chance(
    information: NDArray[np.float64],
    chance: NDArray[np.float64],
    deviation: NDArray[np.float64],
    entropies: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return H (I - E) / (H - E), or I - E where H is infinite, and whether it is significant."""
    excess = information - chance
    room = entropies - chance
    # Without room the factor is constant, or it has as many values as there are samples.
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
