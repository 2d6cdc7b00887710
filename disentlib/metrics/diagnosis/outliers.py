"""Few samples take most of a code's range, or one of them most of its variance."""

import math
from collections.abc import Iterator

import numpy as np

from disentlib.metrics.diagnosis.examined import BINS, Examined
from disentlib.metrics.diagnosis.finding import Finding
from disentlib.metrics.diagnosis.wording import count, percent
from disentlib.metrics.outliers import hanging_on_one, variance_shares


def outliers(examined: Examined) -> Iterator[Finding]:
    """Yield the codes whose range or variance few samples decide."""
    few = math.ceil(examined.samples / 1000)
    if examined.samples < 20:
        return
    shares, hanging = variance_shares(examined.codes), hanging_on_one(examined.codes)
    for code in np.flatnonzero(examined.live):
        z = np.sort(examined.codes[:, code].astype(np.float64))
        low, high = z[few], z[-1 - few]
        kept = float((high - low) / (z[-1] - z[0]))
        if kept > 1 / 3 and not hanging[code]:
            continue
        # Samples farther from the others than the range of the others.
        far = int(((z < 2 * low - high) | (z > 2 * high - low)).sum())
        bins = max(1, math.ceil(BINS * kept))
        text = (
            f"{examined.code_names[code]}: {count(far, 'sample')} of {examined.samples:,} far out"
        )
        if kept <= 1 / 3:
            text += (
                f" leave the others {count(bins, 'bin')} of {BINS} equal-width ones "
                '(protocol="locatello2019", bins=)'
            )
        if hanging[code]:
            text += (
                f"{';' if kept <= 1 / 3 else ':'} one carries {percent(shares[code])} of its "
                "variance, on which mcc, explicitness, irs and the Gaussian scores hang"
            )
        figures = {"samples": far, "range_of_others": kept, "variance_share": float(shares[code])}
        yield Finding("outliers", (int(code),), (), figures, text)
