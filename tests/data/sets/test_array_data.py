import numpy as np
import pandas as pd
import pytest

from disentlib import data

GRID = np.array([[i, j] for i in range(3) for j in range(4)])


def images_of(factors, dtype=np.uint8):
    values = 20 * np.asarray(factors)[:, 0] + 3 * np.asarray(factors)[:, 1]
    images = np.tile(values[:, None, None, None], (1, 4, 5, 1))
    return images.astype(np.uint8) if dtype == np.uint8 else (images / 255).astype(dtype)


def test_a_full_grid_in_any_order_gives_the_images_of_its_factors():
    order = np.random.default_rng(0).permutation(12)
    mine = data.ArrayData(images_of(GRID[order]), GRID[order], names=["a", "b"])
    assert mine.has_full_grid
    assert mine.deterministic
    assert mine.factor_sizes == (3, 4)
    np.testing.assert_array_equal(mine.images(GRID), images_of(GRID))
    assert mine.image_shape == (4, 5, 1)


def test_repeated_combinations_give_one_of_their_images():
    factors = np.concatenate([GRID, [[1, 2]]])
    images = images_of(factors)
    images[-1] = 255
    mine = data.ArrayData(images, factors)
    assert not mine.deterministic
    drawn = mine.images(np.tile([1, 2], (200, 1)), 0)[:, 0, 0, 0]
    assert set(drawn) == {26, 255}
    assert 60 < (drawn == 255).sum() < 140


def test_an_incomplete_grid_samples_rows_and_refuses_the_rest():
    mine = data.ArrayData(images_of(GRID[:-1]), GRID[:-1])
    assert not mine.has_full_grid
    factors, images = mine.sample(50, 0)
    np.testing.assert_array_equal(images, images_of(factors))
    assert factors.dtype == np.int64
    with pytest.raises(ValueError, match=r"array_data has no full grid .*sample\(n, rng\)"):
        mine.images(GRID)
    batch = next(iter(data.streams.images(mine, batch_size=3, seed=0)))
    assert batch.shape == (3, 4, 5, 1)


def test_any_whole_numbers_are_numbered_in_order():
    mine = data.ArrayData(images_of(GRID), GRID * [10, -1] + [5, 0], names=["a", "b"])
    np.testing.assert_array_equal(mine.values[0], [5, 15, 25])
    np.testing.assert_array_equal(mine.values[1], [-3, -2, -1, 0])
    np.testing.assert_array_equal(mine.factors, GRID * [1, -1] + [0, 3])


def test_real_valued_factors_have_no_size_and_no_grid():
    factors = GRID + np.array([0.0, 0.25])
    mine = data.ArrayData(images_of(GRID), factors, continuous=[False, True])
    assert mine.factor_sizes == (3, None)
    assert not mine.has_full_grid
    drawn, _ = mine.sample(20, 0)
    assert set(drawn[:, 1]) <= {0.25, 1.25, 2.25, 3.25}
    assert data.ArrayData(images_of(GRID), factors).factor_sizes == (None, None)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_floats_become_float32_and_bools_bytes(dtype):
    mine = data.ArrayData(images_of(GRID, dtype)[..., 0], GRID)
    assert mine.images(GRID).dtype == mine.dtype == np.float32
    np.testing.assert_allclose(mine.images(GRID), images_of(GRID) / 255, rtol=1e-6)
    masks = data.ArrayData(images_of(GRID) > 20, GRID)
    assert set(np.unique(masks.images(GRID))) == {0, 255}
    assert masks.dtype == np.uint8


def bad(images, row, value):
    images = images.astype(np.float32) / 255
    images[row] = value
    return images


@pytest.mark.parametrize(
    ("images", "factors", "options", "error", "message"),
    [
        (images_of(GRID)[1:], GRID, {}, ValueError, r"\(11, factors\) for 11 images"),
        (images_of(GRID), GRID * 1j, {}, TypeError, "integers or floats, got complex"),
        (images_of(GRID), np.where(GRID == 2, np.nan, GRID), {}, ValueError, "finite factors"),
        (images_of(GRID), GRID / 2, {"continuous": False}, ValueError, "whole values of factor_0"),
        (images_of(GRID), GRID, {"names": ["a"]}, ValueError, "2 different names"),
        (images_of(GRID), GRID, {"names": ["a", "a"]}, ValueError, "2 different names"),
        (images_of(GRID).astype(int), GRID, {}, TypeError, "images of uint8, bool or floats"),
        (images_of(GRID)[:, 0, 0], GRID, {}, TypeError, r"astype\('float32'\) if they are numbers"),
        (images_of(GRID)[..., [0] * 5], GRID, {}, ValueError, "pictures=False if they are other"),
        (np.zeros(12), GRID, {}, ValueError, r"observations of shape \(n, \.\.\.\)"),
        (bad(np.ones((12, 4)), 7, np.inf), GRID, {}, ValueError, "finite observations.*rows 0 to"),
        (np.ones((12, 4)), GRID, {"condition": GRID[:5]}, ValueError, r"shape \(12, length\)"),
        (np.ones((12, 4)), GRID, {"condition": -GRID[:, 1]}, ValueError, "at least 0 in condition"),
        (np.ones((12, 4)), GRID, {"condition": GRID * np.nan}, ValueError, "finite condition"),
        (bad(images_of(GRID), 7, np.nan), GRID, {}, ValueError, r"images in \[0, 1\], got NaN"),
        (bad(images_of(GRID), 7, 1.5), GRID, {}, ValueError, r"images in \[0, 1\]"),
        (images_of(GRID)[:0], GRID[:0], {}, ValueError, "expected images of shape"),
    ],
)
def test_what_does_not_fit_is_refused(images, factors, options, error, message):
    with pytest.raises(error, match=message):
        data.ArrayData(images, factors, **options)


