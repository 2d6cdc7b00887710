"""What every data set with known factors of variation offers: factors in, images out."""

import abc
import inspect
import json
import math
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from disentlib import pixels
from disentlib.arrays import as_array
from disentlib.data.randomness import RNG, Random, generator, integers

__all__ = ["GroundTruthData"]


class GroundTruthData(abc.ABC):
    """x ~ p(x | factors), factors ~ uniform over a grid.

    A subclass states the attributes below and writes `_images`. Its `__init__` keeps every
    argument as an attribute of the same name, which is all that `config` needs.

    Attributes:
        name: what users type, as in `data.load(name)`.
        factor_names: one name a factor.
        factor_sizes: number of values of each factor; None for a real-valued one.
        image_shape: (height, width, channels), for sets of pictures; `shape` for all.
        dtype: the type of the images, uint8 (0..255) or floats ([0, 1]); see `as_input`.
        has_full_grid: whether every combination of factor values can be asked for with `images`.
            Sets without one offer `sample` only.
        deterministic: whether equal factors always give equal images.
        needs: what a user must have at hand, in words.
    """

    name: ClassVar[str]
    factor_names: tuple[str, ...]
    factor_sizes: tuple[int | None, ...]
    image_shape: tuple[int, int, int]
    dtype: np.dtype = np.dtype(np.uint8)
    has_full_grid: bool = True
    deterministic: bool = True
    needs: ClassVar[str] = "nothing"

    @abc.abstractmethod
    def _images(self, factors: np.ndarray, rng: Random) -> np.ndarray:
        """Return the images of checked int64 `factors`; `rng` draws what they leave open."""

    def images(self, factors: np.ndarray, rng: RNG | None = None) -> np.ndarray:
        """Return the images of given factors.

        Args:
            factors: (n, factors) integers, factor j in 0..factor_sizes[j]-1.
            rng: draws what the factors leave open (colours, noise); None means seed 0.

        Returns:
            (n, height, width, channels) of `dtype`.

        Raises:
            TypeError: if the factors are not integers.
            ValueError: if their shape or a value does not fit the set, or it has no full grid.
        """
        self._require_grid("images of chosen factors")
        return self._images(self.check_factors(factors), generator(rng))

    def sample_factors(self, n: int, rng: RNG) -> np.ndarray:
        """Return (n, factors) int64 factors, uniform and independent, drawn factor by factor."""
        self._require_grid("factors alone")
        random = generator(rng)
        factors = np.empty((n, len(self.factor_sizes)), np.int64)
        for column, size in enumerate(self.sizes):
            factors[:, column] = integers(random, size, n)
        return factors

    def sample(self, n: int, rng: RNG) -> tuple[np.ndarray, np.ndarray]:
        """Return `n` draws from the set, with replacement: (factors, images)."""
        random = generator(rng)
        factors = self.sample_factors(n, random)
        return factors, self.images(factors, random)

    @property
    def examples(self) -> int | None:
        """Return how many different, equally likely examples there are; None if draws never end.

        Those of a grid, unless images differ from draw to draw. A set that `sample`s in its own way
        overrides this, `take` and `example_factors`, or has no countable examples.
        """
        kind = type(self)
        own = (kind.sample, kind.sample_factors)
        uniform = own == (GroundTruthData.sample, GroundTruthData.sample_factors)
        return self.grid_size if uniform and self.has_full_grid and self.deterministic else None

    def take(self, rows: np.ndarray, rng: RNG | None = None) -> tuple[np.ndarray, np.ndarray]:
        """Return the (factors, images) of examples by their numbers, 0 to `examples` - 1."""
        factors = self.grid_factors(rows)
        return factors, self.images(factors, rng)

    def example_factors(self) -> np.ndarray:
        """Return the factors of all examples (examples, factors)."""
        return self.grid_factors(range(self.grid_size))

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of one observation: `image_shape`, or of another rank."""
        return tuple(self.image_shape)

    @property
    def condition_shape(self) -> tuple[int, ...] | None:
        """The shape of the auxiliary variable u of one observation; None for sets without.

        Sets that have one give observations as {"x": ..., "u": ...} wherever others give an array.
        """
        return None

    def as_picture(self, observations: np.ndarray) -> np.ndarray | None:
        """Return observations as 8-bit RGB (..., h, w, 3); None if they are no pictures."""
        is_picture = len(self.shape) == 3 and self.shape[2] in (1, 3)
        return pixels.picture(observations) if is_picture else None

    def as_input(self, images: np.ndarray) -> np.ndarray:
        """Return images of this set as networks see them: uint8 scaled to [0, 1], floats as are.

        Whoever hands images of a set to a network passes them through here first.

        Args:
            images: what `images` or `sample` returned, in any shape.

        Returns:
            float32 of the same shape.

        Raises:
            TypeError: if they are neither uint8 nor floats.
            ValueError: if they are NaN or infinite, or uint8 of 0 and 1 alone; see `pixels`.
        """
        return pixels.as_input(images, name=f"images of {self.name}")

    @property
    def evaluation(self) -> "GroundTruthData":
        """Return the set that scores should sample: itself, or what a training set was made of."""
        return self

    @property
    def sizes(self) -> tuple[int, ...]:
        """Return `factor_sizes` where all of them are numbers; a ValueError where one is not."""
        continuous = [
            name
            for name, size in zip(self.factor_names, self.factor_sizes, strict=True)
            if not size
        ]
        if continuous:
            raise ValueError(f"expected discrete factors, {self.name} has real-valued {continuous}")
        return tuple(int(size) for size in self.factor_sizes if size)

    @property
    def grid_size(self) -> int:
        """Return the number of combinations of factor values."""
        return math.prod(self.sizes)

    def grid_factors(self, indices: np.ndarray | Sequence[int] | range) -> np.ndarray:
        """Return the (n, factors) factors at positions of the grid, the last factor fastest."""
        columns = np.unravel_index(np.asarray(indices, np.int64), self.sizes)
        return np.stack(columns, axis=-1).astype(np.int64, copy=False)

    def grid_indices(self, factors: np.ndarray) -> np.ndarray:
        """Return the (n,) positions in the grid of (n, factors) factors, the last one fastest."""
        return np.ravel_multi_index(tuple(self.check_factors(factors).T), self.sizes)

    def check_factors(self, factors: np.ndarray) -> np.ndarray:
        """Return (n, factors) factors as int64, or raise saying what does not fit."""
        factors = as_array(factors, "factors")
        if not np.issubdtype(factors.dtype, np.integer):
            raise TypeError(f"expected integer factors for {self.name}, got {factors.dtype}")
        if factors.ndim != 2 or factors.shape[1] != len(self.factor_names):
            raise ValueError(
                f"expected factors of shape (n, {len(self.factor_names)}) for {self.name} "
                f"({', '.join(self.factor_names)}), got {factors.shape}"
            )
        if len(factors):
            low, high = factors.min(axis=0), factors.max(axis=0)
            for name, size, least, most in zip(
                self.factor_names, self.sizes, low, high, strict=True
            ):
                if least < 0 or most >= size:
                    raise ValueError(
                        f"expected {name} of {self.name} in 0..{size - 1}, "
                        f"got {least if least < 0 else most}"
                    )
        return np.ascontiguousarray(factors, np.int64)

    def config(self) -> dict[str, Any]:
        """Return what rebuilds this set with `data.from_config`: its name and its arguments.

        A class of the user's own is named `module:Class`.

        Raises:
            ValueError: if the class is hidden in a function, an argument is not kept as an
                attribute of its name, or JSON does not hold one.
        """
        return {"name": self._config_name(), **self._arguments()}

    @property
    def data_files(self) -> tuple[Path, ...]:
        """Return the files and folders that images are read from; none for a set that is drawn.

        They are `file`, where a set has it, and arguments that are paths; those of sets inside.
        """
        file = getattr(self, "file", None)
        files = [file] if isinstance(file, Path) else []
        known = {"path"} if files else set()  # the argument that led to `file`
        for argument in inspect.signature(type(self)).parameters.keys() - known:
            value = getattr(self, argument, None)
            if isinstance(value, GroundTruthData):
                files += value.data_files
            elif isinstance(value, os.PathLike) or (isinstance(value, str) and _is_file(value)):
                files.append(Path(value).expanduser())
        return tuple(sorted(files))

    def _config_name(self) -> str:
        kind = type(self)
        if kind.__module__.partition(".")[0] == "disentlib":
            return self.name
        if "<locals>" in kind.__qualname__:
            raise ValueError(
                f"{kind.__name__} is defined inside a function, where no other process finds it: "
                "move it to the top of its module"
            )
        return f"{kind.__module__}:{kind.__qualname__}"

    def _arguments(self) -> dict[str, Any]:
        kind = type(self)
        arguments = {}
        for argument in inspect.signature(kind).parameters:
            if not hasattr(self, argument):
                raise ValueError(
                    f"expected {kind.__name__} to keep the argument {argument!r} as an attribute "
                    "of the same name, from which a run builds the set again"
                )
            arguments[argument] = _plain(getattr(self, argument))
            try:
                json.dumps(arguments[argument])
            except TypeError as error:
                raise ValueError(
                    f"expected numbers, texts, paths, lists or data sets as the argument "
                    f"{argument!r} of {kind.__name__}, from which a run builds the set again: "
                    f"{error}"
                ) from error
        return arguments

    def _require_grid(self, what: str) -> None:
        if not self.has_full_grid:
            raise ValueError(
                f"{self.name} has no full grid of factors, so it cannot give {what}: "
                "use sample(n, rng), which returns (factors, images)"
            )

    @property
    def are_pictures(self) -> bool:
        """Whether observations have rows, columns and 1 or 3 channels."""
        return len(self.shape) == 3 and self.shape[-1] in (1, 3)

    def require_pictures(self, what: str) -> None:
        """Refuse a set whose observations are no pictures, which `what` was to be done with."""
        if not self.are_pictures:
            raise ValueError(
                f"{self.name} has observations of shape {self.shape}: "
                f"only pictures (height, width, 1 or 3) can be {what}"
            )

    def __repr__(self) -> str:
        arguments = inspect.signature(type(self)).parameters
        shown = ", ".join(f"{name}={_plain(getattr(self, name, ...))!r}" for name in arguments)
        return f"{type(self).__name__}({shown})"


def _plain(value: Any) -> Any:
    """Return a constructor argument as JSON holds it."""
    if isinstance(value, GroundTruthData):
        return value.config()
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return value


def _is_file(text: str) -> bool:
    try:
        return Path(text).expanduser().is_file()
    except (OSError, ValueError, RuntimeError):  # too long, or otherwise no path
        return False
