"""What the sets that repaint dSprites share: the sprites, drawn or from the published file."""

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from disentlib.data.ground_truth import GroundTruthData
from disentlib.data.sets.dsprites import DSprites
from disentlib.data.sets.dsprites_rendered import FACTOR_NAMES, FACTOR_SIZES, DSpritesRendered


class SpriteVariant(GroundTruthData):
    """Images made from the masks of `sprites` and from something left to chance."""

    factor_names: tuple[str, ...] = FACTOR_NAMES
    factor_sizes: tuple[int | None, ...] = FACTOR_SIZES
    image_shape: tuple[int, int, int] = (64, 64, 3)
    dtype = np.dtype(np.float32)
    deterministic = False
    sprites: GroundTruthData = DSpritesRendered()


class FromPublished(SpriteVariant):
    """The sprites are those of the published file; see `DSprites` for `path`."""

    needs = "a file"

    def __init__(self, path: str | os.PathLike[str] | None = None):
        self.path = path
        self.sprites: DSprites = DSprites(path)

    @property
    def file(self) -> Path:
        """Return where the sprites are read from."""
        return self.sprites.file

    def verify(self) -> Iterator[str]:
        """Yield what is found to be right about the file, as `DSprites` does."""
        yield from self.sprites.verify()
