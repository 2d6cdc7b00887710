"""Which factors a score can speak about."""

import warnings
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from disentlib.metrics.estimates import ConstantFactorWarning
from disentlib.ops import check_codes, check_factors, column_ranges


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
    codes: ArrayLike, factors: ArrayLike, continuous: bool
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return checked codes, and as numbers the factors that vary, for scores of quantities.

    Args:
        codes: real numbers (samples, dims).
        factors: non-negative integers (samples, factors), or real numbers if continuous.
        continuous: whether factors are real numbers.
    """
    array = check_codes(codes).astype(np.float64)
    if not continuous:
        table = check_factors(factors, len(array))
    else:
        table = check_codes(factors, name="factors")
        if len(table) != len(array):
            raise ValueError(
                f"expected as many rows of factors as of codes, got {len(table)} and {len(array)}"
            )
    return array, table[:, varying(table)].astype(np.float64)
