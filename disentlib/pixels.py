"""The rule for pixels: how an array of images becomes the input of a network, and a picture.

Training, encoding, scoring and pictures all follow it, so that no two of them read the same array
in different ways. A uint8 array is 0..255; other arrays are checked and never rescaled.
"""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from disentlib.arrays import as_array

__all__ = ["as_input", "picture"]

WHITE = 255
LARGEST = float(np.finfo(np.float32).max)


def as_input(
    array: ArrayLike, *, unit: bool = False, full_range: bool = False, name: str = "images"
) -> NDArray[np.float32]:
    """Return images as networks see them: uint8 as x / 255, floats as they are, all in float32.

    Args:
        array: of any shape; uint8 (0..255), bool (0 or 1) or floating point.
        unit: whether floats must lie in [0, 1], as a Bernoulli likelihood needs them.
        full_range: whether a uint8 array is known to be part of one that uses 0..255, so that
            values of 0 and 1 alone are dark pixels.
        name: what errors call the array.

    Returns:
        float32 of the same shape; the array itself where it is float32 already.

    Raises:
        TypeError: if the array is of another kind, integers other than uint8 included.
        ValueError: if a value is NaN, infinite, or outside [0, 1] where `unit` asks for that, or
            if a uint8 array holds no values but 0 and 1: scaled, it would be black.

    >>> as_input(np.array([0, 51, 255], np.uint8)).tolist()
    [0.0, 0.2, 1.0]
    """
    array = _pixels(array, name)
    if array.dtype == np.uint8:
        if not full_range and array.max(initial=0) == 1:
            raise ValueError(
                f"expected {name} of uint8 from 0 to 255, got only 0 and 1: multiply them by 255, "
                "or pass floats"
            )
        return np.divide(array, np.float32(WHITE), dtype=np.float32)
    if array.size:
        low, high = float(array.min()), float(array.max())  # NaN where there is one
        if not (low >= -LARGEST and high <= LARGEST):
            wanted = f"{name} in [0, 1]" if unit else f"finite {name}"
            raise ValueError(f"expected {wanted}, got NaN or infinity")
        if unit and (low < 0 or high > 1):
            raise ValueError(
                f"expected {name} in [0, 1], got values from {low:g} to {high:g}: rescale them, "
                "or choose a likelihood of real values such as a Gaussian"
            )
    return array.astype(np.float32, copy=False)


def picture(array: ArrayLike) -> NDArray[np.uint8]:
    """Return images as 8-bit RGB: ``floor(255 x)`` for floats, as they are for bytes.

    Args:
        array: (..., height, width, channels) with 1 or 3 channels; uint8 (0..255), bool, or
            floating point in [0, 1]. Floats outside [0, 1] are clipped: the mean of a Gaussian
            likelihood may leave the range.

    Returns:
        A new array (..., height, width, 3); a single channel is repeated.

    Raises:
        TypeError: if the array is of another kind.
        ValueError: if its shape does not end in (height, width, 1 or 3), or a value is not finite.

    >>> picture(np.array([[[0.5]]])).tolist()
    [[[127, 127, 127]]]
    """
    images = _pixels(array, "images")
    if images.ndim < 3 or images.shape[-1] not in (1, 3):
        raise ValueError(
            f"expected images (..., height, width, 1 or 3 channels), got shape {images.shape}"
        )
    if images.dtype != np.uint8:
        if not np.isfinite(images).all():
            raise ValueError("expected finite images, got NaN or infinity")
        images = (np.clip(images, 0.0, 1.0) * WHITE).astype(np.uint8)
    return np.repeat(images, 3, axis=-1) if images.shape[-1] == 1 else images.copy()


def _pixels(array: ArrayLike, name: str) -> NDArray[Any]:
    """Return the array as uint8 or floating point, or raise saying how to make it so."""
    array = as_array(array, name)
    kind = array.dtype
    if kind == np.uint8 or np.issubdtype(kind, np.floating):
        return array
    if kind == np.bool_:
        return array.astype(np.float32)
    remedy = ""
    if np.issubdtype(kind, np.integer):
        remedy = ": images.astype('uint8') if they are 0 to 255, else images / their_maximum"
    raise TypeError(f"expected {name} of uint8, bool or floats, got {kind}{remedy}")
