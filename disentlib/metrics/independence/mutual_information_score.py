"""Mutual information between codes (Locatello et al. 2019)."""

import numpy as np
from numpy.typing import ArrayLike

from disentlib.metrics.information.estimates import (
    ADJUSTED,
    PLUG_IN,
    Correction,
    Estimator,
    information_between_codes,
)
from disentlib.metrics.protocol import Protocol
from disentlib.metrics.score import score


@score(ADJUSTED, reference=PLUG_IN)
def mutual_information_score(
    codes: ArrayLike,
    *,
    protocol: Protocol | None = None,
    estimator: Estimator | None = None,
    bins: int | None = None,
    correction: Correction | None = None,
) -> float:
    """MI = mean over pairs of different codes of I(code; other code), in nats; lower is better.

    Whether codes are pairwise independent. Needs no factors. Unlike `gaussian_total_correlation`
    it notices dependence without correlation, but only between pairs.

    Estimator: adaptive bins, adjusted for chance (`disentlib.metrics.information.estimates`):
    independent codes score about 0. Plug-in information from equal-width bins under `bins` or
    `protocol`; there independent codes score about (bins - 1)^2 / (2 samples).

    Args:
        codes: real numbers (samples, dims).
        protocol: "locatello2019" for 20 equal-width bins; None for the default estimator.
        estimator: "adaptive", "quantile", "width" or "neighbours"
            (`disentlib.metrics.information.estimates`).
        bins: how many; alone, that many equal-width ones.
        correction: "none", "miller_madow" or "shuffle" (`disentlib.metrics.information.estimates`).

    Returns:
        From 0 to ln(bins), or without bound for neighbours; 0 for a single code.

    Raises:
        TypeError: if codes are not real numbers.
        ValueError: if codes are not a finite matrix of at least 2 samples.

    Reference:
        Locatello et al., "Challenging Common Assumptions in the Unsupervised Learning of
        Disentangled Representations" (2019).

    >>> codes = np.indices((20, 20)).reshape(2, -1).T.astype(float)
    >>> mutual_information_score(codes)
    0.0
    >>> mutual_information_score(codes[:, [0, 0]])  # ln 20
    2.995...
    """
    information = information_between_codes(
        codes, protocol=protocol, estimator=estimator, bins=bins, correction=correction
    )
    different = ~np.eye(len(information), dtype=np.bool_)
    # Only the mean is clipped: chance takes single estimates below 0 as often as above.
    return max(0.0, float(information[different].mean())) if len(information) > 1 else 0.0
