import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from disentlib import data
from disentlib.data.sets.scream_dsprites import read_picture, texture

REAL = os.environ.get("DISENTLIB_TEST_DATA")


@pytest.fixture
def picture(tmp_path):
    path = tmp_path / "scream.jpg"
    pixels = np.random.default_rng(0).integers(256, size=(900, 700, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(path)
    return path


def test_the_picture_fits_350_by_274_with_its_aspect_kept(picture):
    assert read_picture(picture).shape == (274, 213, 3)
    assert read_picture(picture.parent).max() <= 1


def test_images_are_drawn_as_the_reference_draws_them(picture):
    sprites = data.ScreamDSpritesRendered(picture)
    factors = sprites.sample_factors(9, 0)
    images = sprites.images(factors, np.random.RandomState(5))
    masks = data.DSpritesRendered().images(factors)
    rng, background = np.random.RandomState(5), read_picture(picture)
    for image, mask in zip(images, masks, strict=True):
        row, column = rng.randint(274 - 64), rng.randint(213 - 64)
        colour = rng.uniform(size=3)
        mixed = (background[row : row + 64, column : column + 64] + colour) / 2
        np.testing.assert_allclose(image, np.where(mask > 0, 1 - mixed, mixed), atol=1e-6)


def test_windows_move_and_tints_change(picture):
    images = data.ScreamDSpritesRendered(picture).images(np.zeros((5, 5), int), 0)
    assert len(np.unique(images.reshape(5, -1), axis=0)) == 5
    assert 0 <= images.min() < images.max() <= 1


def test_published_sprites_lie_on_the_same_windows(published, picture):
    factors = np.array([[0, 0, 0, 1, 2], [2, 1, 1, 3, 3]])
    expected = data.ScreamDSpritesRendered(picture).images(factors, 7)
    scream = data.ScreamDSprites(published, picture)
    np.testing.assert_array_equal(scream.images(factors, 7), expected)
    assert scream.config()["picture"] == str(picture)


def test_a_texture_needs_no_picture():
    sprites = data.TexturedDSpritesRendered()
    assert sprites.sample(2, 0)[1].shape == (2, 64, 64, 3)
    made = texture()
    assert made.dtype == np.float32
    assert 0 <= made.min() < 0.1
    assert 0.9 < made.max() <= 1


def test_missing_small_and_broken_pictures_are_named(tmp_path, picture):
    with pytest.raises(FileNotFoundError, match=r"no scream.jpg in .*TexturedDSpritesRendered"):
        read_picture(tmp_path / "..")
    Image.new("RGB", (64, 300)).save(tmp_path / "small.png")
    with pytest.raises(ValueError, match="over 64 x 64"):
        read_picture(tmp_path / "small.png")
    picture.write_bytes(picture.read_bytes()[:2000])
    with pytest.raises(ValueError, match="truncated, damaged"):
        read_picture(picture)


@pytest.mark.skipif(not REAL, reason="DISENTLIB_TEST_DATA is not set")
def test_the_painting_is_portrait():
    painting = read_picture(Path(REAL or "") / "data")
    assert painting.shape == (274, 221, 3)
    assert painting[:80, :, 0].mean() > painting[:80, :, 2].mean()  # an orange sky
