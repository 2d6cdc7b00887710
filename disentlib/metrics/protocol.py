"""How scores are taken: whose choices, which rows train, where codes of a data set come from."""

import math
from typing import Any, Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from disentlib.data import randomness
from disentlib.data.randomness import RNG, Random
from disentlib.ops import check_codes, check_factors

Protocol = Literal["locatello2019"]


class Split(NamedTuple):
    """Rows to fit on and rows to test on.

    Attributes:
        train_codes: (train, dims).
        train_factors: (train, factors).
        test_codes: (test, dims).
        test_factors: (test, factors).
    """

    train_codes: NDArray[Any]
    train_factors: NDArray[Any]
    test_codes: NDArray[Any]
    test_factors: NDArray[Any]


def check_protocol(protocol: str | None) -> None:
    """Raise ValueError unless `protocol` is None, the sound definitions, or a known name."""
    if protocol is not None and protocol not in get_args(Protocol):
        raise ValueError(f"expected protocol None or one of {get_args(Protocol)}, got {protocol!r}")


def generator(rng: RNG | None, protocol: Protocol | None = None) -> Random:
    """Return the generator that `rng` means; under "locatello2019" an int seeds a `RandomState`."""
    check_protocol(protocol)
    if protocol == "locatello2019" and isinstance(rng, (int, np.integer)):
        return np.random.RandomState(int(rng))
    return randomness.generator(rng)


def split(
    codes: ArrayLike,
    factors: ArrayLike,
    *,
    train_fraction: float = 0.75,
    test: tuple[ArrayLike, ArrayLike] | None = None,
    protocol: Protocol | None = None,
    rng: RNG = 0,
) -> Split:
    """Return checked rows to fit on and rows to test on.

    Args:
        codes: real numbers (samples, dims).
        factors: integers (samples, factors).
        train_fraction: the share of samples to fit on, between 0 and 1, rounded up; ignored where
            `test` is given.
        test: (codes, factors) of other samples: then all of the first ones train.
        protocol: None draws the training rows from `rng`; "locatello2019" takes the leading ones,
            so there the caller must hand over samples in random order.
        rng: draws the rows.

    Raises:
        TypeError: if codes are not real numbers or factors not integers.
        ValueError: if shapes do not fit, or a part would be empty.
    """
    check_protocol(protocol)
    codes = check_codes(codes)
    factors = check_factors(factors, len(codes))
    if test is not None:
        test_codes = check_codes(test[0], name="test codes")
        test_factors = check_factors(test[1], len(test_codes), name="test factors")
        for name, train_part, test_part in (
            ("codes", codes, test_codes),
            ("factors", factors, test_factors),
        ):
            if train_part.shape[1] != test_part.shape[1]:
                raise ValueError(
                    f"expected test {name} of {train_part.shape[1]} columns, "
                    f"got {test_part.shape[1]}"
                )
        return Split(codes, factors, test_codes, test_factors)
    if not 0 < train_fraction < 1:
        raise ValueError(f"expected a train_fraction between 0 and 1, got {train_fraction}")
    # Of 2 samples one trains and one tests.
    train = min(math.ceil(train_fraction * len(codes)), len(codes) - 1)
    if protocol == "locatello2019":
        return Split(codes[:train], factors[:train], codes[train:], factors[train:])
    order = generator(rng).permutation(len(codes))
    rows, others = order[:train], order[train:]
    return Split(codes[rows], factors[rows], codes[others], factors[others])
