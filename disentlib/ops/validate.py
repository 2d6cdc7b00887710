"""What every front door asks of the arrays it is handed: kind, shape, finiteness, length."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from disentlib import _kernels
from disentlib.arrays import as_array, as_labels


def column_ranges(values: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return the least and the largest of each column (columns,), several times NumPy's speed.

    Args:
        values: real numbers (samples, columns), checked; NaN is the least where a column has one.
    """
    return _kernels.column_ranges(values)


def check_codes(
    codes: ArrayLike, *, name: str = "codes", finite: bool = True, least: int = 2
) -> NDArray[Any]:
    """Return `codes` as a finite float32 or float64 array (samples, dims), copied only to convert.

    Args:
        codes: real numbers (samples, dims), at least 1 dim. float32 and float64 stay as they are,
            with any strides; float16 becomes float32, all others become float64.
        name: what error messages call the array.
        finite: False leaves the search for NaN and infinity to a caller that needs ranges anyway.
        least: how many samples there must be.

    Raises:
        TypeError: if the values are not real numbers (objects, text, complex numbers).
        ValueError: if the shape is another one, or a value is NaN or infinite.
    """
    array = _matrix(codes, name, "dims", least)
    if array.dtype.kind != "f" or array.dtype.itemsize > 8:
        array = array.astype(np.float64)
    elif array.dtype.itemsize < 4:
        array = array.astype(np.float32)
    if finite:
        check_finite(array, *_kernels.column_ranges(array), name=name)
    return array


def check_finite(
    array: NDArray[Any], low: NDArray[Any], high: NDArray[Any], *, name: str = "codes"
) -> None:
    """Raise ValueError if a column's `low` or `high` says that `array` holds NaN or infinity.

    Args:
        array: real numbers (samples, dims).
        low: the columns' minima, NaN where a column holds one.
        high: the columns' maxima, likewise.
        name: what the error message calls the array.
    """
    finite = np.isfinite(low) & np.isfinite(high)
    if not finite.all():
        column = int(np.argmin(finite))
        row = int(np.argmin(np.isfinite(array[:, column])))
        raise ValueError(f"expected finite {name}, got {array[row, column]} at {row, column}")


def check_factors(
    factors: ArrayLike, samples: int | None = None, *, name: str = "factors"
) -> NDArray[Any]:
    """Return `factors` as a non-negative integer array (samples, factors), never copied.

    Args:
        factors: integers of any width (samples, factors), at least 2 samples and 1 factor; booleans
            count as 0 and 1.
        samples: how many rows the codes beside them have; not checked when None.
        name: what error messages call the array.

    Raises:
        TypeError: if the dtype is not an integer one: floats are never truncated.
        ValueError: if the shape is another one, or a value is negative.
    """
    array = check_labels(factors, samples, name=name)
    if array.dtype.kind == "i" and _kernels.column_ranges(array)[0].min() < 0:
        row, column = np.argwhere(array < 0)[0]
        raise ValueError(
            f"expected {name} that are not negative, got {array[row, column]} at "
            f"{int(row), int(column)}: leave rows without a label out"
        )
    return array


def check_mixed_factors(
    factors: ArrayLike,
    continuous: ArrayLike = False,
    samples: int | None = None,
    *,
    name: str = "factors",
) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    """Return `factors`, of which some may be real-valued, and whether each is (factors,).

    Args:
        factors: (samples, factors), integers where no factor is continuous; else real numbers, of
            which those of discrete factors are whole and not negative.
        continuous: which factors are real-valued, one answer for all or one each.
        samples: as in `check_factors`.
        name: as in `check_factors`.

    Returns:
        What `check_factors` gives where no factor is continuous, else float64.

    Raises:
        TypeError: if a discrete factor's values are not whole numbers.
        ValueError: if shapes do not fit, a value is not finite or a discrete one negative.
    """
    table = _labels(factors, samples, name, continuous)
    known = np.broadcast_to(np.asarray(continuous, np.bool_), table.shape[1:])
    if not known.any():
        return check_factors(table, samples, name=name), known
    if not known.all():
        check_factors(table[:, ~known].astype(np.int64), name=f"discrete {name}")
    return table, known


def check_labels(
    labels: ArrayLike, samples: int | None = None, *, name: str = "labels"
) -> NDArray[Any]:
    """Return `labels` as an integer array (samples, columns) of any width and sign, never copied.

    Raises:
        TypeError: if the dtype is not an integer one.
        ValueError: if the shape is another one.
    """
    return _labels(labels, samples, name)


def _labels(
    labels: ArrayLike, samples: int | None, name: str, continuous: ArrayLike = False
) -> NDArray[Any]:
    (array,) = as_labels(labels, continuous=continuous, name=name)
    array = _matrix(array, name, "factors", 2)
    if array.dtype == np.bool_:
        array = array.view(np.uint8)
    if samples is not None and len(array) != samples:
        raise ValueError(
            f"expected as many rows of {name} as of codes, got {len(array)} and {samples}"
        )
    return array


def _matrix(values: ArrayLike, name: str, columns: str, least: int) -> NDArray[Any]:
    array = as_array(values, name)
    if array.dtype.kind not in "biuf":
        raise TypeError(f"expected {name} of real numbers, got dtype {array.dtype}")
    if array.ndim != 2:
        hint = f": write {name}[:, None] for a single column" if array.ndim == 1 else ""
        raise ValueError(f"expected {name} of shape (samples, {columns}), got {array.shape}{hint}")
    if array.shape[0] < least or array.shape[1] < 1:
        samples = "1 sample" if least == 1 else f"{least} samples"
        raise ValueError(
            f"expected {name} of at least {samples} and 1 column, got shape {array.shape}"
        )
    return np.require(array, array.dtype.newbyteorder("="), ["ALIGNED"])
