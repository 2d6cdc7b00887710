"""Combinations of factors that never occur."""

import math
from collections.abc import Iterator
from itertools import combinations

import numpy as np

from disentlib.metrics.diagnosis.examined import Examined
from disentlib.metrics.diagnosis.finding import Finding


def missing_combinations(examined: Examined) -> Iterator[Finding]:
    """Yield pairs of factors, or all of them, with cells too empty for chance."""
    factors = [j for j, counts in enumerate(examined.counts) if len(counts) > 1]
    one_hot = [set(group) for group in examined.one_hot]
    groups: list[tuple[int, ...]] = [
        pair
        for pair in combinations(factors, 2)
        if not any(set(pair) <= group for group in one_hot)
    ]
    if len(factors) > 2 and not one_hot:
        groups.append(tuple(factors))
    in_pairs = False
    for group in groups:
        sizes = [len(examined.counts[j]) for j in group]
        cells = math.prod(sizes)
        if (len(group) > 2 and in_pairs) or cells > examined.samples:
            continue  # a pair explains it; or there are too few samples to expect any cell
        expected = np.array([float(examined.samples)])
        for j in group:
            expected = np.outer(expected, examined.counts[j] / examined.samples).ravel()
        position = np.ravel_multi_index(tuple(examined.labels[:, j] for j in group), sizes)
        seen = np.bincount(position, minlength=cells)
        # Chance alone leaves out any of these once in e^10 data sets.
        missing = np.flatnonzero((seen == 0) & (expected > 10 + math.log(cells)))
        if missing.size:
            in_pairs = True
            example = np.unravel_index(missing[0], sizes)
            names = examined.named_factors(group)
            values = ", ".join(
                examined.value(j, int(label)) for j, label in zip(group, example, strict=True)
            )
            yield Finding(
                "missing_combinations",
                (),
                group,
                {"missing": int(missing.size), "combinations": cells},
                f"{names}: {missing.size:,} of {cells:,} combinations never occur ({values}, for "
                "one), so that these factors cannot be told apart there",
            )
