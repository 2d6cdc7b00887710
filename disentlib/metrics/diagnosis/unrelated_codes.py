"""Codes that tell no factor more than chance does."""

from collections.abc import Iterator

import numpy as np

from disentlib import ops
from disentlib.metrics.diagnosis.examined import BINS, Examined
from disentlib.metrics.diagnosis.finding import Finding
from disentlib.metrics.information.estimates import adjusted, default_bins
from disentlib.metrics.information.modularity import modularity_of


def unrelated_codes(examined: Examined) -> Iterator[Finding]:
    """Say which codes share no more with any factor than chance explains."""
    live = np.flatnonzero(examined.live)
    varying = examined.entropies > 0
    if not live.size or varying.sum() < 2:
        return
    active, labels = examined.codes[:, live], examined.labels[:, varying]
    bins = default_bins(max(map(len, examined.counts)), examined.samples)
    unrelated = ~adjusted(active, labels, bins).significant.any(axis=1)
    if unrelated.any():
        matrix = ops.mutual_information(active[:, unrelated], labels, bins=BINS)
        score = float(modularity_of(matrix).mean())
        which = tuple(int(i) for i in live[unrelated])
        what = "tells" if len(which) == 1 else "tell"
        yield Finding(
            "unrelated_codes",
            which,
            (),
            {"reference_modularity": score},
            f"{examined.named(which)} {what} no factor more than chance does: the default leaves "
            f"them out of modularity, the reference gives them {score:.2f} there",
        )
