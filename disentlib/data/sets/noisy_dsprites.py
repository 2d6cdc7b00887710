"""Noisy-dSprites (Locatello et al., ICML 2019): white sprites on uniform noise."""

import numpy as np

from disentlib.data.randomness import Random, uniform
from disentlib.data.sets.sprite_variant import FromPublished, SpriteVariant


class _Noisy(SpriteVariant):
    """min(mask + noise, 1), with noise uniform in [0, 1] for each pixel and channel."""

    def _images(self, factors: np.ndarray, rng: Random) -> np.ndarray:
        masks = self.sprites.images(factors)
        noise = uniform(rng, (len(factors), *self.image_shape))
        noise[masks[..., 0] > 0] = 1
        return noise


class NoisyDSprites(FromPublished, _Noisy):
    """Published dSprites in white on noise; see `DSprites` for `path`."""

    name = "noisy_dsprites"


class NoisyDSpritesRendered(_Noisy):
    """Drawn dSprites in white on noise: no file."""

    name = "noisy_dsprites_rendered"
