"""Users' values as NumPy arrays: tensors of any framework, data frames, words.

Values are neither guessed nor dropped: masked ones and others without a clear meaning raise an
error that names the remedy.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

# How data frames and spreadsheets write a missing value.
MISSING = frozenset(
    ("", "nan", "NaN", "NAN", "NA", "N/A", "n/a", "<NA>", "#N/A", "null", "NULL", "None", "NaT")
)
WHOLE = 2.0**53  # above it float64 does not represent all integers


def as_array(values: Any, name: str = "values") -> NDArray[Any]:
    """Return `values` as a NumPy array, copied only to convert.

    Args:
        values: an array of NumPy, TensorFlow, JAX or PyTorch, on any device, with or without
            gradient; a data frame or a column of one; nested sequences. bfloat16 and float8
            become float32, integers of 4 bits int8.
        name: what error messages call it.

    Raises:
        TypeError: for sparse matrices, which are no arrays.
        ValueError: if values are masked (NumPy would drop the mask), or rows differ in length.
    """
    columns = _columns_of(values)
    if columns is not None:
        return np.stack([as_array(column, name) for column in columns], axis=-1)
    array = values if type(values) in (np.ndarray, np.memmap) else _converted(values, name)
    kind = array.dtype
    if kind.type.__module__.startswith("ml_dtypes"):
        return array.astype(np.float32 if "float" in kind.name else np.int8)
    return array


def as_labels(
    *tables: ArrayLike, continuous: ArrayLike = False, name: str = "factors"
) -> list[NDArray[Any]]:
    """Return tables of labels as numbers (samples, factors), words numbered alike in all of them.

    Args:
        tables: integers, whole floats or words (samples, factors) or (samples,); data frames of
            them, categories included, which are numbered in the order that they declare. Words
            are numbered in alphabetical order, or are numbers where all of a column are.
        continuous: which factors are real-valued, one answer for all or one each.
        name: what error messages call them.

    Returns:
        One array a table: integers, the array itself where it holds some (samples, factors); or
        float64 where a factor is continuous.

    Raises:
        TypeError: if values are neither numbers nor words, or a discrete factor's are not whole.
        ValueError: if a value is missing, masked or infinite, or there is not one answer of
            `continuous` a factor.

    >>> as_labels(["square", "heart"], ["heart"])
    [array([[1],
           [0]]), array([[0]])]
    """
    if np.shape(continuous) == () and not continuous and all(map(_is_plain, tables)):
        return list(tables)  # type: ignore[arg-type]
    columns_of = [_columns(table, name) for table in tables]
    count = max(len(columns) for columns in columns_of)
    if np.shape(continuous) not in ((), (count,)):
        raise ValueError(
            f"expected continuous to be a bool or one for each of {(count,)} factors, got "
            f"{np.shape(continuous)}"
        )
    real = np.broadcast_to(np.asarray(continuous, np.bool_), (count,))
    numbered: list[list[NDArray[Any]]] = [[] for _ in tables]
    for j in range(count):
        holders = [index for index, columns in enumerate(columns_of) if j < len(columns)]
        same_factor = [columns_of[index][j] for index in holders]
        values = _numbered(same_factor, bool(real[j]), j, name)
        for index, column in zip(holders, values, strict=True):
            numbered[index].append(column)
    return [_stacked(columns, name) for columns in numbered]


def column_names(values: Any) -> list[str] | None:
    """Return the names of a data frame's columns, None where values have no names."""
    columns = _columns_of(values)
    if columns is None:
        return None
    if isinstance(values, np.ndarray):
        return list(values.dtype.names or ())
    names = getattr(values, "column_names", None)  # Arrow
    return [str(name) for name in (values.columns if names is None else names)]


class _Column(NamedTuple):
    """Numbers or words of one factor, and the order of its words where it declares one."""

    values: NDArray[Any]
    order: tuple[str, ...] | None = None


def _converted(values: Any, name: str) -> NDArray[Any]:
    """Return values of another type as a plain NumPy array."""
    parts = values if isinstance(values, (list, tuple)) else [values]
    masked = sum(
        int(np.ma.count_masked(part)) for part in parts if isinstance(part, np.ma.MaskedArray)
    )
    if masked:
        raise ValueError(
            f"expected {name} without masked values, got {masked:,} masked: leave those rows out, "
            "or fill them"
        )
    if hasattr(values, "toarray") and not isinstance(values, np.ndarray):
        raise TypeError(f"expected {name} as an array, got a sparse matrix: pass {name}.toarray()")
    if hasattr(values, "detach") and hasattr(values, "cpu"):  # PyTorch
        values = values.detach().cpu()
        if "bfloat16" in str(values.dtype) or "float8" in str(values.dtype):
            values = values.float()
    elif hasattr(values, "__dlpack__") and not hasattr(values, "__array__"):
        return np.from_dlpack(values)
    try:
        return np.asarray(values)
    except ValueError as error:
        if "inhomogeneous" not in str(error):
            raise
        raise ValueError(f"expected {name} of rows of one length, got others") from error


