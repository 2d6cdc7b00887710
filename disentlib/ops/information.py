"""Histograms, entropies and mutual information of codes and factors, in nats."""

from typing import Any, Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import entr

from disentlib import _kernels
from disentlib.arrays import as_array
from disentlib.ops.validate import check_codes, check_finite, check_labels

Rule = Literal["width", "quantile", "adaptive"]

# Wider columns of labels are renumbered first: a table over their whole range could be huge.
_WIDE = 4096
_MOST_BINS = 2**15  # quantile bins may be twice as many, and are numbered by 16 bits
_MOST_CELLS = 2**31


class Information(NamedTuple):
    """Mutual information of every code with every factor, and the entropies around it, in nats.

    Attributes:
        mutual_information: I(code; factor) (dims, factors), plug-in estimates from counts.
        code_entropy: H(code) (dims,); with "adaptive" bins before they are refined, which depends
            on the number of samples.
        factor_entropy: H(factor) (factors,).
        cells: how many cells of each joint histogram hold samples (dims, factors).
        bins: how many bins of each code do (dims,).
        values: how many values each factor has (factors,).
        chance: E[I] (dims, factors) if codes and factors were paired at random, their counts kept;
            zeros unless asked for.
    """

    mutual_information: NDArray[np.float64]
    code_entropy: NDArray[np.float64]
    factor_entropy: NDArray[np.float64]
    cells: NDArray[np.int64]
    bins: NDArray[np.int64]
    values: NDArray[np.int64]
    chance: NDArray[np.float64]


def histogram(codes: ArrayLike, bins: int, *, rule: Rule = "width") -> NDArray[np.int64]:
    """Count how many samples of each code fall in each bin.

    Args:
        codes: finite real numbers (samples, dims).
        bins: how many bins, at least 1.
        rule: "width", "quantile" or "adaptive", as in `discretise`.

    Returns:
        Counts (dims, bins); under "quantile" (dims, 2 bins - 1), as equal values that a quantile
        would split may open one bin more; under "adaptive" (dims, most of a code). Unused bins
        count 0.

    Raises:
        TypeError: if codes are not real numbers.
        ValueError: if codes are not a finite matrix, or `bins` or `rule` is none.

    >>> histogram([[0.1], [0.2], [0.3], [0.4], [0.5], [0.6]], 3)
    array([[2, 2, 2]])
    """
    codes, cuts, _ = _checked_cuts(codes, bins, rule)
    counts = _kernels.histogram(codes, cuts)
    width = {"width": bins, "quantile": 2 * bins - 1, "adaptive": counts.shape[1]}[rule]
    return np.pad(counts, [(0, 0), (0, width - counts.shape[1])])


def discretise(codes: ArrayLike, bins: int, *, rule: Rule = "width") -> NDArray[np.uint16]:
    """Replace each number by the index of its bin, from 0.

    Args:
        codes: finite real numbers (samples, dims).
        bins: how many bins, at least 1.
        rule: "width": equal widths between the smallest and the largest sample. Bins are closed on
            the left, the last on both sides; a constant lies in the middle of a range of width 1.
            Edges are evenly spaced in float64, then rounded to the dtype of the codes.
            "quantile": equal numbers of samples. Samples that belong together stay together: a run
            of equal values that a quantile would split is a bin of its own, and a gap that stands
            out among those around a quantile becomes the edge.
            "adaptive": each value a bin where there are at most `bins`; else quantiles, and more
            bins where few samples lie: in the outermost two, each next cut is a fifth of the way to
            the end farther in; and what samples fill unevenly or thinly is cut into equal widths.

    Returns:
        Bins (samples, dims).

    Raises:
        TypeError: if codes are not real numbers.
        ValueError: if codes are not a finite matrix, or `bins` or `rule` is none.

    >>> discretise([[0.0], [1.0], [2.0], [3.0]], 20).ravel()
    array([ 0,  6, 13, 19], dtype=uint16)
    """
    codes, cuts, _ = _checked_cuts(codes, bins, rule)
    return _kernels.discretise(codes, cuts).T


def entropy(labels: ArrayLike) -> Any:
    """Return the plug-in entropy H = -sum p ln p of labels, in nats.

    Args:
        labels: integers (samples,), or (samples, columns) for the entropy of each column.

    Returns:
        A float, or an array (columns,). Between 0 and ln(number of distinct labels).

    Raises:
        TypeError: if labels are not integers.
        ValueError: if there are fewer than 2 samples.

    >>> entropy([0, 0, 1, 1])
    0.693...
    """
    array = as_array(labels, "labels")
    columns = label_counts(array[:, None] if array.ndim == 1 else array)
    values = np.array([entr(counts / len(array)).sum() for counts in columns])
    return float(values[0]) if array.ndim == 1 else values


def label_counts(labels: ArrayLike) -> list[NDArray[np.int64]]:
    """Count how often each value occurs, for every column of labels.

    Args:
        labels: integers (samples, columns).

    Returns:
        For each column the counts of its values, in ascending order of the values.

    Raises:
        TypeError: if labels are not integers.
        ValueError: if they are not a matrix of at least 2 samples.

    >>> label_counts([[5, 1], [9, 1], [5, 1]])
    [array([2, 1]), array([3])]
    """
    counts = _kernels.label_counts(*number_labels(labels, None))
    return [column[column > 0].astype(np.int64) for column in counts]


