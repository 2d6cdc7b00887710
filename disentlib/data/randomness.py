"""Randomness is an argument: seeds, generators, and counters that leave nothing to save."""

import numpy as np

Random = np.random.Generator | np.random.RandomState
RNG = int | Random


def generator(rng: RNG | None) -> Random:
    """Return the generator that an `rng` argument means: itself, or a new one seeded by an int.

    Args:
        rng: a seed (0 or more), a `Generator`, a legacy `RandomState`, or None, which means 0.

    Raises:
        TypeError: if it is none of these.

    >>> int(generator(3).integers(10)) == int(generator(3).integers(10))
    True
    """
    if rng is None:
        return np.random.default_rng(0)
    if isinstance(rng, (np.random.Generator, np.random.RandomState)):
        return rng
    if isinstance(rng, (int, np.integer)) and not isinstance(rng, bool):
        return np.random.default_rng(int(rng))
    raise TypeError(
        f"expected rng as an int, numpy Generator or RandomState, got {type(rng).__name__}"
    )


def integers(rng: Random, size: int, n: int) -> np.ndarray:
    """Return `n` uniform draws from 0..size-1 in one call, the same way for both kinds of `rng`."""
    if isinstance(rng, np.random.RandomState):
        return rng.randint(size, size=n)
    return rng.integers(size, size=n)


def uniform(rng: Random, shape: tuple[int, ...], *, low: float = 0.0) -> np.ndarray:
    """Return float32 draws uniform in [low, 1)."""
    if isinstance(rng, np.random.RandomState):
        return rng.uniform(low, 1, shape).astype(np.float32)
    draws = rng.random(shape, np.float32)
    return draws if low == 0 else low + (1 - np.float32(low)) * draws


def counter(seed: int, step: int) -> np.random.Generator:
    """Return the generator of step `step` of stream `seed`: the same whenever it is asked for.

    Philox counts draws in its lowest words; the step sits in the highest, so steps never overlap.
    """
    return np.random.Generator(np.random.Philox(key=int(seed), counter=[0, 0, 0, int(step)]))
