"""Training, validation and test parts of a set, by combinations of factor values."""

from collections.abc import Sequence

import numpy as np

from disentlib.data.ground_truth import GroundTruthData
from disentlib.data.randomness import RNG, generator, integers
from disentlib.data.reweighted import Reweighted

PARTS = ("train", "validation", "test")


class Split(Reweighted):
    """p(c) uniform over the combinations that fall into one part.

    Combinations are shuffled by `numpy.random.default_rng(seed)` and cut into parts, so equal
    arguments always give equal parts, and the parts of one seed never share a combination. Of a set
    without a full grid the rows are shuffled and cut instead, or with `by` the combinations that
    occur, so that its parts never share a row.

    Args:
        data: a set with a full grid, or of countable rows.
        part: train, validation or test.
        fractions: of the combinations in each part; they sum to 1.
        by: names of the factors whose combinations are split, the others appearing with all of
            their values in every part. Default: all factors.
        seed: 0 or more; every seed is another split.

    Raises:
        ValueError: if an argument is unknown, the fractions do not sum to 1, or the part is empty.

    >>> from disentlib.data import MiniSprites
    >>> int((Split(MiniSprites(), part="test").probability(MiniSprites.factor_names) > 0).sum())
    58
    """

    name = "split"

    def __init__(
        self,
        data: GroundTruthData,
        *,
        part: str = "train",
        fractions: Sequence[float] = (0.8, 0.1, 0.1),
        by: Sequence[str] | None = None,
        seed: int = 0,
    ):
        super().__init__(data, by_row=not data.has_full_grid)
        if part not in PARTS:
            raise ValueError(f"expected a part in {PARTS}, got {part!r}")
        if len(fractions) != 3 or min(fractions) < 0 or not np.isclose(sum(fractions), 1):
            raise ValueError(f"expected three fractions that sum to 1, got {fractions}")
        self.part = part
        self.fractions = tuple(fractions)
        self.by = None if by is None else list(by)
        self.seed = seed
        columns = tuple(self._column(name) for name in by or self.factor_names)
        if data.has_full_grid:
            shape = [self.sizes[column] for column in columns]
            chosen = self._in_part(int(np.prod(shape)))
            self._tables.append((columns, chosen.reshape(shape).astype(np.float64)))
        else:
            groups = self._groups_of_rows(columns if by else None)
            self._left = np.flatnonzero(self._in_part(int(groups.max()) + 1)[groups])

    def other(self, part: str) -> "Split":
        """Return another part of the same split."""
        return Split(self.data, part=part, fractions=self.fractions, by=self.by, seed=self.seed)

    def sample(self, n: int, rng: RNG) -> tuple[np.ndarray, np.ndarray]:
        """Return `n` draws from the part, with replacement: (factors, images)."""
        if self.has_full_grid:
            return super().sample(n, rng)
        random = generator(rng)
        assert self._left is not None
        return self.take(integers(random, len(self._left), n), random)

    def _groups_of_rows(self, columns: tuple[int, ...] | None) -> np.ndarray:
        """Return the number of the group that each row of the set falls into (rows,)."""
        if self.data.examples is None:
            raise ValueError(
                f"expected a set with a full grid or of countable rows, got {self.data.name}"
            )
        if columns is None:
            return np.arange(self.data.examples)
        if real := [self.factor_names[c] for c in columns if self.factor_sizes[c] is None]:
            raise ValueError(f"expected discrete factors in by, got real-valued {real}")
        table = self.data.example_factors()[:, columns]
        return np.unique(table, axis=0, return_inverse=True)[1].ravel()

    def _in_part(self, count: int) -> np.ndarray:
        """Return which of so many groups fall into the part (count,)."""
        bounds = [0, *np.round(np.cumsum(self.fractions) * count).astype(int)]
        here = PARTS.index(self.part)
        chosen = np.random.default_rng(self.seed).permutation(count)[
            bounds[here] : bounds[here + 1]
        ]
        if not len(chosen):
            raise ValueError(f"expected combinations in {self.part}, got none of {count}")
        inside = np.zeros(count, bool)
        inside[chosen] = True
        return inside


def splits(
    data: GroundTruthData,
    *,
    fractions: Sequence[float] = (0.8, 0.1, 0.1),
    by: Sequence[str] | None = None,
    seed: int = 0,
) -> tuple[Split, Split, Split]:
    """Return the training, validation and test parts of a set; see `Split`."""
    train, validation, test = (
        Split(data, part=part, fractions=fractions, by=by, seed=seed) for part in PARTS
    )
    return train, validation, test
