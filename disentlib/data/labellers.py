"""Labels as somebody might give them: whole, coarse, wrong, permuted or few.

A labeller maps (n, factors) integer factors to (n, observed) float32 labels and the number of
values of each: (factors, sizes, rng) -> (labels, label sizes). Locatello et al., "Disentangling
factors of variation using few labels", ICLR 2020.
"""

from collections.abc import Callable, Sequence

import numpy as np

from disentlib.data.randomness import Random, integers

__all__ = ["LABELLERS", "Labeller", "binned", "noisy", "partial", "perfect", "permuted"]

SizedLabels = tuple[np.ndarray, tuple[int, ...]]
Labeller = Callable[[np.ndarray, Sequence[int], Random], SizedLabels]


def perfect(factors: np.ndarray, sizes: Sequence[int], rng: Random) -> SizedLabels:  # noqa: ARG001
    """Return the factors themselves."""
    return factors.astype(np.float32), tuple(sizes)


def binned(
    factors: np.ndarray,
    sizes: Sequence[int],
    rng: Random,  # noqa: ARG001
    *,
    bins: int = 5,
) -> SizedLabels:
    """Return min(floor(value / (size / bins)), bins - 1) where a factor has more values than bins.

    >>> labels, sizes = binned(np.array([[0], [7], [8], [15], [39]]), [40], None)
    >>> labels[:, 0].tolist(), sizes
    ([0.0, 0.0, 1.0, 1.0, 4.0], (5,))
    """
    labels = factors.astype(np.float32)
    for column, size in enumerate(sizes):
        if size > bins:
            labels[:, column] = np.minimum(factors[:, column] // (size / bins), bins - 1)
    return labels, tuple(min(size, bins) for size in sizes)


def noisy(
    factors: np.ndarray, sizes: Sequence[int], rng: Random, *, probability: float = 0.1
) -> SizedLabels:
    """Return the factors, each replaced by a uniform value with the given probability."""
    replaced = rng.random(factors.shape) < probability
    values = np.stack([integers(rng, size, len(factors)) for size in sizes], axis=1)
    return np.where(replaced, values, factors).astype(np.float32), tuple(sizes)


def permuted(factors: np.ndarray, sizes: Sequence[int], rng: Random) -> SizedLabels:
    """Return the factors with the values of each renamed at random, which loses their order."""
    names = [rng.permutation(size) for size in sizes]
    labels = [name[column] for name, column in zip(names, factors.T, strict=True)]
    return np.stack(labels, axis=1).astype(np.float32), tuple(sizes)


def partial(
    factors: np.ndarray, sizes: Sequence[int], rng: Random, *, observed: int = 2
) -> SizedLabels:
    """Return `observed` of the factors, chosen at random once, in their order."""
    if not 1 <= observed <= len(sizes):
        raise ValueError(f"expected observed in 1..{len(sizes)}, got {observed}")
    kept = np.sort(rng.permutation(len(sizes))[:observed])
    return factors[:, kept].astype(np.float32), tuple(sizes[column] for column in kept)


LABELLERS: dict[str, Labeller] = {
    "perfect": perfect,
    "binned": binned,
    "noisy": noisy,
    "permuted": permuted,
    "partial": partial,
}
