"""Tile images into one picture: arrays in, a new uint8 RGB array out, the input untouched."""

import math

import numpy as np

from disentlib.arrays import as_array
from disentlib.pixels import WHITE as WHITE
from disentlib.pixels import picture as to_uint8


def tile(images: np.ndarray, *, gap: int = 0) -> np.ndarray:
    """Lay images (rows, columns, height, width, channels) out as one picture.

    Args:
        images: see `to_uint8` for kinds and range.
        gap: white pixels between the tiles and around them.

    Returns:
        The picture, uint8 (rows * (height + gap) + gap, columns * (width + gap) + gap, 3).
    """
    images = as_array(images, "images")
    if images.ndim != 5 or 0 in images.shape:
        raise ValueError(
            f"expected images (rows, columns, height, width, channels), got shape {images.shape}"
        )
    tiles = np.pad(
        to_uint8(images), ((0, 0), (0, 0), (0, gap), (0, gap), (0, 0)), constant_values=WHITE
    )
    rows, columns, height, width, _ = tiles.shape
    picture = tiles.swapaxes(1, 2).reshape(rows * height, columns * width, 3)
    return np.pad(picture, ((gap, 0), (gap, 0), (0, 0)), constant_values=WHITE)


def square_grid(images: np.ndarray, *, gap: int = 0) -> np.ndarray:
    """Tile the first ``s * s`` images, ``s = floor(sqrt(n))``, column by column.

    >>> images = np.arange(5, dtype=np.uint8).reshape(5, 1, 1, 1)
    >>> square_grid(images)[:, :, 0].tolist()
    [[0, 2], [1, 3]]
    """
    images = _check_list(images)
    side = math.isqrt(len(images))
    square = images[: side * side].reshape(side, side, *images.shape[1:]).swapaxes(0, 1)
    return tile(square, gap=gap)


def padded_grid(images: np.ndarray, *, rows: int | None = None, gap: int = 10) -> np.ndarray:
    """Tile all images row by row with white gaps; missing tiles at the end are white.

    Args:
        images: (n, height, width, channels), see `to_uint8`.
        rows: number of rows, 1..n; by default `best_rows`.
        gap: white pixels between the tiles and around them.
    """
    images = _check_list(images)
    rows = best_rows(len(images)) if rows is None else rows
    if not 1 <= rows <= len(images):
        raise ValueError(f"expected rows from 1 to {len(images)}, got {rows}")
    columns = -(-len(images) // rows)
    tiles = np.full((rows * columns, *images.shape[1:3], 3), WHITE, np.uint8)
    tiles[: len(images)] = to_uint8(images)
    return tile(tiles.reshape(rows, columns, *tiles.shape[1:]), gap=gap)


def best_rows(count: int) -> int:
    """Return the number of rows that wastes fewest tiles, at most four times as wide as high.

    The largest such number not above ``sqrt(count)``, so an exact division near the square wins.

    >>> [best_rows(n) for n in (1, 6, 7, 10, 12, 23)]
    [1, 2, 2, 2, 3, 4]
    """
    if count < 1:
        raise ValueError(f"expected at least one image, got {count}")
    allowed = [rows for rows in range(math.isqrt(count), 0, -1) if count <= 4 * rows * rows]
    return min(allowed, key=lambda rows: -count % rows)


def side_by_side(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Join two lists of images pairwise: (n, h, w, c) and (n, h, w, c) to (n, h, 2 w, 3) uint8."""
    left, right = to_uint8(_check_list(left)), to_uint8(_check_list(right))
    if left.shape != right.shape:
        raise ValueError(f"expected two equal shapes, got {left.shape} and {right.shape}")
    return np.concatenate([left, right], axis=2)


def _check_list(images: np.ndarray) -> np.ndarray:
    images = as_array(images, "images")
    if images.ndim != 4 or 0 in images.shape:
        raise ValueError(
            f"expected images (n, height, width, channels), n >= 1, got shape {images.shape}"
        )
    return images
