"""Your own observations and factors, complete or not, whole numbers or real ones."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from disentlib import pixels
from disentlib.arrays import as_array, as_labels, column_names
from disentlib.data.ground_truth import GroundTruthData
from disentlib.data.randomness import RNG, Random, generator, integers

BLOCK = 4096  # images checked at a time


class ArrayData(GroundTruthData):
    """Rows of observations, pictures or not, with the factors that made them.

    The values of a discrete factor are numbered in sorted order: `values` has the originals. Where
    every combination occurs, the set has a full grid; combinations that occur several times then
    give one of their rows at random. Otherwise only `sample` works, which draws rows.

    Arrays (n, height, width, 1 or 3) and (n, height, width) are pictures; of another rank, such as
    vectors (n, variables), or with `pictures=False`, they are numbers, which networks see as they
    are.

    Args:
        images: the observations (n, ...). Pictures are uint8 of 0..255, bool, or floats in
            [0, 1], see `pixels.as_input`; other observations any finite numbers but uint8, whose
            meaning would be open. A memory map is left on disk.
        factors: (n, factors) or (n,), integers, floats for real-valued factors, or words.
        names: of the factors; by default a data frame's, or factor_0, factor_1, ...
        continuous: which factors are real-valued, one for all or one a factor; by default those
            of an array of floats, and beside words those that are not whole.
        words: of each factor, what its values 0, 1, ... stand for, None for numbers; by default
            those that `factors` holds.
        condition: an auxiliary variable u of each row that encoders or priors may see: numbers
            (n, length), or class numbers (n,), which become one-hot. Observations are then given
            as {"x": ..., "u": ...}.
        pictures: whether the observations are pictures; by default their rank decides.

    Raises:
        TypeError: if the images or factors are of another kind.
        ValueError: if shapes do not fit together, a value is NaN or out of range, a discrete
            factor is not whole, or a name is missing.

    >>> images = np.zeros((4, 8, 8), np.uint8)
    >>> mine = ArrayData(images, [[0, 0], [0, 1], [1, 0], [1, 0]], names=["hue", "size"])
    >>> mine.factor_sizes, mine.has_full_grid
    ((2, 2), False)
    """

    name = "array_data"
    needs = "arrays"

    def __init__(
        self,
        images: np.ndarray,
        factors: np.ndarray | Sequence[Any],
        *,
        names: Sequence[str] | None = None,
        continuous: bool | Sequence[bool] | None = None,
        words: Sequence[Sequence[str] | None] | None = None,
        condition: np.ndarray | None = None,
        pictures: bool | None = None,
    ):
        rows, table = as_array(images, "images"), as_array(factors, "factors")
        if pictures is None:
            pictures = rows.ndim in (3, 4)
        self.pictures = pictures
        rows = _pictures(rows) if pictures else _numbers(rows)
        table = table[:, None] if table.ndim == 1 else table
        if table.ndim != 2 or len(table) != len(rows) or not len(table) or not table.shape[1]:
            raise ValueError(
                f"expected factors of shape ({len(rows)}, factors) for {len(rows)} images, "
                f"got {table.shape}"
            )
        count = table.shape[1]
        known = list(names or column_names(factors) or (f"factor_{k}" for k in range(count)))
        if len(known) != count or len(set(known)) != count:
            raise ValueError(f"expected {count} different names, got {known}")
        if table.dtype.kind in "OSTU":
            spelled = [_spelled(column, name) for column, name in zip(table.T, known, strict=True)]
            table = np.stack([numbers for numbers, _ in spelled], axis=1)
            words = [known for _, known in spelled]
            if continuous is None:
                continuous = [bool((column != np.round(column)).any()) for column in table.T]
        if not (np.issubdtype(table.dtype, np.integer) or np.issubdtype(table.dtype, np.floating)):
            raise TypeError(f"expected factors of integers or floats, got {table.dtype}")
        if not np.isfinite(table).all():
            raise ValueError("expected finite factors, got NaN or infinity")
        self.factor_names = tuple(known)
        if continuous is None:
            continuous = not np.issubdtype(table.dtype, np.integer)
        self.continuous = tuple(bool(flag) for flag in np.broadcast_to(continuous, count))

        self.rows = rows
        bytes_ = rows.dtype in (np.uint8, np.bool_)
        self.dtype = np.dtype(np.uint8 if bytes_ else np.float32)
        if pictures:
            self.image_shape = (rows.shape[1], rows.shape[2], rows.shape[3])
        self.condition = None if condition is None else _condition(condition, len(rows))
        columns: list[np.ndarray] = []
        sizes: list[int | None] = []
        self.values: list[np.ndarray | None] = []
        for name, column, real in zip(self.factor_names, table.T, self.continuous, strict=True):
            if real:
                columns.append(column)
                sizes.append(None)
                self.values.append(None)
                continue
            if (column != np.round(column)).any():
                raise ValueError(f"expected whole values of {name}, got others: is it continuous?")
            values, codes = np.unique(column, return_inverse=True)
            columns.append(codes)
            sizes.append(len(values))
            spelling = None if words is None else words[len(self.values)]
            if spelling is not None:
                values = np.array(spelling)[values.astype(np.int64)]
            self.values.append(values)
        self.factors = np.stack(columns, axis=1)
        self.factor_sizes = tuple(sizes)
        self.has_full_grid = self._index()

    def sample(self, n: int, rng: RNG) -> tuple[np.ndarray, np.ndarray]:
        """Return `n` rows drawn with replacement: (factors, images)."""
        picked = integers(generator(rng), len(self.factors), n)
        return self.factors[picked], self._taken(picked)

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of one observation."""
        return tuple(self.rows.shape[1:])

    @property
    def condition_shape(self) -> tuple[int, ...] | None:
        """The shape of the auxiliary variable of one observation, or None."""
        return None if self.condition is None else tuple(self.condition.shape[1:])

    @property
    def observations(self) -> np.ndarray:
        """All rows x (n, ...), without the auxiliary variable."""
        return self.rows

    def as_picture(self, observations: np.ndarray) -> np.ndarray | None:
        """Return observations as 8-bit RGB (..., h, w, 3); None if they are no pictures."""
        return pixels.picture(observations) if self.pictures else None

    @property
    def examples(self) -> int:
        """Return the number of rows."""
        return len(self.factors)

    def take(self, rows: np.ndarray, rng: RNG | None = None) -> tuple[np.ndarray, np.ndarray]:
        """Return (factors, images) of rows."""
        del rng
        return self.factors[rows], self._taken(rows)

    def example_factors(self) -> np.ndarray:
        """Return the factors of all rows."""
        return self.factors

    def config(self) -> dict[str, Any]:
        """Return what tells these arrays from others: their digest. It does not rebuild them.

        A subclass with arguments of its own is rebuilt from those.
        """
        if type(self).__init__ is not ArrayData.__init__:
            return super().config()
        return {"name": self.name, "rows": len(self.rows), "sha256": self._digest}

    @cached_property
    def _digest(self) -> str:
        """The SHA-256 of all that was given."""
        described = [self.factor_names, self.continuous, self.pictures]
        digest = hashlib.sha256(json.dumps(described).encode())
        arrays = [self.rows, self.factors, self.condition, *self.values]
        for array in arrays:
            if array is None:
                digest.update(b"none")
                continue
            digest.update(f"{array.dtype.str} {array.shape}".encode())
            for start in range(0, len(array), BLOCK):  # a memory map stays on disk
                digest.update(array[start : start + BLOCK].tobytes())
        return digest.hexdigest()

    def __repr__(self) -> str:
        what = "images" if self.pictures else f"observations of shape {self.shape}"
        return f"{type(self).__name__}({len(self.rows)} {what}, {', '.join(self.factor_names)})"

    def as_input(self, images: np.ndarray) -> np.ndarray:
        """Return observations as networks see them: bytes / 255, numbers as they are, float32.

        Bytes are known to use 0..255, so may be dark. A condition stands beside them as it is.
        """
        if isinstance(images, Mapping):
            return {**images, "x": self.as_input(images["x"])}  # type: ignore[return-value]
        return pixels.as_input(images, full_range=True)

    def _images(self, factors: np.ndarray, rng: Random) -> np.ndarray:
        positions = np.ravel_multi_index(tuple(factors.T), self.sizes)
        counts = self._starts[positions + 1] - self._starts[positions]
        chosen = (rng.random(len(counts)) * counts).astype(np.int64)
        return self._taken(self._order[self._starts[positions] + chosen])

    def _index(self) -> bool:
        """Sort the rows by their place in the grid, and return whether none is empty."""
        if any(self.continuous) or self.grid_size > len(self.factors):
            return False
        positions = np.ravel_multi_index(tuple(self.factors.T), self.sizes)
        self._order = np.argsort(positions, kind="stable")
        counts = np.bincount(positions, minlength=self.grid_size)
        self._starts = np.concatenate([[0], np.cumsum(counts)])
        self.deterministic = bool(counts.max() == 1)
        return bool(counts.min() > 0)

    def _taken(self, rows: np.ndarray) -> Any:
        taken = np.asarray(self.rows[rows])
        if taken.dtype == bool:
            taken = taken * np.uint8(255)
        taken = taken.astype(self.dtype, copy=False)
        return taken if self.condition is None else {"x": taken, "u": self.condition[rows]}


