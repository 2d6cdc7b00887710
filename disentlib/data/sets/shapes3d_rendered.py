"""Rooms like those of Shapes3D, drawn when asked for: the same factors, other pixels.

The layout of room, camera, light and shadow follows the pictures that Burgess and Kim published
with "3D Shapes Dataset" (2018), by eye. Scores on this set are no scores on Shapes3D.
"""

import numpy as np

from disentlib.data.ground_truth import GroundTruthData
from disentlib.data.randomness import Random
from disentlib.ops import drawing

FACTOR_NAMES = ("floor_hue", "wall_hue", "object_hue", "scale", "shape", "orientation")
FACTOR_SIZES = (10, 10, 10, 8, 4, 15)


class Shapes3DRendered(GroundTruthData):
    """A coloured object in a coloured room, 64 x 64, in 480,000 combinations of 6 factors.

    Factors: hues of floor, wall and object (10 each, around the circle from red), scale 0.75..1.25
    in 8 steps, shape (cube, cylinder, sphere, capsule), and the camera's azimuth -30..30 degrees
    in 15 steps. Rays are cast once for each scale, shape and azimuth: 4 ms then, 15 MB in all.

    >>> Shapes3DRendered().images(np.zeros((2, 6), int)).shape
    (2, 64, 64, 3)
    """

    name = "shapes3d_rendered"
    factor_names = FACTOR_NAMES
    factor_sizes = FACTOR_SIZES
    image_shape = (64, 64, 3)

    def _images(self, factors: np.ndarray, rng: Random) -> np.ndarray:
        return drawing.shapes3d(factors)
