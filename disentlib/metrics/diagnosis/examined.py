"""Codes and factors as checks look at them."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from disentlib import ops
from disentlib.data.randomness import RNG
from disentlib.metrics.diagnosis.wording import listed
from disentlib.metrics.labelled_codes import LabelledCodes
from disentlib.metrics.protocol import generator

BINS = 20  # of equal width: what the literature and `protocol="locatello2019"` bin codes into


class Examined:
    """Codes whose factors are all labels, and what several checks ask of them.

    Args:
        codes: codes, and factors where there are some.
        rng: shuffles samples.

    Attributes:
        codes: (samples, dims).
        code_names: of the codes.
        names: of the factors.
        labels: factors numbered from 0, real-valued ones binned at quantiles (samples, factors).
        values: what each label stands for, empty for a real-valued factor.
        counts: samples of each label.
        live: which codes are more than a constant and its rounding.
        shuffle: an order of the samples.
    """

    def __init__(self, codes: LabelledCodes, rng: RNG) -> None:
        self.codes = codes.codes
        self.code_names = codes.names_of_codes
        self.names = codes.names_of_factors
        columns: list[NDArray[np.int64]] = []
        self.values: list[NDArray[Any]] = []
        for j, is_continuous in enumerate(codes.continuous):
            assert codes.factors is not None
            column = codes.factors[:, j]
            if is_continuous:
                column = ops.discretise(column[:, None], BINS, rule="quantile")[:, 0]
            values, labels = np.unique(column, return_inverse=True)
            self.values.append(values[:0] if is_continuous else values)
            columns.append(labels)
        self.labels = (
            np.stack(columns, axis=1) if columns else np.empty((self.samples, 0), np.int64)
        )
        self.counts = [np.bincount(labels) for labels in columns]
        low, high = self.codes.min(axis=0), self.codes.max(axis=0)
        rounding = 8 * np.finfo(self.codes.dtype).eps * np.maximum(np.abs(low), np.abs(high))
        self.live = high - low > rounding
        self.shuffle = generator(rng).permutation(self.samples)

    @property
    def samples(self) -> int:
        """The number of samples."""
        return len(self.codes)

    @cached_property
    def entropies(self) -> NDArray[np.float64]:
        """H(factor) (factors,)."""
        return np.atleast_1d(ops.entropy(self.labels)) if self.counts else np.empty(0)

    @cached_property
    def one_hot(self) -> list[tuple[int, ...]]:
        """Groups of factors that are columns of 0 and 1, in each row a single 1."""
        return one_hot_groups(self.labels, self.values)

    def named(self, codes: Sequence[int]) -> str:
        """Name codes as "a, b and c"."""
        return listed([self.code_names[code] for code in codes])

    def named_factors(self, factors: Sequence[int]) -> str:
        """Name factors as "a, b and c"."""
        return listed([self.names[factor] for factor in factors])

    def value(self, factor: int, label: int) -> str:
        """Name a value, or a real-valued factor's bin."""
        known = self.values[factor]
        what = f"{known[label]:g}" if known.size else f"bin {label + 1} of {BINS}"
        return f"{self.names[factor]} = {what}"


def one_hot_groups(labels: NDArray[np.int64], values: list[NDArray[Any]]) -> list[tuple[int, ...]]:
    """Return groups of columns of 0 and 1 of which each row has a single 1."""
    binary = [j for j, known in enumerate(values) if known.tolist() == [0, 1]]
    groups: list[tuple[int, ...]] = []
    if len(binary) < 2:
        return groups
    rows = np.unique(labels[:, binary].astype(np.bool_), axis=0)
    exclusive = (rows.T.astype(np.int64) @ rows) == 0
    left = set(range(len(binary)))
    for start in range(len(binary)):
        group = _exact_cover(rows, exclusive, start, left) if start in left else None
        if group:
            groups.append(tuple(sorted(binary[k] for k in group)))
            left -= set(group)
    return groups


def _exact_cover(
    rows: NDArray[np.bool_], exclusive: NDArray[np.bool_], start: int, left: set[int]
) -> list[int] | None:
    """Return columns, `start` among them, of which each row has exactly one; None without."""
    tried = 0
    partial = [([start], rows[:, start])]
    # Depth first. Real tables need about one try a column; the limit stops contrived ones, where
    # the search would be exponential.
    while partial and tried < 1000:
        group, covered = partial.pop()
        tried += 1
        if covered.all():
            return group
        row = rows[int(np.argmin(covered))]
        partial += [
            ([*group, k], covered | rows[:, k])
            for k in sorted(left, reverse=True)
            if row[k] and exclusive[k, group].all()
        ]
    return None
