"""What equal-width bins show of a factor when samples are shuffled."""

from collections.abc import Iterator

import numpy as np

from disentlib import ops
from disentlib.metrics.diagnosis.examined import BINS, Examined
from disentlib.metrics.diagnosis.finding import Finding
from disentlib.metrics.diagnosis.wording import percent


def plug_in_bias(examined: Examined) -> Iterator[Finding]:
    """Compare what bins of equal width show of shuffled samples with the factors' entropies."""
    if not examined.live.any() or not examined.counts:
        return
    null = ops.mutual_information(
        examined.codes[:, examined.live], examined.labels[examined.shuffle], bins=BINS
    )
    shown, entropies = null.mean(axis=0), examined.entropies
    shares = np.divide(shown, entropies, out=np.zeros_like(shown), where=entropies > 0)
    biased = [int(j) for j in np.argsort(-shares, kind="stable") if shares[j] >= 0.05]
    if biased:
        worst = biased[0]
        yield Finding(
            "plug_in_bias",
            (),
            tuple(biased),
            {"shown": float(shown[worst]), "share": float(shares[worst])},
            f"plug-in information ({BINS} equal-width bins, bins=) is biased at "
            f"{examined.samples:,} samples: shuffled codes, which know nothing, show "
            f"{percent(shares[worst])} of {examined.names[worst]}; the default is adjusted for it",
        )
