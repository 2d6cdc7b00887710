import math

import numpy as np
import pytest

from disentlib.visualization import grids


def some_images(n, height=3, width=4, channels=1, dtype=np.float32, seed=0):
    images = np.random.default_rng(seed).random((n, height, width, channels))
    return images.astype(dtype) if dtype != np.uint8 else (images * 255).astype(np.uint8)


@pytest.mark.parametrize("n", [1, 2, 3, 4, 8, 9, 17])
@pytest.mark.parametrize("channels", [1, 3])
def test_square_grid_against_a_plain_loop(n, channels):
    images = some_images(n, channels=channels)
    side = math.floor(math.sqrt(n))
    expected = np.empty((side * 3, side * 4, 3), np.uint8)
    for k in range(side * side):
        column, row = divmod(k, side)
        for y in range(3):
            for x in range(4):
                for c in range(3):
                    value = images[k, y, x, c if channels == 3 else 0]
                    expected[row * 3 + y, column * 4 + x, c] = int(value * np.float32(255))
    assert np.array_equal(grids.square_grid(images), expected)


@pytest.mark.parametrize(("n", "rows"), [(1, 1), (5, None), (6, None), (7, None), (10, 3)])
@pytest.mark.parametrize("gap", [0, 1, 10])
def test_padded_grid_against_a_plain_loop(n, rows, gap):
    images = some_images(n, channels=3, dtype=np.uint8)
    picture = grids.padded_grid(images, rows=rows, gap=gap)
    rows = rows or {5: 2, 6: 2, 7: 2}[n]
    columns = math.ceil(n / rows)
    expected = np.full((rows * (3 + gap) + gap, columns * (4 + gap) + gap, 3), 255, np.uint8)
    for k in range(n):
        row, column = divmod(k, columns)
        top, left = gap + row * (3 + gap), gap + column * (4 + gap)
        expected[top : top + 3, left : left + 4] = images[k]
    assert np.array_equal(picture, expected)


def test_best_rows_against_its_definition():
    for n in range(1, 300):
        best, waste = None, math.inf
        rows = int(math.sqrt(n))
        while rows >= 1 and n <= 4 * rows * rows:
            missing = math.ceil(n / rows) * rows - n
            if missing < waste:
                best, waste = rows, missing
            if missing == 0:
                break
            rows -= 1
        assert grids.best_rows(n) == best
        assert math.ceil(n / best) <= 4 * best


@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.float64, bool])
@pytest.mark.parametrize("channels", [1, 3])
def test_the_input_is_never_modified_nor_shared(dtype, channels):
    images = some_images(9, channels=channels, dtype=dtype)
    before = images.copy()
    for picture in (
        grids.to_uint8(images),
        grids.square_grid(images),
        grids.padded_grid(images, gap=0),
        grids.side_by_side(images, images),
        grids.tile(images[None], gap=0),
    ):
        picture[:] = 77
        assert np.array_equal(images, before)


def test_bytes_survive_the_way_through_floats():
    grey = np.arange(256, dtype=np.uint8).reshape(1, 16, 16, 1)
    for floats in (grey / 255, (grey / 255).astype(np.float32), grey * np.float32(1 / 255)):
        assert np.array_equal(grids.to_uint8(floats)[..., :1], grey)


def test_floats_are_truncated_and_clipped():
    values = np.array([-3.0, 0.0, 0.5, 0.999, 1.0, 7.0]).reshape(1, 6, 1)
    assert grids.to_uint8(values)[0, :, 0].tolist() == [0, 0, 127, 254, 255, 255]
    assert grids.to_uint8(values > 0.4)[0, :, 2].tolist() == [0, 0, 255, 255, 255, 255]


def test_reconstructions_stand_to_the_right_of_their_images():
    left, right = np.zeros((4, 2, 3, 1)), np.ones((4, 2, 3, 1))
    pairs = grids.side_by_side(left, right)
    assert pairs.shape == (4, 2, 6, 3)
    assert (pairs[:, :, :3] == 0).all()
    assert (pairs[:, :, 3:] == 255).all()


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: grids.to_uint8(np.zeros((2, 2))), ValueError, r"expected images .* got shape"),
        (lambda: grids.to_uint8(np.zeros((2, 2, 2))), ValueError, "1 or 3 channels"),
        (lambda: grids.to_uint8(np.zeros((2, 2, 1), int)), TypeError, "got int64"),
        (lambda: grids.to_uint8(np.full((2, 2, 1), np.nan)), ValueError, "NaN"),
        (lambda: grids.square_grid(np.zeros((0, 2, 2, 1))), ValueError, "n >= 1"),
        (lambda: grids.square_grid(np.zeros((2, 2, 1))), ValueError, "got shape"),
        (lambda: grids.padded_grid(np.zeros((3, 2, 2, 1)), rows=4), ValueError, "1 to 3, got 4"),
        (lambda: grids.padded_grid(np.zeros((3, 2, 2, 1)), rows=0), ValueError, "got 0"),
        (lambda: grids.tile(np.zeros((3, 2, 2, 1))), ValueError, "rows, columns"),
        (lambda: grids.best_rows(0), ValueError, "at least one"),
        (
            lambda: grids.side_by_side(np.zeros((3, 2, 2, 1)), np.zeros((2, 2, 2, 1))),
            ValueError,
            "two equal shapes",
        ),
    ],
)
def test_bad_arguments(call, error, message):
    with pytest.raises(error, match=message):
        call()
