"""Two factor vectors that differ in few factors: what weak supervision and time series show."""

import numpy as np

from disentlib.data.ground_truth import GroundTruthData
from disentlib.data.randomness import RNG, Random, generator, integers

__all__ = ["changed_factors", "moved_factors"]


def changed_factors(
    data: GroundTruthData,
    n: int,
    rng: RNG,
    *,
    changed: int | None = None,
    protocol: str | None = None,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Draw c ~ p(c), and c' = c but for k randomly chosen factors that take another value.

    Args:
        data: a set with a full grid.
        n: number of pairs.
        rng: draws everything.
        changed: k; None draws k uniform in 1..factors-1 for each pair.
        protocol: None for exactly k factors with values that differ; "locatello2020" for the
            reference's choices: 1 or k factors with probability one half each, the new values
            drawn uniformly, so that they may equal the old.

    Returns:
        c and c', each (n, factors) int64, and (n, factors) bool: which factors were chosen. A
        chosen factor may keep its value under the reference's choices only.

    Raises:
        ValueError: if `changed` is not in 1..number of factors, or the protocol is unknown.

    Reference:
        Locatello, Poole, Rätsch, Schölkopf, Bachem, Tschannen: Weakly-supervised disentanglement
        without compromises, ICML 2020.
    """
    if protocol not in (None, "locatello2020"):
        raise ValueError(f"expected protocol None or 'locatello2020', got {protocol!r}")
    random = generator(rng)
    sizes = np.array(data.sizes)
    # A factor of one value cannot change; the reference draws it all the same.
    free = sizes > (1 if protocol is None else 0)
    if changed is not None and not 1 <= changed <= free.sum():
        raise ValueError(f"expected changed in 1..{free.sum()}, got {changed}")
    if changed is None and free.sum() < 2:
        raise ValueError("expected at least two factors of several values, or a number changed")
    first = data.sample_factors(n, random)
    count = np.full(n, changed) if changed else 1 + integers(random, int(free.sum()) - 1, n)
    if protocol == "locatello2020":
        count = np.where(integers(random, 2, n) == 0, 1, count)
    # The factors with the smallest of uniform numbers are a uniform choice.
    order = np.where(free, random.random((n, len(sizes))), 2.0)
    chosen = np.argsort(np.argsort(order, axis=1), axis=1) < count[:, None]
    if protocol == "locatello2020":
        redrawn = np.stack([integers(random, size, n) for size in data.sizes], axis=1)
    else:  # a step of 1..size-1 around the circle of values
        steps = [1 + integers(random, max(size - 1, 1), n) for size in data.sizes]
        redrawn = (first + np.stack(steps, axis=1)) % sizes
    return first, np.where(chosen, redrawn, first), chosen


def moved_factors(
    data: GroundTruthData, n: int, rng: RNG, *, rate: float = 1.0
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Draw c_t ~ p(c), and c_{t+1} with p proportional to exp(-rate |c_{t+1} - c_t|) per factor.

    Small and few changes: the discrete Laplace transitions of natural video. At least one factor
    of every pair moves.

    Args:
        data: a set with a full grid.
        n: number of pairs.
        rng: draws everything.
        rate: of the decay per step between neighbouring values; larger moves less.

    Returns:
        c_t and c_{t+1}, each (n, factors) int64, and (n, factors) bool: which factors moved.

    Raises:
        ValueError: if the rate is not positive.

    Reference:
        Klindt, Schott, Sharma, Ustyuzhaninov, Brendel, Bethge, Paiton: Towards nonlinear
        disentanglement in natural data with temporal sparse coding, ICLR 2021.
    """
    if not rate > 0:
        raise ValueError(f"expected a rate over 0, got {rate}")
    random = generator(rng)
    first = data.sample_factors(n, random)
    second = first.copy()
    still = np.arange(n)
    while len(still):
        second[still] = _moves(first[still], data.sizes, rate, random)
        still = still[(second[still] == first[still]).all(axis=1)]
    return first, second, first != second


def _moves(factors: np.ndarray, sizes: tuple[int, ...], rate: float, random: Random) -> np.ndarray:
    """Return one transition of every row, by the inverse of each factor's distribution."""
    moved = np.empty_like(factors)
    for column, size in enumerate(sizes):
        values = np.arange(size)
        weights = np.exp(-rate * abs(values - values[:, None]))
        cumulative = np.cumsum(weights, axis=1)[factors[:, column]]
        draws = random.random(len(factors)) * cumulative[:, -1]
        moved[:, column] = (cumulative <= draws[:, None]).sum(axis=1)
    return moved
