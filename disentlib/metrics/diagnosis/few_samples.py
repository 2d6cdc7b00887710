"""Values of a factor with fewer than 20 samples, or a factor that looks real-valued."""

from collections.abc import Iterator

import numpy as np

from disentlib.metrics.diagnosis.examined import Examined
from disentlib.metrics.diagnosis.finding import Finding
from disentlib.metrics.diagnosis.wording import listed


def few_samples(examined: Examined) -> Iterator[Finding]:
    """Yield factors that have rare values, with the rarest of them."""
    for j, (counts, values) in enumerate(zip(examined.counts, examined.values, strict=True)):
        few = np.flatnonzero(counts < 20)
        if not values.size or not few.size or len(counts) < 2:
            continue
        least = int(counts.min())
        figures: dict[str, float] = {"values": len(counts), "few": len(few), "least": least}
        text = f"{examined.names[j]}: {len(few):,} of {len(counts):,} values have "
        text += "fewer than 20 samples"
        if len(counts) > max(examined.samples / 3, 10):
            text += ", as real numbers would: continuous= says that they are"
        else:
            rarest = few[np.argsort(counts[few], kind="stable")][:3]
            named = listed([f"{values[k]:g} has {counts[k]}" for k in rarest])
            text += (
                f" ({named}): scores of information, irs, sap, dci and explicitness are rough there"
            )
        yield Finding("few_samples", (), (j,), figures, text)
