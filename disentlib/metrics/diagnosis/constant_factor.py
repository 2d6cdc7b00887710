"""Factors with a single value."""

from collections.abc import Iterator

from disentlib.metrics.diagnosis.examined import Examined
from disentlib.metrics.diagnosis.finding import Finding


def constant_factor(examined: Examined) -> Iterator[Finding]:
    """Yield the factors that never vary."""
    for j, counts in enumerate(examined.counts):
        if len(counts) == 1:
            text = f"{examined.names[j]} has a single value: scores leave it out"
            yield Finding("constant_factor", (), (j,), {}, text)
