"""dSprites without its file: the same shapes on the same factor grid, drawn when asked for.

The geometry was recovered from frames of the published data set (Matthey et al., "dSprites:
Disentanglement testing Sprites dataset", 2017). Every real frame at hand is drawn pixel for pixel,
and the whole grid has 14 on-pixels fewer than the published 128,328,862. It is therefore very
near the published file but not certified bit-identical, and has a name of its own.
"""

import numpy as np

from disentlib.data.ground_truth import GroundTruthData
from disentlib.data.randomness import Random
from disentlib.ops import drawing

FACTOR_NAMES = ("shape", "scale", "orientation", "pos_x", "pos_y")
FACTOR_SIZES = (3, 6, 40, 32, 32)


class DSpritesRendered(GroundTruthData):
    """A white square, ellipse or heart on black, 64 x 64, in 737,280 combinations of 5 factors.

    Factors: shape (square, ellipse, heart), scale 0.5..1 in 6 steps, orientation 0..2 pi in 40
    (both ends, so 0 and 39 look alike), x and y in 32 each. Pixels are 0 or 255.

    >>> sprites = DSpritesRendered()
    >>> sprites.images(sprites.sample_factors(4, rng=0)).shape
    (4, 64, 64, 1)
    """

    name = "dsprites_rendered"
    factor_names = FACTOR_NAMES
    factor_sizes = FACTOR_SIZES
    image_shape = (64, 64, 1)

    def _images(self, factors: np.ndarray, rng: Random) -> np.ndarray:
        return drawing.dsprites(factors)
