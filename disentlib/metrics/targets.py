"""Factors as what predictors are asked for: values to tell apart, or real numbers."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from disentlib.data.randomness import RNG
from disentlib.metrics.protocol import Protocol, Split, split
from disentlib.ops import check_codes


def split_targets(
    codes: ArrayLike,
    factors: ArrayLike,
    *,
    continuous: bool | Sequence[bool] = False,
    train_fraction: float = 0.75,
    test: tuple[ArrayLike, ArrayLike] | None = None,
    protocol: Protocol | None = None,
    rng: RNG = 0,
) -> tuple[Split, NDArray[np.bool_]]:
    """Split as `protocol.split` does, where some factors may be real-valued.

    Args:
        codes: real numbers (samples, dims).
        factors: (samples, factors), integers where no factor is continuous; else real numbers, of
            which those of discrete factors are whole.
        continuous: which factors are real-valued, one answer for all or one each.
        train_fraction: as in `protocol.split`, as are the others.
        test: other samples to test on.
        protocol: whose choice of rows.
        rng: draws the rows.

    Returns:
        The split, and whether each factor is real-valued (factors,).

    Raises:
        TypeError: if a discrete factor's values are not whole numbers.
        ValueError: if there are not as many answers as factors.
    """
    table = np.asarray(factors)
    if np.ndim(continuous) > 0 and np.shape(continuous) != table.shape[1:2]:
        raise ValueError(
            f"expected continuous to be a bool or one for each of {table.shape[1:]} factors, "
            f"got {np.shape(continuous)}"
        )
    known = np.broadcast_to(np.asarray(continuous, np.bool_), table.shape[1:2])
    options: dict[str, Any] = {
        "train_fraction": train_fraction,
        "protocol": protocol,
        "rng": rng,
    }
    if not known.any():
        return split(codes, factors, test=test, **options), known
    table = _check(table, known, "factors")
    # Row numbers take the factors' place, so that the rows are those of `split`.
    rows = np.arange(len(table))[:, None]
    if test is None:
        parts = split(codes, rows, **options)
        test_table = table
    else:
        test_table = _check(np.asarray(test[1]), known, "test factors")
        parts = split(codes, rows, test=(test[0], np.arange(len(test_table))[:, None]), **options)
    return parts._replace(
        train_factors=table[parts.train_factors[:, 0]],
        test_factors=test_table[parts.test_factors[:, 0]],
    ), known


def _check(table: NDArray[Any], continuous: NDArray[np.bool_], name: str) -> NDArray[np.float64]:
    table = check_codes(table, name=name).astype(np.float64)
    whole = (table == np.round(table)).all(axis=0)
    for factor in np.flatnonzero(~whole & ~continuous):
        raise TypeError(f"expected whole numbers in factor {factor}, got others: is it continuous?")
    return table
