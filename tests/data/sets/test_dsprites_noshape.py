import numpy as np

from disentlib import data


def test_shape_is_left_to_chance_and_the_rest_is_not():
    sprites = data.DSpritesNoShapeRendered()
    assert sprites.factor_names == ("scale", "orientation", "pos_x", "pos_y")
    factors = sprites.sample_factors(20, 0)
    images = sprites.images(factors, np.random.RandomState(2))
    shape = np.random.RandomState(2).randint(3, size=20)
    full = np.concatenate([shape[:, None], factors], axis=1)
    np.testing.assert_array_equal(images, data.DSpritesRendered().images(full))
    assert images.dtype == np.uint8


def test_published_sprites_are_taken_too(published):
    sprites = data.DSpritesNoShape(published)
    assert sprites.factor_sizes == (6, 40, 32, 32)
    assert sprites.images(np.array([[0, 0, 3, 3]])).shape == (1, 64, 64, 1)
