"""Factors as what predictors are asked for: values to tell apart, or real numbers."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from disentlib.arrays import as_labels
from disentlib.data.randomness import RNG
from disentlib.metrics.information.estimates import Continuous
from disentlib.metrics.protocol import Protocol, TrainTestSplit, check_test, split
from disentlib.ops import Standardisation, check_mixed_factors


def split_targets(
    codes: ArrayLike,
    factors: ArrayLike,
    *,
    continuous: Continuous = False,
    train_fraction: float = 0.75,
    test: tuple[ArrayLike, ArrayLike] | None = None,
    protocol: Protocol | None = None,
    rng: RNG = 0,
) -> tuple[TrainTestSplit, NDArray[np.bool_]]:
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
        The split, its real-valued factors standardised, and whether each is one (factors,).

    Raises:
        TypeError: if a discrete factor's values are not whole numbers.
        ValueError: if there are not as many answers as factors.
    """
    options: dict[str, Any] = {
        "train_fraction": train_fraction,
        "protocol": protocol,
        "rng": rng,
    }
    check_test(test)
    if test is not None:  # words are numbered alike in both
        factors, test_factors = as_labels(factors, test[1], continuous=continuous)
        test = (test[0], test_factors)
    table, known = check_mixed_factors(factors, continuous)
    if not known.any():
        return split(codes, factors, test=test, **options), known
    # `split` takes integers alone: it splits row numbers, by which real-valued factors are indexed.
    rows = np.arange(len(table))[:, None]
    if test is None:
        parts = split(codes, rows, **options)
        test_table = table
    else:
        test_table = check_mixed_factors(test[1], known, name="test factors")[0]
        parts = split(codes, rows, test=(test[0], np.arange(len(test_table))[:, None]), **options)
    # Predictors then depend neither on the scale of a real-valued factor nor on its offset.
    standardise = Standardisation.of(table)
    table, test_table = (np.where(known, standardise(part), part) for part in (table, test_table))
    return parts._replace(
        train_factors=table[parts.train_factors[:, 0]],
        test_factors=test_table[parts.test_factors[:, 0]],
    ), known
