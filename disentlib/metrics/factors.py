"""Which factors a score can speak about."""

import warnings
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from disentlib.metrics.information.estimates import ConstantFactorWarning, Continuous
from disentlib.ops import check_codes, check_mixed_factors, column_ranges


def varying(factors: NDArray[Any]) -> NDArray[np.bool_]:
    """Return which columns have several values (factors,), and warn of those that have not."""
    low, high = column_ranges(factors)
    kept: NDArray[np.bool_] = low < high
    for factor in np.flatnonzero(~kept):
        warnings.warn(
            f"factor {factor} has a single value and is left out",
            ConstantFactorWarning,
            stacklevel=3,
        )
    return kept


def check_targets(
    codes: ArrayLike, factors: ArrayLike, continuous: Continuous
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return checked codes, and as numbers the factors that vary, for scores of quantities.

    Args:
        codes: real numbers (samples, dims).
        factors: non-negative integers (samples, factors), or real numbers where `continuous`.
        continuous: which factors are real-valued, one answer for all or one each.
    """
    array = check_codes(codes).astype(np.float64)
    table, _ = check_mixed_factors(factors, continuous, len(array))
    return array, table[:, varying(table)].astype(np.float64)
