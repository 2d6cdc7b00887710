"""A value has less than half of an even share of the samples."""

import math
from collections.abc import Iterator

from disentlib.metrics.diagnosis.examined import Examined
from disentlib.metrics.diagnosis.finding import Finding
from disentlib.metrics.diagnosis.wording import are, percent


def unbalanced_factors(examined: Examined) -> Iterator[Finding]:
    """Say which factors' rarest values are rarer than chance makes them."""
    one_hot = {factor for group in examined.one_hot for factor in group}
    shares = {}
    for j, (counts, values) in enumerate(zip(examined.counts, examined.values, strict=True)):
        half = examined.samples / (2 * len(counts))
        # Chance alone does not put a count four standard deviations below its expectation.
        if j not in one_hot and values.size and counts.min() + 4 * math.sqrt(half) < half:
            shares[j] = counts.max() / examined.samples
    if not shares:
        return
    factors = sorted(shares, key=lambda j: -shares[j])
    worst = factors[0]
    frequent = examined.value(worst, int(examined.counts[worst].argmax()))
    least = int(examined.counts[worst].min())
    rarest = examined.value(worst, int(examined.counts[worst].argmin()))
    yield Finding(
        "unbalanced_factors",
        (),
        tuple(factors),
        {"most": float(shares[worst]), "least": least / examined.samples},
        f"{examined.named_factors(factors)} {are(factors)} unbalanced "
        f"({percent(shares[worst], 1)} of samples have {frequent}, "
        f"{percent(least / examined.samples, 1)} {rarest}): guessing the frequent value is right "
        "as often (informativeness of dci and med), and equal-width bins lose the rare ones",
    )
