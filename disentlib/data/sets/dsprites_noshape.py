"""dSprites with the shape left to chance, so that four ordered factors remain."""

import numpy as np

from disentlib.data.randomness import Random, integers
from disentlib.data.sets.dsprites_rendered import FACTOR_NAMES, FACTOR_SIZES
from disentlib.data.sets.sprite_variant import FromPublished, SpriteVariant


class _WithoutShape(SpriteVariant):
    """The shape is drawn with the image; it is no factor."""

    factor_names = FACTOR_NAMES[1:]
    factor_sizes = FACTOR_SIZES[1:]
    image_shape = (64, 64, 1)
    dtype = np.dtype(np.uint8)

    def _images(self, factors: np.ndarray, rng: Random) -> np.ndarray:
        shape = integers(rng, FACTOR_SIZES[0], len(factors))
        return self.sprites.images(np.insert(factors, 0, shape, axis=1))


class DSpritesNoShape(FromPublished, _WithoutShape):
    """Published dSprites of any shape; see `DSprites` for `path`."""

    name = "dsprites_noshape"


class DSpritesNoShapeRendered(_WithoutShape):
    """Drawn dSprites of any shape: no file."""

    name = "dsprites_noshape_rendered"
