import numpy as np

from disentlib import data


def test_every_sprite_has_one_colour_of_its_own_on_black():
    sprites = data.ColorDSpritesRendered()
    factors, images = sprites.sample(50, 0)
    masks = data.DSpritesRendered().images(factors)[..., 0] > 0
    assert images.dtype == np.float32
    assert not images[~masks].any()
    colours = np.stack([image[mask][0] for image, mask in zip(images, masks, strict=True)])
    for image, mask, colour in zip(images, masks, colours, strict=True):
        assert (image[mask] == colour).all()
    assert len(np.unique(colours, axis=0)) == 50
    assert 0.5 <= colours.min() < 0.55
    assert 0.95 < colours.max() <= 1
    assert not sprites.deterministic


def test_a_random_state_draws_the_colours_in_one_call():
    factors = np.zeros((6, 5), int)
    images = data.ColorDSpritesRendered().images(factors, np.random.RandomState(4))
    colours = np.random.RandomState(4).uniform(0.5, 1, (6, 3)).astype(np.float32)
    np.testing.assert_array_equal(images.max(axis=(1, 2)), colours)


def test_published_sprites_take_the_same_colours(published):
    small = data.ColorDSprites(published)
    factors = np.array([[0, 0, 0, 1, 2], [2, 1, 1, 3, 3]])
    expected = data.ColorDSpritesRendered().images(factors, 7)
    np.testing.assert_array_equal(small.images(factors, 7), expected)
    assert small.file == published
    assert data.from_config(small.config()).path == str(published)
