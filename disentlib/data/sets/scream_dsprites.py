"""Scream-dSprites (Locatello et al., ICML 2019): sprites that invert a patch of a painting."""

import os

import numpy as np
from PIL import Image

from disentlib.data import pictures, published
from disentlib.data.randomness import Random, integers, uniform
from disentlib.data.sets.sprite_variant import FromPublished, SpriteVariant
from disentlib.ops import drawing

ADVICE = (
    "save a picture of Munch's The Scream (1893, in the public domain) there, or pass the path of "
    "any picture; data.TexturedDSpritesRendered() needs no picture"
)
BOX = (350, 274)  # width and height into which the picture is made to fit


class _Inverted(SpriteVariant):
    """A tinted window of `background` behind the sprite, and its inverse inside."""

    background: np.ndarray

    def _images(self, factors: np.ndarray, rng: Random) -> np.ndarray:
        masks = self.sprites.images(factors)
        n = len(factors)
        # The last window of either direction is left out, as in the study.
        rows, columns = (size - 64 for size in self.background.shape[:2])
        if isinstance(rng, np.random.RandomState):  # image by image, as the reference draws
            corners, colours = np.empty((n, 2), np.int64), np.empty((n, 3))
            for k in range(n):
                corners[k] = rng.randint(rows), rng.randint(columns)
                colours[k] = rng.uniform(size=3)
        else:
            corners = np.stack([integers(rng, rows, n), integers(rng, columns, n)], axis=1)
            colours = uniform(rng, (n, 3))
        return drawing.invert(masks, self.background, corners, colours)


def read_picture(path: str | os.PathLike[str] | None) -> np.ndarray:
    """Return a picture fitted into 350 x 274 as (height, width, 3) float32 in [0, 1]."""
    file = published.find(path, ["scream.jpg", "scream/scream.jpg"], advice=ADVICE)
    small = pictures.plain(file).convert("RGB")
    small.thumbnail(BOX, Image.Resampling.BICUBIC)
    if min(small.size) <= 64:
        raise ValueError(f"expected {file} to be over 64 x 64 within {BOX}, got {small.size}")
    return np.asarray(small, np.float32) / 255


class ScreamDSprites(FromPublished, _Inverted):
    """Published dSprites on patches of a painting; see `DSprites` for `path`.

    Args:
        path: where the published dSprites are.
        picture: the painting, or a folder with scream.jpg. Default: the folder DISENTLIB_DATA.
    """

    name = "scream_dsprites"
    needs = "a file, a picture"

    def __init__(
        self,
        path: str | os.PathLike[str] | None = None,
        picture: str | os.PathLike[str] | None = None,
    ):
        super().__init__(path)
        self.picture = picture
        self.background = read_picture(picture)


class ScreamDSpritesRendered(_Inverted):
    """Drawn dSprites on patches of a painting, which is the only file needed.

    Args:
        picture: the painting, or a folder with scream.jpg. Default: the folder DISENTLIB_DATA.
    """

    name = "scream_dsprites_rendered"
    needs = "a picture"

    def __init__(self, picture: str | os.PathLike[str] | None = None):
        self.picture = picture
        self.background = read_picture(picture)


class TexturedDSpritesRendered(_Inverted):
    """Drawn dSprites on patches of a made-up painting: no file, harder than a plain background."""

    name = "textured_dsprites_rendered"

    def __init__(self) -> None:
        self.background = texture()


def texture(height: int = 274, width: int = 220, seed: int = 0) -> np.ndarray:
    """Return bands of colour that bend and swirl, (height, width, 3) float32 in [0, 1]."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width] / float(height)
    for scale in (2, 4, 8, 16):  # each bend follows the bends before it
        phase = rng.uniform(0, 2 * np.pi, 4)
        x, y = (
            x + 0.4 / scale * np.sin(scale * y + phase[0]) * np.cos(scale * x + phase[1]),
            y + 0.4 / scale * np.sin(scale * x + phase[2]) * np.cos(scale * y + phase[3]),
        )
    waves = [np.sin(rng.uniform(20, 50) * (x + 2 * y) + rng.uniform(0, 6)) for _ in range(3)]
    strength = 0.2 + 0.3 * (y[..., None] % 1)
    return (0.5 + strength * np.stack(waves, axis=-1)).astype(np.float32)
