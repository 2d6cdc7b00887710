"""dSprites pictures against real frames, the published pixel count and a plain even-odd test."""

import csv
import hashlib
import os
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from disentlib.ops import drawing

SIZES = (3, 6, 40, 32, 32)
DIGESTS = Path(__file__).parent.parent / "golden" / "dsprites_digests.csv"
REAL = os.environ.get("DISENTLIB_TEST_DATA")


def digests():
    with DIGESTS.open() as file:
        rows = list(csv.reader(file))[1:]
    return np.array([row[:5] for row in rows], np.int64), [row[5] for row in rows]


def random_factors(n, seed=0):
    rng = np.random.default_rng(seed)
    return np.stack([rng.integers(size, size=n) for size in SIZES], axis=1)


def test_every_real_frame_is_pixel_exact_by_its_digest():
    factors, expected = digests()
    assert len(expected) == 258
    bits = drawing.dsprites_bits(factors)
    assert [hashlib.sha256(picture.tobytes()).hexdigest() for picture in bits] == expected


@pytest.mark.skipif(not REAL, reason="DISENTLIB_TEST_DATA is not set")
def test_every_real_frame_is_pixel_exact():
    frames = np.load(Path(REAL or "") / "data" / "dsprites_frames" / "frames.npz")
    np.testing.assert_array_equal(drawing.dsprites_bits(frames["factors"]), frames["images"])


def test_the_whole_grid_has_the_published_number_of_on_pixels():
    on = 0
    for start in range(0, 737_280, 8192):
        index = np.arange(start, min(start + 8192, 737_280))
        factors = np.stack(np.unravel_index(index, SIZES), axis=1)
        on += int(np.bitwise_count(drawing.dsprites_bits(factors)).sum())
    assert abs(on - 128_328_862) <= 20  # 737,280 x 64 x 64 x the published mean


def test_pixels_are_the_samples_inside_the_outline():
    # An independent witness: the outline in exact fractions, one even-odd test per pixel.
    half, turn = 9.6, 2 * np.pi
    outlines = {
        0: [(-half, -half), (half, -half), (half, half), (-half, half)],
        1: [
            (half * 1.33 * np.cos(turn * k / 100), half / 1.33 * np.sin(turn * k / 100))
            for k in range(100)
        ],
    }
    for shape, scale, orientation, x, y in [(0, 0, 7, 3, 30), (1, 4, 11, 31, 0), (0, 5, 0, 16, 16)]:
        size, angle = 0.5 + 0.1 * scale, -turn * orientation / 39
        cos, sin = np.cos(angle), np.sin(angle)
        corners = [
            (
                Fraction(round(256 * (16 + 32 * x / 31 + size * (cos * u - sin * v))), 256),
                Fraction(round(256 * (16 + 32 * y / 31 + size * (sin * u + cos * v))), 256),
            )
            for u, v in outlines[shape]
        ]
        expected = np.zeros((64, 64), bool)
        for row in range(64):
            for column in range(64):
                at = column + Fraction(1, 2) + Fraction(1, 10**6)
                height = row + Fraction(1, 2) - Fraction(1, 10**6)
                for (x1, y1), (x2, y2) in zip(corners, corners[1:] + corners[:1], strict=True):
                    if (y1 > height) != (y2 > height):
                        crossing = x1 + (height - y1) * (x2 - x1) / (y2 - y1)
                        expected[row, column] ^= crossing < at
        drawn = drawing.dsprites(np.array([[shape, scale, orientation, x, y]]))[0, :, :, 0]
        np.testing.assert_array_equal(drawn == 255, expected)


def test_bytes_are_the_expanded_bits():
    factors = random_factors(100)
    bits = drawing.dsprites_bits(factors)
    images = drawing.dsprites(factors)
    assert images.shape == (100, 64, 64, 1)
    assert images.dtype == np.uint8
    np.testing.assert_array_equal(images[..., 0], 255 * np.unpackbits(bits, axis=-1))
    np.testing.assert_array_equal(drawing.expand_bits(bits), images)