def _columns_of(values: Any) -> list[Any] | None:
    """Return the columns of a data frame, an Arrow table or a structured array, else None."""
    if isinstance(values, np.ndarray):
        fields = values.dtype.names
        return None if fields is None else [values[field] for field in fields]
    shape = getattr(values, "shape", None)
    if not hasattr(values, "columns") or not isinstance(shape, tuple) or len(shape) != 2:
        return None
    if hasattr(values, "iloc"):  # pandas
        return [values.iloc[:, column] for column in range(shape[1])]
    if hasattr(values, "get_columns"):  # Polars
        return list(values.get_columns())
    return list(values.columns)  # Arrow


def _is_plain(table: Any) -> bool:
    """Return whether a table is an array of integers (samples, factors) already."""
    return type(table) is np.ndarray and table.ndim == 2 and table.dtype.kind in "iub"


def _columns(table: Any, name: str) -> list[_Column]:
    """Return the columns of a table, each numbers or words, with no value missing."""
    columns = _columns_of(table)
    if columns is None and hasattr(getattr(table, "dtype", None), "categories"):
        columns = [table]
    if columns is None:
        array = as_array(table, name)
        array = array[:, None] if array.ndim == 1 else array
        if array.ndim != 2:
            raise ValueError(f"expected {name} of shape (samples, factors), got {array.shape}")
        columns = list(array.T)
    if not columns:
        raise ValueError(f"expected {name} of at least 1 column, got none")
    return [_column(column, j, name) for j, column in enumerate(columns)]


def _column(column: Any, position: int, name: str) -> _Column:
    array = as_array(column, name)
    if array.dtype.kind in "biuf":
        return _Column(array)
    if array.dtype.kind == "S":
        array = np.strings.decode(array, "utf-8")
    if array.dtype.kind not in "UTO":
        raise TypeError(
            f"expected {name} of numbers or words, got dtype {array.dtype} in factor {position}"
        )
    values = array.tolist()
    for row, value in enumerate(values):
        if _is_missing(value):
            raise _unlabelled(value, row, position, name)
    if all(isinstance(value, str) for value in values):
        declared = getattr(getattr(column, "dtype", None), "categories", None)
        return _Column(np.array(values), None if declared is None else tuple(declared))
    if all(isinstance(value, (bool, int, float, np.number, np.bool_)) for value in values):
        numbers = np.array(values)
        if numbers.dtype.kind in "biuf":
            return _Column(numbers)
    kinds = ", ".join(sorted({type(value).__name__ for value in values}))
    raise TypeError(f"expected {name} of numbers or words, got {kinds} in factor {position}")


def _is_missing(value: Any) -> bool:
    if isinstance(value, str):
        return value.strip() in MISSING
    if isinstance(value, float):
        return value != value
    return value is None or type(value).__name__ in ("NAType", "NaTType")


def _unlabelled(value: Any, row: int, position: int, name: str) -> ValueError:
    return ValueError(
        f"expected a label in every row of {name}, got {value!r} at {row, position}: leave rows "
        "without a label out"
    )


def _numbered(columns: list[_Column], real: bool, position: int, name: str) -> list[NDArray[Any]]:
    """Return one factor of every table as numbers, whole ones unless it is real-valued."""
    words = [column.values.dtype.kind == "U" for column in columns]
    if any(words):
        try:
            columns = [_Column(column.values.astype(np.float64)) for column in columns]
        except ValueError:
            if real or not all(words):
                raise TypeError(
                    f"expected numbers in factor {position} of {name}, got words such as "
                    f"{str(columns[words.index(True)].values[0])!r}"
                ) from None
            declared = [word for column in columns for word in column.order or ()]
            others = np.unique(np.concatenate([column.values for column in columns]))
            order = {word: n for n, word in enumerate(dict.fromkeys([*declared, *others.tolist()]))}
            return [
                np.array([order[word] for word in column.values.tolist()], np.int64)
                for column in columns
            ]
    return [_checked(column.values, real, position, name) for column in columns]


def _checked(values: NDArray[Any], real: bool, position: int, name: str) -> NDArray[Any]:
    """Return numbers of one factor as whole ones, or as float64 where it is real-valued."""
    if values.dtype.kind != "f":
        return values.astype(np.float64) if real else values
    wrong = ~np.isfinite(values)
    if wrong.any():
        row = int(np.argmax(wrong))
        raise ValueError(
            f"expected finite {name}, got {values[row]} at {row, position}: leave rows without a "
            "label out"
        )
    if real:
        return values.astype(np.float64)
    wrong = values != np.round(values)
    if wrong.any():
        raise TypeError(
            f"expected whole numbers in factor {position}, got {values[np.argmax(wrong)]} in row "
            f"{int(np.argmax(wrong))}: is it continuous? Then say continuous=True"
        )
    if (np.abs(values) > WHOLE).any():
        raise ValueError(f"expected {name} up to 2^53, got others in factor {position}")
    return values.astype(np.int64)


def _stacked(columns: list[NDArray[Any]], name: str) -> NDArray[Any]:
    """Stack columns (samples,) to a table (samples, columns)."""
    if len({column.shape for column in columns}) > 1:
        raise ValueError(f"expected {name} of columns of one length, got others")
    return np.stack(columns, axis=1)
