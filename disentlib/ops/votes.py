"""What interventions on factors do to codes: draws of factors, gathers of codes, deviations."""

from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from disentlib import _kernels
from disentlib.ops.information import discretise, equal_width_cuts, number_labels
from disentlib.ops.linear import share
from disentlib.ops.validate import check_codes, check_labels, column_ranges

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Common = Literal["nothing", "one_factor", "row_by_row"]

_SMALL = 4096
_MANY = 50_000  # samples from which on threads pay for their start


def draw_batches(
    rng: np.random.RandomState,
    sizes: ArrayLike,
    count: int,
    batch: int,
    common: Common = "nothing",
) -> tuple[Integers, Integers]:
    """Draw batches of factor vectors from the legacy stream, as a loop over `rng.randint` would.

    For each batch: the factor in common, `randint(factors)`; then factor after factor its values,
    `randint(size, size=batch)`; row by row, a second batch likewise.

    Args:
        rng: where draws come from; it advances. Made of a Mersenne Twister, as `RandomState(seed)`.
        sizes: number of values of each factor (factors,).
        count: how many batches, or pairs of them.
        batch: how many factor vectors in each.
        common: what a batch shares: nothing; the value that one random factor has in its first row;
            or, between two batches and row by row, the value of one random factor.

    Returns:
        Positions in the grid, the last factor fastest, (count, batch) or two rows a pair
        (2 * count, batch); and the factor in common (count,), empty for "nothing".

    >>> draw_batches(np.random.RandomState(0), [3, 4], count=2, batch=3)[0]
    array([[ 3,  7,  3],
           [ 4,  7, 10]])
    """
    if common not in get_args(Common):
        raise ValueError(f"expected common as one of {get_args(Common)}, got {common!r}")
    state = rng.get_state(legacy=False)
    if state["bit_generator"] != "MT19937":
        raise ValueError(f"expected a RandomState of MT19937, got {state['bit_generator']}")
    stream = state["state"]
    rows, factor, stream["key"], stream["pos"] = _kernels.draw(
        stream["key"],
        stream["pos"],
        np.asarray(sizes, np.int64),
        count,
        batch,
        get_args(Common).index(common),
    )
    rng.set_state(state)
    return rows, factor


def variance_votes(
    codes: NDArray[Any],
    rows: Integers,
    *,
    scale: Floats,
    active: Integers | None = None,
    largest: bool = False,
    threads: int | None = None,
) -> Integers:
    """Return for each batch the code whose variance, relative to its scale, is least.

    Args:
        codes: a table (any, dims), read at the rows only.
        rows: row numbers (votes, batch), at least 2 a batch.
        scale: what each code's variance (ddof 1) is divided by (dims,).
        active: the codes that may win, all when None.
        largest: whether the largest wins instead.
        threads: how many share the work, None for every core; the answer is the same.

    Returns:
        (votes,) positions in `active`, the first of equals.
    """
    table = _table(codes)
    if active is None:
        active = np.arange(table.shape[1])
    return _kernels.variance_votes(
        table,
        np.ascontiguousarray(rows, np.int64),
        np.ascontiguousarray(active, np.int64),
        np.ascontiguousarray(scale, np.float64),
        largest,
        share(threads),
    )


def mean_differences(codes: NDArray[Any], rows: Integers, *, threads: int | None = None) -> Floats:
    """Return the mean of |a - b| over pairs of codes, batch by batch.

    Args:
        codes: a table (any, dims), read at the rows only.
        rows: row numbers (2 * samples, batch), a sample's two batches below each other.
        threads: how many share the work, None for every core; the answer is the same.

    Returns:
        (samples, dims).
    """
    return _kernels.mean_differences(
        _table(codes),
        np.ascontiguousarray(rows, np.int64),
        share(threads),
    )


def group_deviations(
    codes: ArrayLike,
    factors: ArrayLike,
    *,
    quantile: float = 0.99,
    bins: int | None = None,
    overall: bool = False,
    threads: int | None = None,
) -> Floats:
    """Return how far each code strays while a factor keeps its value.

    The `quantile` of |z - mean z| among the samples with one value of the factor, averaged over
    the factor's values, each counting the same.

    Args:
        codes: finite real numbers (samples, dims).
        factors: integers (samples, factors).
        quantile: in [0, 1], interpolated linearly; 1 is the largest deviation.
        bins: into how many bins of equal width a factor's values are merged, None for none.
        overall: whether a last column tells how far codes stray among all samples.
        threads: how many share the work, None for every core where that is faster; the answer is
            the same.

    Returns:
        (dims, factors), or one column more.
    """
    if not 0 <= quantile <= 1:
        raise ValueError(f"expected quantile in [0, 1], got {quantile}")
    array = check_codes(codes)
    table = check_labels(factors, len(array), name="factors")
    cuts = np.empty((table.shape[1], 0))
    if bins is not None:
        low, high = column_ranges(table)
        if low.min() > -_SMALL and high.max() < _SMALL:  # few enough to look up the bin of each
            cuts = equal_width_cuts(low.astype(np.float64), high.astype(np.float64), bins)
        else:
            table = discretise(table.astype(np.float64), bins)
    table, low, sizes = number_labels(table, len(array))
    if threads is None and len(array) < _MANY:
        threads = 1
    return _kernels.group_deviations(
        array, table, low, sizes, cuts, quantile, overall, share(threads)
    )


def support_distances(codes: NDArray[Any], *, batch: int, threads: int | None = None) -> Floats:
    """Return how far the supports of two codes are from factorising, batch by batch.

    max over the product of two codes' values of the min over samples of the squared distance.

    Args:
        codes: real numbers (samples, dims).
        batch: consecutive samples that make one support; the last may have fewer.
        threads: how many share the work, None for every core; the answer is the same.

    Returns:
        (batches, dims (dims - 1) / 2), pairs in the order (0, 1), (0, 2), ... (1, 2), ...
    """
    return _kernels.support_distances(
        np.ascontiguousarray(check_codes(codes), np.float64), batch, share(threads)
    )


def _table(codes: NDArray[Any]) -> NDArray[Any]:
    """Return a table as its kernels read it; rows that nobody asks for may hold anything."""
    if codes.dtype not in (np.float32, np.float64):
        raise TypeError(f"expected codes as float32 or float64, got {codes.dtype}")
    return np.ascontiguousarray(codes)
