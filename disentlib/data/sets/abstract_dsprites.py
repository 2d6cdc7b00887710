"""Abstract dSprites (van Steenkiste et al., NeurIPS 2019): sprites for reasoning puzzles."""

import numpy as np

from disentlib.data.randomness import Random, integers
from disentlib.data.sets.sprite_variant import FromPublished, SpriteVariant
from disentlib.ops import drawing

BACKGROUNDS = np.repeat(np.linspace(0, 1, 5, dtype=np.float32)[:, None], 3, axis=1)
COLOURS = np.array(  # six evenly spaced hues of equal lightness
    [
        [0.909623, 0.588340, 0.365768],
        [0.635018, 0.692773, 0.362690],
        [0.376483, 0.728390, 0.596311],
        [0.395490, 0.707392, 0.787458],
        [0.696364, 0.622070, 0.899716],
        [0.908160, 0.551110, 0.749434],
    ],
    np.float32,
)


class _Abstract(SpriteVariant):
    """Background and sprite have colours of their own; the orientation is no factor."""

    factor_names = ("background", "color", "shape", "scale", "pos_x", "pos_y")
    factor_sizes = (5, 6, 3, 6, 32, 32)

    def _images(self, factors: np.ndarray, rng: Random) -> np.ndarray:
        orientation = integers(rng, 40, len(factors))
        sprites = np.insert(factors[:, 2:], 2, orientation, axis=1)
        masks = self.sprites.images(sprites)
        return drawing.compose(masks, COLOURS[factors[:, 1]], BACKGROUNDS[factors[:, 0]])


class AbstractDSprites(FromPublished, _Abstract):
    """Published dSprites in six colours on five greys; see `DSprites` for `path`."""

    name = "abstract_dsprites"


class AbstractDSpritesRendered(_Abstract):
    """Drawn dSprites in six colours on five greys: no file."""

    name = "abstract_dsprites_rendered"