def _numbers(rows: np.ndarray) -> np.ndarray:
    """Return observations that are no pictures, having checked kind, shape and values."""
    if rows.ndim < 2 or 0 in rows.shape:
        raise ValueError(f"expected observations of shape (n, ...), got {rows.shape}")
    if rows.dtype == np.uint8 or not (
        np.issubdtype(rows.dtype, np.integer) or np.issubdtype(rows.dtype, np.floating)
    ):
        remedy = ": images.astype('float32') if they are numbers" if rows.dtype == np.uint8 else ""
        raise TypeError(
            f"expected floats or integers of observations (n, ...), got {rows.dtype} of shape "
            f"{rows.shape}{remedy}"
        )
    for start in range(0, len(rows), BLOCK):
        block = rows[start : start + BLOCK]
        if not np.isfinite(block).all():
            raise ValueError(
                f"expected finite observations, got NaN or infinity in rows {start} to "
                f"{start + len(block) - 1}"
            )
    return rows


def _condition(condition: np.ndarray, count: int) -> np.ndarray:
    """Return an auxiliary variable as float32 (n, length); class numbers become one-hot."""
    values = as_array(condition, "condition")
    if values.ndim == 1 and np.issubdtype(values.dtype, np.integer) and len(values):
        if values.min() < 0:
            raise ValueError(f"expected classes of at least 0 in condition, got {values.min()}")
        values = np.eye(int(values.max()) + 1, dtype=np.float32)[values]
    if values.ndim != 2 or len(values) != count:
        raise ValueError(
            f"expected a condition of shape ({count}, length) or ({count},), got {values.shape}"
        )
    if not np.isfinite(values).all():
        raise ValueError("expected a finite condition, got NaN or infinity")
    return values.astype(np.float32)


