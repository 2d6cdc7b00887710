"""Show what each ground-truth factor does: sheets of one factor's values, animated cycles."""

import os
import re
from pathlib import Path

import numpy as np

from disentlib.data import GroundTruthData
from disentlib.data.randomness import RNG, generator
from disentlib.visualization import encoding, grids
from disentlib.visualization.cycles import factor_cycle


def save_pictures(
    data: GroundTruthData,
    folder: str | os.PathLike[str],
    *,
    animations: int = 5,
    frames: int = 20,
    rng: RNG = 0,
) -> list[Path]:
    """Write a sheet of every factor's values and a few animations in which all factors cycle.

    Args:
        data: a data set with a full grid.
        folder: where ``variations_of_FACTOR.png`` and ``animation_N.gif`` go; made if absent.
        animations: how many, each about another image.
        frames: frames in a cycle.
        rng: draws the values at which factors rest.

    Returns:
        The paths of the files.
    """
    random = generator(rng)
    paths = []
    for factor, name in enumerate(data.factor_names):
        sheet = grids.padded_grid(factor_variations(data, factor, rng=random))
        plain = re.sub(r"[^\w.-]", "_", name)  # a name is no path
        path = Path(folder) / f"variations_of_{plain}.png"
        paths.append(encoding.save(path, encoding.png(sheet)))
    for number in range(animations):
        tiles = factor_frames(data, frames=frames, rng=random)
        pictures = np.stack([grids.padded_grid(frame) for frame in tiles])
        path = Path(folder) / f"animation_{number}.gif"
        paths.append(encoding.save(path, encoding.gif(pictures, fps=10)))
    return paths


def factor_variations(
    data: GroundTruthData, factor: int, *, count: int = 16, rng: RNG = 0
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
    random = generator(rng)
    size = _size(data, factor)
    values = np.linspace(0, size - 1, min(count, size)).round().astype(int)
    factors = np.repeat(data.sample_factors(1, random), len(values), axis=0)
    factors[:, factor] = values
    return data.images(factors, random)


def factor_frames(data: GroundTruthData, *, frames: int = 20, rng: RNG = 0) -> np.ndarray:
    """Draw an animation with one tile per factor, each cycling while the others rest.

    Args:
        data: a data set with a full grid.
        frames: frames in a cycle.
        rng: draws the resting factors.

    Returns:
        Images (frames, factors, height, width, channels).
    """
    random = generator(rng)
    rest = data.sample_factors(1, random)[0]
    count = len(rest)
    factors = np.tile(rest, (frames, count, 1))
    for factor in range(count):
        factors[:, factor, factor] = factor_cycle(int(rest[factor]), _size(data, factor), frames)
    images = data.images(factors.reshape(-1, count), random)
    return images.reshape(frames, count, *images.shape[1:])


def _size(data: GroundTruthData, factor: int) -> int:
    size = data.factor_sizes[factor]
    if size is None:
        raise ValueError(f"expected a discrete factor, got continuous {data.factor_names[factor]}")
    return size
