"""Codes that are constant."""

from collections.abc import Iterator

import numpy as np

from disentlib.metrics.diagnosis.examined import Examined
from disentlib.metrics.diagnosis.finding import Finding
from disentlib.metrics.diagnosis.wording import are


def dead_codes(examined: Examined) -> Iterator[Finding]:
    """Say which codes never vary but for rounding."""
    dead = tuple(int(i) for i in np.flatnonzero(~examined.live))
    if dead:
        text = (
            f"{examined.named(dead)} {are(dead)} constant: the completeness "
            "of dci and med counts codes, these too, and the reference's modularity takes them as 0"
        )
        yield Finding("dead_codes", dead, (), {}, text)