def test_the_configuration_of_arrays_in_memory_is_their_digest():
    config = data.ArrayData(images_of(GRID), GRID).config()
    assert config == {"name": "array_data", "rows": len(GRID), "sha256": config["sha256"]}
    assert len(config["sha256"]) == 64


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (np.eye(6, dtype=np.uint8)[None].repeat(12, axis=0), "only 0 and 1: multiply them by 255"),
        (np.zeros((12, 3, 8, 8), np.uint8), r"numpy\.moveaxis\(images, 1, -1\)"),
        (np.full((12, 8, 8), 200.0), r"in \[0, 1\], got values from 200 to 200: rescale"),
    ],
)
def test_pixels_that_are_not_as_expected_come_with_the_remedy(images, message):
    with pytest.raises(ValueError, match=message):
        data.ArrayData(images, GRID)


def test_a_dark_image_of_a_bright_set_is_scaled_like_the_others():
    images = images_of(GRID)
    images[:] = 1
    images[-1] = 255
    mine = data.ArrayData(images, GRID)
    np.testing.assert_array_equal(mine.as_input(images[:1]), np.float32(1 / 255))


def test_words_and_data_frames():
    images = np.full((4, 3, 3), 200, np.uint8)
    frame = pd.DataFrame({"kind": ["b", "a", "b", "a"], "size": [10, 9, 9, 10]})
    mine = data.ArrayData(images, frame)
    assert mine.factor_names == ("kind", "size")
    assert mine.factors.tolist() == [[1, 1], [0, 0], [1, 0], [0, 1]]
    assert [values.tolist() for values in mine.values] == [["a", "b"], [9, 10]]
    mine = data.ArrayData(images, frame.assign(size=[0.5, 1.5, 2.5, 3.5]), names=["a", "b"])
    assert mine.factor_sizes == (2, None)
    assert mine.factors[:, 1].tolist() == [0.5, 1.5, 2.5, 3.5]
    with pytest.raises(ValueError, match="a label in every row of factor kind, got"):
        data.ArrayData(images, frame.assign(kind=["b", None, "b", "a"]))
    with pytest.raises(ValueError, match="3 masked"):
        data.ArrayData(np.ma.masked_array(images, np.arange(36).reshape(4, 3, 3) < 3), frame)


def test_vectors_and_other_observations():
    x = np.random.default_rng(0).normal(size=(12, 5)) * 100
    mine = data.ArrayData(x, GRID)
    assert mine.shape == (5,)
    assert mine.condition_shape is None
    factors, seen = mine.sample(3, rng=0)
    row = np.flatnonzero((factors[0] == GRID).all(axis=1))[0]
    np.testing.assert_array_equal(mine.as_input(seen)[0], x[row].astype(np.float32))
    assert mine.as_picture(seen) is None
    assert not hasattr(mine, "image_shape")
    fields = data.ArrayData(np.ones((12, 4, 4, 3)) * 7, GRID, pictures=False)
    assert fields.shape == (4, 4, 3)
    assert fields.as_input(fields.sample(2, rng=0)[1]).max() == 7
    counts = data.ArrayData(np.arange(24).reshape(12, 2), GRID)
    assert counts.as_input(counts.sample(2, rng=0)[1]).dtype == np.float32


def test_a_condition_stands_beside_its_row():
    x = np.arange(12.0)[:, None]
    classes = np.arange(12) % 3
    mine = data.ArrayData(x, GRID, condition=classes)
    assert mine.condition_shape == (3,)
    _, seen = mine.sample(20, rng=0)
    np.testing.assert_array_equal(seen["u"].argmax(axis=1), seen["x"][:, 0] % 3)
    np.testing.assert_array_equal(mine.as_input(seen)["u"], seen["u"])
    own = data.ArrayData(x, GRID, condition=x / 2)
    np.testing.assert_array_equal(own.take(np.array([4]))[1]["u"], [[2.0]])