def test_any_integer_type_and_stride_and_no_factors_at_all():
    factors = random_factors(20)
    expected = drawing.dsprites(factors)
    wide = np.zeros((40, 10), np.uint8)
    wide[::2, ::2] = factors
    np.testing.assert_array_equal(drawing.dsprites(wide[::2, ::2]), expected)
    np.testing.assert_array_equal(drawing.dsprites(factors[::-1])[::-1], expected)
    assert drawing.dsprites(np.zeros((0, 5), int)).shape == (0, 64, 64, 1)


@pytest.mark.parametrize(
    ("factors", "error", "message"),
    [
        (np.zeros((2, 5)), TypeError, "integer factors, got float64"),
        (np.zeros((2, 4), int), ValueError, r"shape \(n, 5\), got \(2, 4\)"),
        (np.array([[3, 0, 0, 0, 0]]), ValueError, "values outside"),
        (np.array([[0, 0, 0, 0, -1]]), ValueError, "values outside"),
    ],
)
def test_factors_that_do_not_fit_are_refused(factors, error, message):
    with pytest.raises(error, match=message):
        drawing.dsprites(factors)


@pytest.mark.parametrize(
    ("draw", "sizes"),
    [(drawing.dsprites, (3, 6, 40, 32, 32)), (drawing.shapes3d, (10, 10, 10, 8, 4, 15))],
)
def test_every_factor_ends_where_the_published_one_does(draw, sizes):
    last = np.array(sizes) - 1
    assert len(draw(last[None])) == 1
    for column in range(len(sizes)):
        with pytest.raises(ValueError, match="values outside"):
            draw(last[None] + np.eye(len(sizes), dtype=int)[[column]])


def test_bits_that_do_not_fit_are_refused():
    with pytest.raises(TypeError, match="uint8, got int64"):
        drawing.expand_bits(np.zeros((1, 64, 8), int))
    with pytest.raises(ValueError, match="got \\(64, 8\\)"):
        drawing.expand_bits(np.zeros((64, 8), np.uint8))


def masks_and_colours(n=7, seed=0):
    rng = np.random.default_rng(seed)
    masks = drawing.dsprites(random_factors(n, seed))
    return masks, rng.random((n, 3), np.float32), rng.random((n, 3), np.float32)


def test_compose_paints_inside_and_outside():
    masks, inside, outside = masks_and_colours()
    expected = np.where(masks > 0, inside[:, None, None], outside[:, None, None])
    composed = drawing.compose(masks, inside, outside)
    assert composed.dtype == np.float32
    np.testing.assert_array_equal(composed, expected)
    np.testing.assert_array_equal(
        drawing.compose(masks[::-1], inside[::-1], outside[::-1])[::-1], expected
    )


def test_invert_tints_windows_and_inverts_sprites():
    masks, colours, _ = masks_and_colours()
    rng = np.random.default_rng(1)
    background = rng.random((90, 75, 3), np.float32)
    corners = np.stack([rng.integers(27, size=7), rng.integers(12, size=7)], axis=1)
    images = drawing.invert(masks, background, corners, colours)
    for image, mask, (row, column), colour in zip(images, masks, corners, colours, strict=True):
        mixed = (background[row : row + 64, column : column + 64] + colour) / 2
        np.testing.assert_array_equal(image, np.where(mask > 0, 1 - mixed, mixed))


def test_arrays_that_do_not_fit_the_masks_are_refused():
    masks, inside, outside = masks_and_colours()
    background = np.zeros((80, 80, 3))
    with pytest.raises(TypeError, match="masks as uint8, got float64"):
        drawing.compose(masks / 255, inside, outside)
    with pytest.raises(ValueError, match=r"masks of shape \(n, height, width, 1\), got \(7, 64"):
        drawing.compose(masks[..., 0], inside, outside)
    with pytest.raises(ValueError, match="inside does not have the shape"):
        drawing.compose(masks, inside[:6], outside)
    with pytest.raises(ValueError, match="colours does not have the shape"):
        drawing.invert(masks, background, np.zeros((7, 2)), inside[:, :2])
    for corner in ([17, 0], [0, 17], [-1, 0], [0, -1]):
        with pytest.raises(ValueError, match="inside the background"):
            drawing.invert(masks, background, np.tile(corner, (7, 1)), inside)