def _spelled(column: np.ndarray, name: str) -> tuple[np.ndarray, list[str] | None]:
    """Return a factor as numbers, and the words that they stand for if it is spelled out."""
    try:
        return column.astype(np.float64), None
    except (TypeError, ValueError):
        (numbers,) = as_labels(column, name=f"factor {name}")
        return numbers[:, 0].astype(np.float64), np.unique(column.astype(str)).tolist()


def _pictures(images: np.ndarray) -> np.ndarray:
    """Return images with a channel axis, having checked kind, shape and values."""
    pixels.as_input(images[:0])  # the type alone
    if images.ndim == 3:
        images = images[..., None]
    if images.ndim != 4 or images.shape[3] not in (1, 3) or 0 in images.shape:
        channels_first = images.ndim == 4 and images.shape[1] in (1, 3)
        raise ValueError(
            f"expected images of shape (n, height, width, 1 or 3), got {images.shape}"
            + (
                ": numpy.moveaxis(images, 1, -1) puts the channels last"
                if channels_first
                else ": pictures=False if they are other numbers"
            )
        )
    brightest = 0
    for start in range(0, len(images), BLOCK):
        block = images[start : start + BLOCK]
        if images.dtype == np.uint8:
            brightest = max(brightest, int(block.max()))
            if brightest > 1:
                return images
        elif images.dtype != np.bool_:
            name = f"rows {start} to {start + len(block) - 1} of images"
            pixels.as_input(block, unit=True, name=name)
    pixels.as_input(np.array([brightest], np.uint8))  # 0 and 1 alone are refused
    return images
