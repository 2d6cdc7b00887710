import numpy as np

from disentlib import data
from disentlib.data.sets.abstract_dsprites import BACKGROUNDS, COLOURS


def test_colours_follow_their_factors():
    sprites = data.AbstractDSpritesRendered()
    factors, images = sprites.sample(60, 0)
    np.testing.assert_array_equal(images[:, 0, 0], BACKGROUNDS[factors[:, 0]])
    for image, row in zip(images, factors, strict=True):
        seen = np.unique(image.reshape(-1, 3), axis=0)
        expected = np.unique([BACKGROUNDS[row[0]], COLOURS[row[1]]], axis=0)
        np.testing.assert_array_equal(seen, expected)


def test_orientation_is_left_to_chance_and_the_rest_is_not():
    sprites = data.AbstractDSpritesRendered()
    factors = np.tile([0, 1, 0, 5, 16, 20], (30, 1))
    on = sprites.images(factors, 0)[..., 0] > 0
    assert len(np.unique(on.reshape(30, -1), axis=0)) > 15
    rng = np.random.RandomState(2)
    orientation = rng.randint(40, size=30)
    plain = np.stack([np.array([0, 5, o, 16, 20]) for o in orientation])
    drawn = sprites.images(factors, np.random.RandomState(2))[..., 0] > 0
    np.testing.assert_array_equal(drawn, data.DSpritesRendered().images(plain)[..., 0] > 0)


def test_published_sprites_take_the_same_colours(published):
    assert data.AbstractDSprites(published).factor_sizes == (5, 6, 3, 6, 32, 32)