def mutual_information(
    codes: ArrayLike, factors: ArrayLike, *, bins: int = 20, rule: Rule = "width"
) -> NDArray[np.float64]:
    """Return I(code; factor) = H(code) + H(factor) - H(code, factor) for all pairs, in nats.

    The plug-in estimate from joint counts of binned codes and factor values. It exceeds the truth
    by about (bins - 1)(values - 1) / (2 samples) where code and factor are independent.

    Args:
        codes: finite real numbers (samples, dims).
        factors: integers (samples, factors) of any width and offset.
        bins: how many bins, at least 1.
        rule: "width", "quantile" or "adaptive", as in `discretise`.

    Returns:
        A matrix (dims, factors), from 0 to the smaller of both entropies.

    Raises:
        TypeError: if codes are not real numbers or factors not integers.
        ValueError: if the shapes do not fit, codes are not finite, or `bins` or `rule` is none.

    Reference:
        Chen et al., "Isolating Sources of Disentanglement in VAEs" (2018); the estimator is that of
        Locatello et al., "Challenging Common Assumptions in the Unsupervised Learning of
        Disentangled Representations" (2019).

    >>> mutual_information([[0.0], [0.0], [1.0], [1.0]], [[5, 0], [5, 1], [7, 0], [7, 1]])
    array([[0.693..., 0. ]])
    """
    return information(codes, factors, bins=bins, rule=rule).mutual_information


def information(
    codes: ArrayLike,
    factors: ArrayLike,
    *,
    bins: int = 20,
    rule: Rule = "width",
    chance: bool = False,
) -> Information:
    """Return `mutual_information` with the entropies, and on request what chance alone would show.

    Args:
        codes: finite real numbers (samples, dims).
        factors: integers (samples, factors) of any width and offset.
        bins: how many bins, at least 1.
        rule: "width", "quantile" or "adaptive", as in `discretise`.
        chance: also compute E[I] under random pairing with the same counts, exactly (Vinh, Epps and
            Bailey 2010).
    """
    codes, cuts, coarse = _checked_cuts(codes, bins, rule)
    labels, low, sizes = number_labels(factors, len(codes))
    cells = codes.shape[1] * (cuts.shape[1] + 1) * sum(sizes)
    if cells > _MOST_CELLS:
        raise ValueError(
            f"expected joint histograms of at most {_MOST_CELLS} cells, got {cells}: factors of up "
            f"to {max(sizes)} values with {cuts.shape[1] + 1} bins"
        )
    counts = _kernels.information(codes, cuts, labels, low, sizes, chance)
    code_entropy, factor_entropy = counts.code_entropy, counts.factor_entropy
    mutual = code_entropy[:, None] + factor_entropy - counts.joint_entropy
    # Rounding leaves about this much where the truth is 0: a constant, or exact independence.
    mutual[mutual < 16 * np.finfo(np.float64).eps * np.log(len(codes))] = 0.0
    return Information(
        mutual,
        coarse if rule == "adaptive" else code_entropy,
        factor_entropy,
        counts.joint_cells,
        counts.code_cells,
        counts.factor_cells,
        counts.chance_information,
    )


def _checked_cuts(
    codes: ArrayLike, bins: int, rule: Rule
) -> tuple[NDArray[Any], NDArray[Any], NDArray[np.float64]]:
    """Return checked codes, their cuts (dims, most of a code) padded with infinities, and H(code).

    H(code) (dims,) is that of adaptive bins before they are refined; NaN under other rules.
    """
    if not isinstance(bins, (int, np.integer)):
        raise TypeError(f"expected a whole number of bins, got {bins!r}")
    if not 1 <= bins <= _MOST_BINS:
        raise ValueError(f"expected 1 to {_MOST_BINS} bins, got {bins}")
    if rule not in get_args(Rule):
        raise ValueError(f"expected a rule among {get_args(Rule)}, got {rule!r}")
    codes = check_codes(codes, finite=False)
    low, high = _kernels.column_ranges(codes)
    check_finite(codes, low, high)
    entropies = np.full(len(low), np.nan)
    if rule == "width":
        return codes, equal_width_cuts(low, high, bins), entropies
    columns = []
    for j, ascending in enumerate(map(np.sort, codes.T)):
        if rule == "quantile":
            column = _kernels.quantile_cuts(ascending, bins)
        else:
            column, entropies[j] = _kernels.adaptive_cuts(ascending, bins)
        columns.append(column)
    cuts = np.full((len(columns), max(map(len, columns))), np.inf, codes.dtype)
    for row, column in zip(cuts, columns, strict=True):
        row[: len(column)] = column
    return codes, cuts, entropies


def equal_width_cuts(low: NDArray[Any], high: NDArray[Any], bins: int) -> NDArray[Any]:
    """Return the edges between `bins` bins of equal width (columns, bins - 1), in low's dtype."""
    first, last = low.astype(np.float64), high.astype(np.float64)
    constant = first == last
    first[constant] -= 0.5
    last[constant] += 0.5
    with np.errstate(over="ignore"):
        widths = last - first
    if not np.isfinite(widths).all():
        column = int(np.argmin(np.isfinite(widths)))
        raise ValueError(
            f"expected codes whose range is finite, got {low[column]} to {high[column]} "
            f"in column {column}"
        )
    return np.linspace(first, last, bins + 1, axis=1)[:, 1:-1].astype(low.dtype)


def number_labels(
    labels: ArrayLike, samples: int | None
) -> tuple[NDArray[Any], NDArray[Any], list[int]]:
    """Return checked labels with each column's lowest label and how many it spans."""
    labels = check_labels(labels, samples, name="labels" if samples is None else "factors")
    low, high = _kernels.column_ranges(labels)
    sizes = [int(b) - int(a) + 1 for a, b in zip(low, high, strict=True)]
    if max(sizes) > _WIDE:
        columns = [np.unique(column, return_inverse=True) for column in labels.T]
        labels = np.stack([inverse for _, inverse in columns], axis=1)
        low = np.zeros(len(columns), labels.dtype)
        sizes = [len(values) for values, _ in columns]
    return labels, low, sizes
