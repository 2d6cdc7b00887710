import numpy as np

from disentlib import data


def test_every_combination_has_an_image_of_its_own():
    sprites = data.MiniSprites()
    images = sprites.images(sprites.grid_factors(range(576)))
    assert images.shape == (576, 16, 16, 1)
    assert images.dtype == np.uint8
    assert len(np.unique(images.reshape(576, -1), axis=0)) == 576


def test_pixels_are_those_of_the_shapes_said():
    sprites = data.MiniSprites()
    for shape, size, x, y in sprites.grid_factors(range(0, 576, 7)):
        image = sprites.images(np.array([[shape, size, x, y]]))[0, :, :, 0]
        for row in range(16):
            for column in range(16):
                down, across = abs(row - 4 - y), abs(column - 4 - x)
                on = [
                    max(down, across) <= size + 1,
                    down + across <= size + 1,
                    down == across <= size + 1,
                ][shape]
                assert image[row, column] == 255 * on
