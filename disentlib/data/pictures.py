"""Picture files as they look: 8 bits a channel, upright, with nothing that transparency hides."""

import contextlib
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import numpy as np
from PIL import Image, ImageOps

from disentlib import limits
from disentlib.data import published

__all__ = ["Background", "plain", "shape"]

Background = Literal["black", "white"]

FORMATS = ("PNG", "JPEG", "BMP", "WEBP", "TIFF", "GIF", "PPM")  # others run programs
ORIENTATION = 0x0112  # of EXIF; 5 to 8 lie on their side
GREY = ("1", "L")
COLOUR = ("P", "RGB", "CMYK", "YCbCr")
SIXTEEN_BIT = ("I;16", "I;16L", "I;16B", "I;16N")
TRANSPARENT = ("LA", "La", "PA", "RGBA", "RGBa")


def shape(path: Path) -> tuple[int, int, int]:
    """Return (height, width, channels) of a picture as `plain` gives it; only its header is read.

    Raises:
        FileNotFoundError: if there is none.
        ValueError: if it is damaged, too large, or of a kind that `plain` refuses.
    """
    with _opened(path) as picture:
        width, height = picture.size
        if picture.getexif().get(ORIENTATION, 1) >= 5:
            width, height = height, width
        return height, width, 1 if _is_grey(picture) else 3


def plain(path: Path, *, background: Background | None = None) -> Image.Image:
    """Return a picture in mode L or RGB.

    Sixteen bits are rounded to eight, palettes and CMYK become colours, and what EXIF says of the
    camera's position is followed.

    Args:
        path: the file.
        background: "black" or "white", which shows through where the picture is transparent;
            without it such a picture is refused, for what lies there is hidden.

    Raises:
        FileNotFoundError: if there is none.
        ValueError: if it is damaged, too large, of several frames or of floats, or if it is
            transparent and `background` is None.
    """
    with _opened(path) as picture:
        upright = ImageOps.exif_transpose(picture)
        if upright.mode in TRANSPARENT or "transparency" in upright.info:
            return _covered(upright, path, background)
        if upright.mode in (*SIXTEEN_BIT, "I"):
            values = np.asarray(upright).astype(np.uint32)
            return Image.fromarray(((values * 255 + 32767) // 65535).astype(np.uint8))
        return upright.convert("L" if upright.mode in GREY else "RGB")


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[Image.Image]:
    """Open a picture whose kind can be converted without guessing."""
    limits.check_regular(path)
    with published.damaged(path, "a picture"):
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            picture = Image.open(path, formats=FORMATS)
        with picture:
            deep = picture.mode in SIXTEEN_BIT or (picture.mode, picture.format) == ("I", "PNG")
            known = deep or picture.mode in (*GREY, *COLOUR, *TRANSPARENT)
            if not known or (deep and "transparency" in picture.info):
                raise ValueError(
                    f"expected a grey or coloured picture of 8 or 16 bits at {path}, got mode "
                    f"{picture.mode} ({picture.format}): convert it, or import arrays of floats"
                )
            frames = getattr(picture, "n_frames", 1)
            if frames > 1 and picture.format != "MPO":  # cameras put a second view behind
                raise ValueError(
                    f"expected one picture at {path}, got {frames} frames ({picture.format})"
                )
            yield picture


def _covered(picture: Image.Image, path: Path, background: Background | None) -> Image.Image:
    """Return a transparent picture on a background, or as it is where nothing is hidden."""
    above = picture.convert("RGBA")
    if np.asarray(above)[..., 3].min() < 255:
        if background is None:
            raise ValueError(
                f"expected a picture without transparent pixels at {path}, got mode {picture.mode} "
                "with some: choose a background, black or white"
            )
        above = Image.alpha_composite(Image.new("RGBA", above.size, background), above)
    return above.convert("RGB").convert("L" if _is_grey(picture) else "RGB")


def _is_grey(picture: Image.Image) -> bool:
    return picture.mode in (*GREY, *SIXTEEN_BIT, "I", "LA", "La")
