import numpy as np
import pytest
from scipy.ndimage import binary_dilation, binary_erosion

from disentlib import data

ROOMS = data.Shapes3DRendered()


def seen(scale, shape, azimuth):
    """Which surface most of each pixel shows: 0 floor, 1 wall, 2 object, 3 sky."""
    image = ROOMS.images(np.array([[0, 7, 3, scale, shape, azimuth]]))[0].astype(int)
    red, green, blue = image[..., 0], image[..., 1], image[..., 2]
    sky = (red > 110) & (green > 180) & (blue > 180)
    return np.where(sky, 3, np.where(green > np.maximum(red, blue), 2, np.where(blue > red, 1, 0)))


def signed_distance(points, shape, size, azimuth):
    """Distance to the object, the textbook formulas of solids; the cube turns with the room."""
    x, y, z = points
    if shape == 0:
        angle = np.radians(-30 + 60 * azimuth / 14)
        across = x * np.cos(angle) + z * np.sin(angle)
        along = z * np.cos(angle) - x * np.sin(angle)
        return np.max(np.abs([across, y - size / 2, along]), axis=0) - size / 2
    if shape == 1:
        return np.maximum(np.hypot(x, z) - 0.52 * size, abs(y - 0.52 * size) - 0.52 * size)
    if shape == 2:
        return np.sqrt(x**2 + (y - 0.57 * size) ** 2 + z**2) - 0.57 * size
    height = np.clip(y, 0.45 * size, 1.35 * size)
    return np.sqrt(x**2 + (y - height) ** 2 + z**2) - 0.45 * size


@pytest.mark.parametrize("shape", range(4))
@pytest.mark.parametrize(("scale", "azimuth"), [(0, 7), (7, 0), (3, 14)])
def test_what_is_seen_is_what_marching_along_rays_finds(shape, scale, azimuth):
    down, right = np.mgrid[:64, :64] / 64 - 0.5 + 0.5 / 64
    ray = np.stack([right, -down, np.full_like(right, -1.09)])
    ray /= np.linalg.norm(ray, axis=0)
    angle = np.radians(-30 + 60 * azimuth / 14)
    size = 0.75 + 0.5 * scale / 7
    point = np.zeros_like(ray) + np.array([0, 1, 3.5])[:, None, None]
    surface = np.full((64, 64), -1)
    for _ in range(400):  # step by the distance to the nearest surface
        x = point[0] * np.cos(angle) + point[2] * np.sin(angle)
        z = point[2] * np.cos(angle) - point[0] * np.sin(angle)
        distances = np.stack(
            [
                point[1],
                4.9 - np.maximum(abs(x), abs(z)),
                signed_distance(point, shape, size, azimuth),
            ]
        )
        nearest = distances.argmin(axis=0)
        surface = np.where((surface < 0) & (distances.min(axis=0) < 1e-3), nearest, surface)
        point += ray * np.where(surface < 0, distances.min(axis=0), 0)
    surface[(surface == 1) & (point[1] > 2.77)] = 3
    assert (seen(scale, shape, azimuth) == surface).mean() > 0.985  # all but mixed edge pixels


def test_hues_go_round_the_circle_from_red():
    import colorsys

    lit_floor = ROOMS.images(np.array([[hue, 0, 0, 0, 2, 7] for hue in range(10)]))[:, 63, 0]
    expected = [np.round(255 * np.array(colorsys.hsv_to_rgb(h / 10, 1, 1))) for h in range(10)]
    assert abs(lit_floor.astype(float) - expected).max() <= 1


def test_each_hue_colours_its_own_surface_only():
    base = np.array([[1, 4, 8, 3, 3, 4]])
    image = ROOMS.images(base).astype(int)
    for column in range(3):
        other = base.copy()
        other[0, column] = (base[0, column] + 5) % 10
        change = abs(ROOMS.images(other).astype(int) - image).max(axis=-1)[0]
        surface = seen(3, 3, 4) == column
        assert (change[binary_erosion(surface)] > 30).all()
        assert not change[~binary_dilation(surface, iterations=2)].any()


def test_shadows_fall_to_the_right_and_objects_grow():
    areas = []
    for scale in range(8):
        found = seen(scale, 3, 7)
        areas.append((found == 2).sum())
    assert (np.diff(areas) > 0).all()
    floor = ROOMS.images(np.array([[0, 7, 3, 7, 3, 7]]))[0, :, :, 0].astype(int)
    plain = ROOMS.images(np.array([[0, 7, 3, 0, 2, 7]]))[0, :, :, 0].astype(int)
    shadow = (plain - floor > 100) & (seen(7, 3, 7) == 0)
    assert np.nonzero(shadow)[1].mean() > 36


def test_every_image_is_the_same_whoever_asks_first():
    rng = np.random.default_rng(0)
    factors = ROOMS.sample_factors(300, rng)
    together = ROOMS.images(factors)
    alone = np.concatenate([ROOMS.images(factors[k : k + 1]) for k in reversed(range(300))])
    np.testing.assert_array_equal(together, alone[::-1])
    assert len(np.unique(together.reshape(300, -1), axis=0)) >= 299
