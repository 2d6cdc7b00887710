"""Training, validation and test parts of a set, by combinations of factor values."""

from collections.abc import Sequence

import numpy as np

from disentlib.data.ground_truth import GroundTruthData
from disentlib.data.reweighted import Reweighted

PARTS = ("train", "validation", "test")


class Split(Reweighted):
    """p(c) uniform over the combinations that fall into one part.

    Combinations are shuffled by `numpy.random.default_rng(seed)` and cut into parts, so equal
    arguments always give equal parts, and the parts of one seed never share a combination.

    Args:
        data: a set with a full grid.
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
        super().__init__(data)
        if part not in PARTS:
            raise ValueError(f"expected a part in {PARTS}, got {part!r}")
        if len(fractions) != 3 or min(fractions) < 0 or not np.isclose(sum(fractions), 1):
            raise ValueError(f"expected three fractions that sum to 1, got {fractions}")
        self.part = part
        self.fractions = tuple(fractions)
        self.by = None if by is None else list(by)
        self.seed = seed
        columns = tuple(self._column(name) for name in by or self.factor_names)
        shape = [self.sizes[column] for column in columns]
        count = int(np.prod(shape))
        bounds = [0, *np.round(np.cumsum(fractions) * count).astype(int)]
        here = PARTS.index(part)
        chosen = np.random.default_rng(seed).permutation(count)[bounds[here] : bounds[here + 1]]
        if not len(chosen):
            raise ValueError(f"expected combinations in {part}, got none of {count}")
        weights = np.zeros(count)
        weights[chosen] = 1
        self._tables.append((columns, weights.reshape(shape)))


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
