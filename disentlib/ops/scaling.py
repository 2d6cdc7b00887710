"""Columns on a scale on which sums of squares neither overflow nor vanish."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from disentlib.ops.validate import column_ranges

Floats = NDArray[np.float64]

_SAFE = 200  # a power of two whose fourth power float64 holds; float32 never reaches it


def exponents(values: NDArray[Any], *, together: bool = False) -> NDArray[np.int32]:
    """Return the powers of two (columns,) by which `numpy.ldexp` brings columns near 1.

    0 where float64 holds fourth powers of the largest value anyway, so that values of an everyday
    scale stay as they are.

    Args:
        values: finite real numbers (samples, columns), float32 or float64.
        together: whether all columns get the power of the largest one, where it matters how they
            compare.
    """
    low, high = column_ranges(values)
    largest = np.maximum(np.abs(low), np.abs(high))
    if together:
        largest = np.full_like(largest, largest.max(initial=0.0))
    exponent = np.frexp(largest)[1]
    return np.where((np.abs(exponent) > _SAFE) & (largest > 0), -exponent, 0).astype(np.int32)


def near_one(values: NDArray[Any], *, together: bool = False) -> NDArray[Any]:
    """Return columns (samples, columns) multiplied by their `exponents`: exactly, as by 2 or 1/2.

    >>> near_one(np.array([[3e200, 5.0], [-1e200, 6.0]]))[:, 1]
    array([5., 6.])
    """
    powers = exponents(values, together=together)
    return np.ldexp(values, powers) if powers.any() else values


@dataclass(frozen=True)
class Standardisation:
    """z -> (z - mean) / standard deviation, of some samples; columns constant there become 0.

    Attributes:
        powers: what columns are multiplied by first, as powers of two (columns,).
        centre: the mean after that (columns,).
        deviation: the standard deviation after that (columns,); 1 of a constant column.
        live: which columns vary (columns,).
    """

    powers: NDArray[np.int32]
    centre: Floats
    deviation: Floats
    live: NDArray[np.bool_]

    @classmethod
    def of(cls, values: NDArray[Any], *, constants: bool = False) -> "Standardisation":
        """Return that of `values` (samples, columns), float32 or float64.

        Args:
            values: the samples.
            constants: whether constant columns are treated as others, so that they become what
                rounding of their mean leaves over its own deviation, as in scikit-learn 0.21.

        >>> z = np.array([[1.0, 7.0], [3.0, 7.0]])
        >>> Standardisation.of(z)(z)
        array([[-1.,  0.],
               [ 1.,  0.]])
        """
        powers = exponents(values)
        scaled = np.ldexp(values, powers) if powers.any() else values
        low, high = column_ranges(scaled)
        deviation = scaled.std(axis=0, dtype=np.float64)
        live = (low < high) | constants
        deviation = np.where(live & (deviation > 0), deviation, 1.0)
        return cls(powers, scaled.mean(axis=0, dtype=np.float64), deviation, live)

    def __call__(self, values: NDArray[Any]) -> Floats:
        """Return the columns of these, or other, samples in units of the deviation, float64."""
        scaled = np.ldexp(values.astype(np.float64, copy=False), self.powers)
        return np.where(self.live, (scaled - self.centre) / self.deviation, 0.0)
