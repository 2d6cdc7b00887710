"""Mutual information between codes (Locatello et al. 2019)."""

import numpy as np
from numpy.typing import ArrayLike

from disentlib import ops
from disentlib.metrics.estimates import adjusted, default_bins
from disentlib.metrics.protocol import Protocol, check_protocol


def mutual_information_score(
    codes: ArrayLike, *, protocol: Protocol | None = None, bins: int | None = None
) -> float:
    """MI = mean over pairs of different codes of I(code; other code), in nats; lower is better.

    Whether codes are pairwise independent. Needs no factors. Unlike `gaussian_total_correlation`
    it notices dependence without correlation, but only between pairs.

    Estimator: 21 quantile bins, adjusted for chance (`disentlib.metrics.estimates`): independent
    codes score about 0. Plug-in information from equal-width bins under `bins` or `protocol`; there
    independent codes score about (bins - 1)^2 / (2 samples).

    Args:
        codes: real numbers (samples, dims).
        protocol: "locatello2019" for 20 equal-width bins; None for the default estimator.
        bins: that many equal-width bins instead.

    Returns:
        From 0 to ln(bins); 0 for a single code.

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
    check_protocol(protocol)
    codes = ops.check_codes(codes)
    if bins is None and protocol == "locatello2019":
        bins = 20
    if bins is None:
        chosen = default_bins(0, len(codes))
        labels = ops.discretise(codes, chosen, rule="quantile")
        shared = adjusted(codes, labels, chosen).shared
    else:
        shared = ops.mutual_information(codes, ops.discretise(codes, bins), bins=bins)
    different = ~np.eye(len(shared), dtype=np.bool_)
    # Clipped last: estimates below 0 make up for those above.
    return max(0.0, float(shared[different].mean())) if len(shared) > 1 else 0.0
