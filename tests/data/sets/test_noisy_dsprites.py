import numpy as np

from disentlib import data


def test_white_sprites_lie_on_fresh_uniform_noise():
    sprites = data.NoisyDSpritesRendered()
    factors = np.tile([1, 5, 3, 9, 30], (40, 1))
    images = sprites.images(factors, 0)
    mask = data.DSpritesRendered().images(factors[:1])[0, ..., 0] > 0
    assert images.dtype == np.float32
    assert (images[:, mask] == 1).all()
    noise = images[:, ~mask]
    assert abs(noise.mean() - 0.5) < 0.01
    assert abs(noise.std() - 12**-0.5) < 0.01
    assert (images[0] != images[1]).any()
    assert (noise[..., 0] != noise[..., 1]).any()


def test_a_random_state_draws_the_noise_in_one_call():
    factors = np.zeros((3, 5), int)
    images = data.NoisyDSpritesRendered().images(factors, np.random.RandomState(4))
    noise = np.random.RandomState(4).uniform(0, 1, (3, 64, 64, 3))
    masks = data.DSpritesRendered().images(factors) / 255
    np.testing.assert_allclose(images, np.minimum(masks + noise, 1), rtol=1e-6)


def test_published_sprites_take_the_same_noise(published):
    factors = np.array([[0, 0, 0, 1, 2], [2, 1, 1, 3, 3]])
    expected = data.NoisyDSpritesRendered().images(factors, 7)
    np.testing.assert_array_equal(data.NoisyDSprites(published).images(factors, 7), expected)
