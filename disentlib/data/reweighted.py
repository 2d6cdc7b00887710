"""The images of a set under another distribution of its factors."""

import functools
import math
from collections.abc import Sequence

import numpy as np

from disentlib.data.ground_truth import GroundTruthData
from disentlib.data.randomness import RNG, Random, generator, integers

WeightTable = tuple[tuple[int, ...], np.ndarray]
LARGEST = 1 << 25  # combinations in one table: 256 MB


class Reweighted(GroundTruthData):
    """p(factors) proportional to a product of tables, each over some of the factors.

    Factors in no table stay uniform and independent. Images of chosen factors are those of `data`;
    only sampling differs. `evaluation` is the set as it was: scores should use that.
    """

    def __init__(self, data: GroundTruthData, *, by_row: bool = False):
        self.data = data
        self.factor_names = data.factor_names
        self.factor_sizes = data.factor_sizes
        self.dtype = data.dtype
        self.has_full_grid = data.has_full_grid
        self.deterministic = data.deterministic
        if not by_row:
            data._require_grid("chosen factors")
        self._tables: list[WeightTable] = list(data._tables) if isinstance(data, Reweighted) else []

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of one observation."""
        return self.data.shape

    @property
    def condition_shape(self) -> tuple[int, ...] | None:
        """The shape of the auxiliary variable of one observation, or None."""
        return self.data.condition_shape

    @property
    def image_shape(self) -> tuple[int, int, int]:  # type: ignore[override]
        """(height, width, channels)."""
        return self.data.image_shape

    def as_input(self, images: np.ndarray) -> np.ndarray:
        """Return images as networks see them, by the rule of the set without weights."""
        return self.data.as_input(images)

    @property
    def examples(self) -> int | None:
        """Return how many examples are left, where all of them are equally likely."""
        return None if self._left is None else len(self._left)

    def take(self, rows: np.ndarray, rng: RNG | None = None) -> tuple[np.ndarray, np.ndarray]:
        """Return the (factors, images) of examples that are left by their numbers."""
        assert self._left is not None
        return self.data.take(self._left[rows], rng)

    def example_factors(self) -> np.ndarray:
        """Return the factors of all examples that are left."""
        assert self._left is not None
        return self.data.example_factors()[self._left]

    @functools.cached_property
    def _left(self) -> np.ndarray | None:
        """The numbers in `data` of examples that are left; None where some are likelier."""
        if self.data.examples is None or self.grid_size > LARGEST:
            return None
        joint = self.probability(self.factor_names).ravel()
        possible = joint[joint > 0]
        if possible.max() > possible.min() * (1 + 1e-9):
            return None
        return np.flatnonzero(joint[self.grid_indices(self.data.example_factors())] > 0)

    @property
    def evaluation(self) -> GroundTruthData:
        """Return the set without its weights."""
        return self.data.evaluation

    def sample_factors(self, n: int, rng: RNG) -> np.ndarray:
        """Return (n, factors) factors; those of one table are drawn together, the others alone."""
        self._require_grid("factors alone")
        random = generator(rng)
        factors = np.empty((n, len(self.sizes)), np.int64)
        for column, size in enumerate(self.sizes):
            group = next((group for group in self._groups if column in group[0]), None)
            if group is None:
                factors[:, column] = integers(random, size, n)
            elif column == group[0][0]:
                columns, shape, cumulative = group
                index = np.searchsorted(cumulative, random.random(n) * cumulative[-1], "right")
                factors[:, columns] = np.stack(np.unravel_index(index, shape), axis=1)
        return factors

    def probability(self, names: Sequence[str]) -> np.ndarray:
        """Return the joint probability of some factors, one axis a factor, in the order asked."""
        axes = [self._column(name) for name in names]
        joint = np.ones([1] * len(self.sizes))
        for columns, shape, cumulative in self._groups:
            weights = np.diff(cumulative, prepend=0).reshape(shape) / cumulative[-1]
            kept = weights.sum(
                axis=tuple(k for k, column in enumerate(columns) if column not in axes),
                keepdims=True,
            )
            joint = joint * kept.reshape(
                [
                    kept.shape[columns.index(column)] if column in columns else 1
                    for column in range(len(self.sizes))
                ]
            )
        grouped = {column for columns, _, _ in self._groups for column in columns}
        for column in set(axes) - grouped:
            uniform = np.full(self.sizes[column], 1 / self.sizes[column])
            joint = joint * np.expand_dims(
                uniform, [axis for axis in range(len(self.sizes)) if axis != column]
            )
        rest = tuple(axis for axis in range(len(self.sizes)) if axis not in axes)
        return joint.squeeze(axis=rest).transpose(np.argsort(np.argsort(axes)))

    def _images(self, factors: np.ndarray, rng: Random) -> np.ndarray:
        return self.data._images(factors, rng)

    def _column(self, name: str) -> int:
        if name not in self.factor_names:
            raise ValueError(
                f"expected a factor of {self.data.name} ({', '.join(self.factor_names)}), "
                f"got {name!r}"
            )
        return self.factor_names.index(name)

    @functools.cached_property
    def _groups(self) -> list[tuple[list[int], tuple[int, ...], np.ndarray]]:
        """Return factors tied by tables: their columns, sizes and cumulative joint weights."""
        tied: list[set[int]] = []
        for columns, _ in self._tables:
            joined = set(columns).union(*(group for group in tied if group & set(columns)))
            tied = [group for group in tied if not group & joined] + [joined]
        groups = []
        for group in tied:
            ordered = sorted(group)
            shape = tuple(self.sizes[column] for column in ordered)
            if math.prod(shape) > LARGEST:
                raise ValueError(f"expected at most {LARGEST:,} combinations, got {shape}")
            joint = np.ones(shape)
            for columns, weights in self._tables:
                if set(columns) <= group:
                    order = np.argsort(columns)
                    wide = [self.sizes[c] if c in columns else 1 for c in ordered]
                    joint *= np.transpose(weights, order).reshape(wide)
            if not joint.sum() > 0:
                names = [self.factor_names[column] for column in ordered]
                raise ValueError(f"expected a combination of {names} that is left, got none")
            groups.append((ordered, shape, np.cumsum(joint)))
        return groups
