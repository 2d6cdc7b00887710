import numpy as np

from disentlib import data


def test_the_grid_is_that_of_dsprites():
    sprites = data.DSpritesRendered()
    assert sprites.factor_names == ("shape", "scale", "orientation", "pos_x", "pos_y")
    assert sprites.grid_size == 737_280
    assert sprites.has_full_grid


def test_pictures_are_white_sprites_on_black_where_the_factors_say():
    sprites = data.DSpritesRendered()
    images = sprites.images(np.array([[0, 5, 0, 0, 31], [0, 0, 0, 31, 0]]))
    assert images.dtype == np.uint8
    assert set(np.unique(images)) == {0, 255}
    for image, (x, y) in zip(images, [(16, 48), (48, 16)], strict=True):
        rows, columns = np.nonzero(image[:, :, 0])
        assert abs(columns.mean() + 0.5 - x) < 0.5
        assert abs(rows.mean() + 0.5 - y) < 0.5


def test_first_and_last_orientation_look_alike():
    factors = np.array([[2, 3, 0, 5, 9], [2, 3, 39, 5, 9], [2, 3, 20, 5, 9]])
    first, last, half_turn = data.DSpritesRendered().images(factors)
    np.testing.assert_array_equal(first, last)
    assert (first != half_turn).any()
