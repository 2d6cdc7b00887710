import numpy as np
import pytest
from PIL import Image

from disentlib.data import DSpritesRendered
from disentlib.visualization import factor_frames, factor_variations, save_pictures
from disentlib.visualization.cycles import factor_cycle


class Grid:
    """Three factors; an image shows them as its pixels."""

    factor_names = ("shape", "hue", "size")
    factor_sizes = (3, 40, 16)

    def sample_factors(self, n, rng):
        return np.tile([1, 20, 5], (n, 1))

    def images(self, factors, rng=None):
        return factors.reshape(-1, 1, 3, 1).astype(np.uint8)


@pytest.mark.parametrize(("factor", "count"), [(0, 3), (1, 16), (2, 16)])
def test_factor_variations_change_one_factor_from_first_to_last(factor, count):
    seen = factor_variations(Grid(), factor)[:, 0, :, 0]
    assert seen.shape == (count, 3)
    others = [k for k in range(3) if k != factor]
    assert (seen[:, others] == np.array([1, 20, 5])[others]).all()
    assert seen[0, factor] == 0
    assert seen[-1, factor] == Grid.factor_sizes[factor] - 1
    assert (np.diff(seen[:, factor].astype(int)) > 0).all()


def test_factor_frames_cycle_one_factor_a_tile():
    frames = factor_frames(Grid(), frames=12)
    assert frames.shape == (12, 3, 1, 3, 1)
    for factor, (start, size) in enumerate(zip([1, 20, 5], Grid.factor_sizes, strict=True)):
        seen = frames[:, factor, 0, :, 0]
        assert seen[:, factor].tolist() == factor_cycle(start, size, 12).tolist()
        for other in {0, 1, 2} - {factor}:
            assert (seen[:, other] == [1, 20, 5][other]).all()


def test_pictures_of_the_drawn_sprites(tmp_path):
    data = DSpritesRendered()
    paths = save_pictures(data, tmp_path / "new", animations=2, frames=8)
    sheets = [f"variations_of_{name}.png" for name in data.factor_names]
    assert [path.name for path in paths] == [*sheets, "animation_0.gif", "animation_1.gif"]
    again = save_pictures(data, tmp_path / "again", animations=2, frames=8)
    for path, other in zip(paths, again, strict=True):
        assert path.read_bytes() == other.read_bytes()
    with Image.open(paths[0]) as sheet:
        assert sheet.size == (3 * 74 + 10, 74 + 10)
    with Image.open(paths[-1]) as animation:
        assert animation.n_frames > 4
        assert animation.size == (3 * 74 + 10, 2 * 74 + 10)


def test_a_continuous_factor_is_named():
    data = Grid()
    data.factor_sizes = (3, None, 16)
    with pytest.raises(ValueError, match="discrete factor, got continuous hue"):
        factor_variations(data, 1)
