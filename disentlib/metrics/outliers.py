"""Single samples that decide what scores of means and variances say."""

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from disentlib.ops import column_ranges, near_one
from disentlib.screen import safe


class OutlierWarning(UserWarning):
    """One sample carries much of a code's variance, and the score hangs on means and variances."""


def variance_shares(codes: NDArray[Any]) -> NDArray[np.float64]:
    """Return the share of each code's variance that its farthest sample carries (dims,).

    About 15 / samples for a Gaussian code of 10,000 samples; 0 for a constant one.
    """
    codes = near_one(codes)
    low, high = column_ranges(codes)
    # Sums of few long columns: several times as fast as mean and var.
    centre = np.einsum("ij->j", codes, dtype=np.float64) / len(codes)
    strayed = codes - centre
    total = np.einsum("ij,ij->j", strayed, strayed)
    farthest = np.where(low < high, np.maximum(centre - low, high - centre), 0.0) ** 2
    return np.divide(farthest, total, out=np.zeros_like(total), where=farthest > 0)


def hanging_on_one(codes: NDArray[Any]) -> NDArray[np.bool_]:
    """Return which codes have a sample of a tenth of the variance, and thirty times its due.

    A tenth of the variance moves a correlation of 1 to 0.95. Thirty times the average: one of 50
    samples may well carry a tenth by chance.
    """
    shares = variance_shares(codes)
    return (shares > 0.1) & (shares > 30 / len(codes))


def warn_of_outliers(
    codes: NDArray[Any], *, names: Sequence[str] | None = None, stacklevel: int = 3
) -> None:
    """Warn whoever called a score of means and variances of each code with such a sample."""
    for code in np.flatnonzero(hanging_on_one(codes)):
        name = code if names is None else names[int(code)]
        warnings.warn(
            f"one sample carries much of the variance of code {safe(name)}, and with it what "
            "scores of means and variances say: see metrics.diagnose",
            OutlierWarning,
            stacklevel=stacklevel,
        )
