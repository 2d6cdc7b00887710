"""Images drawn from factors by the C++ kernels."""

import numpy as np

from disentlib import _kernels
from disentlib.arrays import as_array

DSPRITES_SIZES = (3, 6, 40, 32, 32)
SHAPES3D_SIZES = (10, 10, 10, 8, 4, 15)


def dsprites(factors: np.ndarray) -> np.ndarray:
    """Draw dSprites: factors (shape, scale, orientation, x, y) to 64 x 64 pictures.

    Args:
        factors: (n, 5) integers below (3, 6, 40, 32, 32).

    Returns:
        (n, 64, 64, 1) uint8, 0 outside and 255 inside the shape.

    Raises:
        TypeError: if the factors are not integers.
        ValueError: if their shape or range does not fit.

    Reference:
        Matthey, Higgins, Hassabis, Lerchner: dSprites: Disentanglement testing Sprites dataset,
        2017.

    >>> int((dsprites(np.array([[0, 5, 0, 16, 16]])) == 255).sum())  # a square of side 19.2
    361
    """
    return _kernels.dsprites(_grid_factors(factors, DSPRITES_SIZES))


def dsprites_bits(factors: np.ndarray) -> np.ndarray:
    """Draw dSprites as `np.packbits(inside, axis=-1)`: (n, 64, 8) uint8, 512 bytes a picture."""
    return _kernels.dsprites_bits(_grid_factors(factors, DSPRITES_SIZES))


def shapes3d(factors: np.ndarray) -> np.ndarray:
    """Draw rooms: factors (floor, wall, object hue, size, shape, azimuth) to 64 x 64 colour images.

    Args:
        factors: (n, 6) integers below (10, 10, 10, 8, 4, 15); shapes are cube, cylinder, sphere
            and capsule.

    Returns:
        (n, 64, 64, 3) uint8.

    Raises:
        TypeError: if the factors are not integers.
        ValueError: if their shape or range does not fit.

    >>> shapes3d(np.array([[0, 6, 3, 0, 2, 7]]))[0, 63, 0].tolist()  # the floor, lit and red
    [255, 0, 0]
    """
    return _kernels.shapes3d(_grid_factors(factors, SHAPES3D_SIZES))


def expand_bits(bits: np.ndarray) -> np.ndarray:
    """Return packed bits (n, height, width / 8) as (n, height, width, 1) uint8 of 0 and 255."""
    bits = np.ascontiguousarray(bits)
    if bits.dtype != np.uint8:
        raise TypeError(f"expected bits as uint8, got {bits.dtype}")
    if bits.ndim != 3:
        raise ValueError(f"expected bits of shape (n, height, width / 8), got {bits.shape}")
    return _kernels.expand_bits(bits)


def compose(masks: np.ndarray, inside: np.ndarray, outside: np.ndarray) -> np.ndarray:
    """Paint binary sprites: x = inside where the mask is on, outside elsewhere.

    Args:
        masks: (n, height, width, 1) uint8, on where not 0.
        inside: (n, 3) colour of each sprite, in [0, 1].
        outside: (n, 3) colour around it.

    Returns:
        (n, height, width, 3) float32.
    """
    return _kernels.compose(_masks(masks), _floats(inside), _floats(outside))


def invert(
    masks: np.ndarray, background: np.ndarray, corners: np.ndarray, colours: np.ndarray
) -> np.ndarray:
    """Invert a tinted background under binary sprites: b = (window + colour) / 2, x = 1 - b inside.

    Args:
        masks: (n, side, side, 1) uint8, on where not 0.
        background: (height, width, 3) picture in [0, 1], at least side x side.
        corners: (n, 2) integers, row and column of each window's upper left corner.
        colours: (n, 3) tint of each window, in [0, 1].

    Returns:
        (n, side, side, 3) float32.

    Raises:
        ValueError: if a window leaves the background.
    """
    corners = np.ascontiguousarray(corners, np.int64)
    return _kernels.invert(_masks(masks), _floats(background), corners, _floats(colours))


def _masks(masks: np.ndarray) -> np.ndarray:
    masks = np.ascontiguousarray(masks)
    if masks.dtype != np.uint8:
        raise TypeError(f"expected masks as uint8, got {masks.dtype}")
    if masks.ndim != 4 or masks.shape[3] != 1:
        raise ValueError(f"expected masks of shape (n, height, width, 1), got {masks.shape}")
    return masks


def _floats(values: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(values, np.float32)


def _grid_factors(factors: np.ndarray, sizes: tuple[int, ...]) -> np.ndarray:
    """Return factors as the contiguous int64 that kernels read without looking."""
    factors = as_array(factors, "factors")
    if not np.issubdtype(factors.dtype, np.integer):
        raise TypeError(f"expected integer factors, got {factors.dtype}")
    if factors.ndim != 2 or factors.shape[1] != len(sizes):
        raise ValueError(f"expected factors of shape (n, {len(sizes)}), got {factors.shape}")
    if ((factors < 0) | (factors >= sizes)).any():
        raise ValueError(f"expected factors in 0..size-1 for sizes {sizes}, got values outside")
    return np.ascontiguousarray(factors, np.int64)
