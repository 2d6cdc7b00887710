"""Color-dSprites (Locatello et al., ICML 2019): every sprite in a colour of its own, on black."""

import numpy as np

from disentlib.data.randomness import Random, uniform
from disentlib.data.sets.sprite_variant import FromPublished, SpriteVariant
from disentlib.ops import drawing


class _Coloured(SpriteVariant):
    """Each channel of the sprite is uniform in [0.5, 1]; the colour is no factor."""

    def _images(self, factors: np.ndarray, rng: Random) -> np.ndarray:
        masks = self.sprites.images(factors)
        colours = uniform(rng, (len(factors), 3), low=0.5)
        return drawing.compose(masks, colours, np.zeros_like(colours))


class ColorDSprites(FromPublished, _Coloured):
    """Published dSprites in random colours on black; see `DSprites` for `path`."""

    name = "color_dsprites"


class ColorDSpritesRendered(_Coloured):
    """Drawn dSprites in random colours on black: no file."""

    name = "color_dsprites_rendered"
