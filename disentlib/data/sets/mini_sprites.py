"""A set for tests and teaching: 576 images of 16 x 16, small enough for an MLP."""

import functools

import numpy as np

from disentlib.data.ground_truth import GroundTruthData
from disentlib.data.randomness import Random

SHAPES = ("square", "diamond", "cross")


class MiniSprites(GroundTruthData):
    """A white square, diamond or diagonal cross on black, 16 x 16, in 576 combinations.

    Factors: shape, size (3, 5 or 7 pixels across), x and y in 8 places each. Every combination
    has an image of its own.

    >>> sprites = MiniSprites()
    >>> bool((sprites.images([[0, 0, 0, 0]])[0, 3:6, 3:6, 0] == 255).all())
    True
    """

    name = "mini_sprites"
    factor_names = ("shape", "size", "pos_x", "pos_y")
    factor_sizes = (3, 3, 8, 8)
    image_shape = (16, 16, 1)

    def _images(self, factors: np.ndarray, rng: Random) -> np.ndarray:
        return _pictures()[tuple(factors.T)]


@functools.cache
def _pictures() -> np.ndarray:
    """Return every image of the set, (3, 3, 8, 8, 16, 16, 1)."""
    pixel = np.arange(16)
    place = 4 + np.arange(8)
    across = np.abs(pixel - place[:, None])[:, None, None, :]  # of the centre, (x, 1, 1, column)
    down = np.abs(pixel - place[:, None])[None, :, :, None]  # (1, y, row, 1)
    pictures = []
    for radius in (1, 2, 3):
        square = np.maximum(across, down) <= radius
        diamond = across + down <= radius
        cross = (across == down) & square
        pictures.append([square, diamond, cross])
    on = np.swapaxes(np.array(pictures), 0, 1)
    return np.where(on, np.uint8(255), np.uint8(0))[..., None]
