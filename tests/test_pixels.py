import warnings

import numpy as np
import pytest

from disentlib import data, pixels

GREYS = np.arange(256, dtype=np.uint8)


def test_bytes_are_divided_by_255():
    expected = [np.float32(value / 255) for value in range(256)]  # in float64, rounded once
    assert pixels.as_input(GREYS).tolist() == expected
    assert pixels.as_input(GREYS).dtype == np.float32


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, "bfloat16"])
def test_floats_stay_as_they_are(dtype):
    if dtype == "bfloat16":
        import ml_dtypes

        dtype = ml_dtypes.bfloat16
    images = np.array([0.0, 0.5, 1.0, -3.0, 100.0]).astype(dtype)
    seen = pixels.as_input(images)
    assert seen.dtype == np.float32
    assert seen.tolist() == [0.0, 0.5, 1.0, -3.0, 100.0]


def test_a_float32_array_is_not_copied():
    images = np.zeros((2, 3), np.float32)
    assert pixels.as_input(images) is images


def test_nothing_and_black_and_bool_have_one_meaning():
    assert pixels.as_input(np.zeros((0, 4, 4, 1), np.uint8)).shape == (0, 4, 4, 1)
    assert pixels.as_input(np.zeros((0, 4), np.float64), unit=True).shape == (0, 4)
    assert not pixels.as_input(np.zeros((2, 4, 4, 1), np.uint8)).any()
    assert pixels.as_input([True, False]).tolist() == [1.0, 0.0]


def test_bytes_of_0_and_1_are_refused_unless_they_are_known_to_be_dark():
    images = np.array([0, 1, 1], np.uint8)
    with pytest.raises(ValueError, match=r"got only 0 and 1: multiply them by 255, or pass floats"):
        pixels.as_input(images)
    assert pixels.as_input(images, full_range=True).tolist() == [0, *[np.float32(1 / 255)] * 2]


@pytest.mark.parametrize(
    ("images", "unit", "error", "message"),
    [
        ([0, 255], False, TypeError, r"got int64: images\.astype\('uint8'\)"),
        (np.array([65535], np.uint16), False, TypeError, "got uint16"),
        (["a"], False, TypeError, "got <U1"),
        ([1j], False, TypeError, "got complex128"),
        ([np.nan], False, ValueError, "expected finite images"),
        ([0, np.inf, 0.5], False, ValueError, "expected finite images"),
        ([1e300], False, ValueError, "expected finite images"),
        ([0.0, 255.0], True, ValueError, r"in \[0, 1\], got values from 0 to 255: rescale"),
        ([-1.0, 1.0], True, ValueError, r"in \[0, 1\], got values from -1 to 1"),
    ],
)
def test_what_has_no_clear_meaning_is_refused(images, unit, error, message):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(error, match=message):
            pixels.as_input(images, unit=unit)


def test_pictures_of_bytes_and_of_what_networks_see_of_them_agree():
    images = GREYS.reshape(16, 16, 1)
    shown = pixels.picture(images)
    assert shown.shape == (16, 16, 3)
    assert np.array_equal(pixels.picture(pixels.as_input(images)), shown)


def test_a_data_set_follows_the_rule_and_is_named():
    sprites = data.MiniSprites()
    _, images = sprites.sample(4, 0)
    assert np.array_equal(sprites.as_input(images), images.astype(np.float32) / 255)
    with pytest.raises(ValueError, match="expected images of mini_sprites of uint8 from 0 to 255"):
        sprites.as_input(images // 255)
