"""Encode pictures as PNG and GIF, and save them."""

import base64
import io
import os
from pathlib import Path

import numpy as np
from PIL import Image

from disentlib.arrays import as_array
from disentlib.files import write


def png(picture: np.ndarray) -> bytes:
    """Return a uint8 picture (height, width, 3) as PNG; one channel is stored where all agree."""
    buffer = io.BytesIO()
    _image(_thin(_check(picture, 3))).save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def gif(frames: np.ndarray, *, fps: float = 10.0) -> bytes:
    """Return uint8 frames (n, height, width, 3) as an endless GIF.

    Grey frames keep their exact values. Colours share one palette of 256 that is fitted to all
    frames: a palette per frame flickers.

    Args:
        frames: the pictures in order.
        fps: frames a second, above 0 and at most 50 (browsers slow faster ones down).
    """
    frames = _thin(_check(frames, 4))
    if not 0 < fps <= 50:
        raise ValueError(f"expected 0 < fps <= 50, got {fps}")
    if frames.ndim == 3:
        images = [_image(frame) for frame in frames]
    else:
        sheet = _image(frames.reshape(-1, *frames.shape[2:]))
        palette = sheet.quantize(256, method=Image.Quantize.MEDIANCUT)
        images = [
            _image(frame).quantize(palette=palette, dither=Image.Dither.NONE) for frame in frames
        ]
    buffer = io.BytesIO()
    images[0].save(
        buffer,
        "GIF",
        save_all=True,
        append_images=images[1:],
        duration=round(1000 / fps),
        loop=0,
    )
    return buffer.getvalue()


def data_uri(content: bytes, kind: str) -> str:
    """Return bytes as a ``data:`` address of a media type, for pages that load nothing."""
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


def save(path: str | os.PathLike[str], content: bytes) -> Path:
    """Write bytes to a path at once, and make the folders on the way."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    return write(path, content)


def _check(pictures: np.ndarray, ndim: int) -> np.ndarray:
    pictures = as_array(pictures, "pictures")
    if pictures.dtype != np.uint8:
        raise TypeError(f"expected uint8 pictures, got {pictures.dtype}: see grids.to_uint8")
    if pictures.ndim != ndim or pictures.shape[-1] != 3 or 0 in pictures.shape:
        shape = "(height, width, 3)" if ndim == 3 else "(n, height, width, 3)"
        raise ValueError(f"expected pictures {shape}, got shape {pictures.shape}")
    return pictures


def _thin(pictures: np.ndarray) -> np.ndarray:
    grey = (pictures == pictures[..., :1]).all()
    return pictures[..., 0] if grey else pictures


def _image(picture: np.ndarray) -> Image.Image:
    return Image.fromarray(np.ascontiguousarray(picture))
