"""Two codes say the same: rank correlations of 0.99 and more."""

from collections.abc import Iterator

import numpy as np
from scipy.stats import rankdata

from disentlib.metrics.diagnosis.examined import Examined
from disentlib.metrics.diagnosis.finding import Finding


def duplicate_codes(examined: Examined) -> Iterator[Finding]:
    """Yield groups of codes of the same order of samples, up to sign."""
    live = np.flatnonzero(examined.live)
    if len(live) < 2:
        return
    ranks = rankdata(examined.codes[:, live], axis=0)
    related = np.abs(np.corrcoef(ranks, rowvar=False))
    left = list(range(len(live)))
    while left:
        first = left[0]
        group = [other for other in left if related[first, other] >= 0.99]
        left = [other for other in left if other not in group]
        if len(group) > 1:
            least = float(related[np.ix_(group, group)].min())
            copies = tuple(int(live[other]) for other in group)
            yield Finding(
                "duplicate_codes",
                copies,
                (),
                {"rank_correlation": least},
                f"{examined.named(copies)} are the same code (rank correlation {least:.2f}): mig, "
                "sap and jemmig see no gap between them",
            )
