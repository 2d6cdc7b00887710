"""Show what each ground-truth factor does: sheets of one factor's values, animated cycles."""

from typing import TYPE_CHECKING

import numpy as np

from disentlib.visualization.cycles import factor_cycle

if TYPE_CHECKING:
    from disentlib.data.ground_truth import GroundTruthData

Rng = int | np.random.Generator | np.random.RandomState


def factor_variations(
    data: "GroundTruthData", factor: int, *, count: int = 16, rng: Rng = 0
) -> np.ndarray:
    """Draw images that differ in one factor only, its values spread evenly from first to last.

    Args:
        data: a data set with a full grid.
        factor: index of the factor that varies.
        count: number of images; fewer where the factor has fewer values.
        rng: draws the values at which the other factors rest.

    Returns:
        Images (min(count, factor size), height, width, channels).
    """
    size = _size(data, factor)
    values = np.linspace(0, size - 1, min(count, size)).round().astype(int)
    factors = np.repeat(data.sample_factors(1, rng), len(values), axis=0)
    factors[:, factor] = values
    return data.images(factors, rng)


def factor_frames(data: "GroundTruthData", *, frames: int = 20, rng: Rng = 0) -> np.ndarray:
    """Draw an animation with one tile per factor, each cycling while the others rest.

    Args:
        data: a data set with a full grid.
        frames: frames in a cycle.
        rng: draws the resting factors.

    Returns:
        Images (frames, factors, height, width, channels).
    """
    rest = data.sample_factors(1, rng)[0]
    count = len(rest)
    factors = np.tile(rest, (frames, count, 1))
    for factor in range(count):
        factors[:, factor, factor] = factor_cycle(int(rest[factor]), _size(data, factor), frames)
    images = data.images(factors.reshape(-1, count), rng)
    return images.reshape(frames, count, *images.shape[1:])


def _size(data: "GroundTruthData", factor: int) -> int:
    size = data.factor_sizes[factor]
    if size is None:
        raise ValueError(f"expected a discrete factor, got continuous {data.factor_names[factor]}")
    return size
