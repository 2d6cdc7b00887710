"""Sets with combinations of factor values held out of training."""

from collections.abc import Mapping, Sequence

import numpy as np

from disentlib.data.ground_truth import GroundTruthData
from disentlib.data.reweighted import Reweighted


class HeldOut(Reweighted):
    """p(c) uniform over the combinations that are not in all of `where` at once.

    With two or more factors this is recombination: every value is seen, some combinations never
    are. With one it is exclusion: some values are never seen.

    Args:
        data: a set with a full grid.
        where: factor name -> the values of it that, together with the others', are held out.
        inside: draw the held-out combinations instead, to test on them.

    Raises:
        ValueError: if a factor or value is unknown, or nothing is left.

    >>> from disentlib.data import MiniSprites
    >>> train = HeldOut(MiniSprites(), where={"shape": [2], "size": [0, 1]})
    >>> train.probability(["shape", "size"]).round(3)[2].tolist()
    [0.0, 0.0, 0.143]
    """

    name = "held_out"

    def __init__(
        self,
        data: GroundTruthData,
        *,
        where: Mapping[str, Sequence[int]],
        inside: bool = False,
    ):
        super().__init__(data)
        self.where = {name: [int(value) for value in values] for name, values in where.items()}
        self.inside = inside
        columns = tuple(self._column(name) for name in self.where)
        if not columns:
            raise ValueError("expected at least one factor in where, got none")
        held = np.zeros([self.sizes[column] for column in columns], bool)
        for name, column in zip(self.where, columns, strict=True):
            outside = [v for v in self.where[name] if not 0 <= v < self.sizes[column]]
            if outside:
                raise ValueError(
                    f"expected values of {name} in 0..{self.sizes[column] - 1}, got {outside}"
                )
        held[np.ix_(*self.where.values())] = True
        self._tables.append((columns, np.where(held == inside, 1.0, 0.0)))

    @property
    def held_out(self) -> "HeldOut":
        """Return the set of what this one holds out."""
        return HeldOut(self.data, where=self.where, inside=not self.inside)
