"""Covariances for the scores that treat codes as one Gaussian."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from disentlib.arrays import as_array
from disentlib.metrics.outliers import warn_of_outliers
from disentlib.ops import check_codes


def covariance(codes: ArrayLike) -> NDArray[np.float64]:
    """Return the unbiased covariance (dims, dims) of codes (samples, dims), in float64.

    Block by block, so that no copy of the codes is made.
    """
    codes = check_codes(codes)
    warn_of_outliers(codes, stacklevel=4)
    centre = codes.mean(axis=0, dtype=np.float64)
    total = np.zeros((codes.shape[1], codes.shape[1]))
    for start in range(0, len(codes), 65_536):
        block = codes[start : start + 65_536] - centre
        total += block.T @ block
    return total / (len(codes) - 1)


def without_constants(covariances: NDArray[Any], codes: ArrayLike) -> NDArray[Any]:
    """Drop the rows and columns of constant codes: they are independent of all others."""
    array = as_array(codes, "codes")
    varying = array.min(axis=0) < array.max(axis=0)
    return covariances[np.ix_(varying, varying)]
