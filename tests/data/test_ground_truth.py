import json

import numpy as np
import pytest

from disentlib import data
from disentlib.data.ground_truth import GroundTruthData


class Checkers(GroundTruthData):
    """Two factors and a nuisance: the pixel says all three."""

    name = "checkers"
    factor_names = ("row", "column")
    factor_sizes = (2, 3)
    image_shape = (1, 1, 1)

    def __init__(self, brightness=1, inner=None):
        self.brightness = brightness
        self.inner = inner

    def _images(self, factors, rng):
        values = 100 * factors[:, 0] + 10 * factors[:, 1] + rng.integers(10, size=len(factors))
        return values.astype(np.uint8).reshape(-1, 1, 1, 1)


class Stream(Checkers):
    """Without a grid, and with a real-valued factor."""

    name = "stream"
    factor_sizes = (2, None)
    has_full_grid = False

    def sample(self, n, rng):
        return np.zeros((n, 2)), np.zeros((n, 1, 1, 1), np.uint8)


def test_factors_are_drawn_factor_by_factor_in_order():
    rng = np.random.RandomState(0)
    expected = np.stack([rng.randint(2, size=50), rng.randint(3, size=50)], axis=1)
    drawn = Checkers().sample_factors(50, np.random.RandomState(0))
    np.testing.assert_array_equal(drawn, expected)
    assert drawn.dtype == np.int64


def test_sample_draws_factors_then_images_from_one_generator():
    factors, images = Checkers().sample(5, 3)
    rng = np.random.default_rng(3)
    np.testing.assert_array_equal(factors, Checkers().sample_factors(5, rng))
    np.testing.assert_array_equal(images, Checkers().images(factors, rng))


def test_no_rng_means_seed_zero():
    factors = np.zeros((6, 2), int)
    np.testing.assert_array_equal(Checkers().images(factors), Checkers().images(factors, 0))


def test_grid_positions_are_row_major():
    checkers = Checkers()
    assert checkers.grid_size == 6
    every = checkers.grid_factors(range(6))
    np.testing.assert_array_equal(every, [[0, 0], [0, 1], [0, 2], [1, 0], [1, 1], [1, 2]])
    np.testing.assert_array_equal(checkers.grid_indices(every), range(6))


@pytest.mark.parametrize(
    ("factors", "error", "message"),
    [
        (np.zeros((1, 2)), TypeError, "integer factors for checkers, got float64"),
        (np.zeros((1, 2), object), TypeError, "integer factors for checkers, got object"),
        (np.zeros((1, 3), int), ValueError, r"shape \(n, 2\) for checkers \(row, column\), got"),
        (np.zeros(2, int), ValueError, r"got \(2,\)"),
        (np.array([[0, 3]]), ValueError, "column of checkers in 0..2, got 3"),
        (np.array([[-1, 0]]), ValueError, "row of checkers in 0..1, got -1"),
    ],
)
def test_factors_that_do_not_fit_are_refused(factors, error, message):
    with pytest.raises(error, match=message):
        Checkers().images(factors)


def test_a_set_without_a_grid_says_so_and_still_samples():
    stream = Stream()
    with pytest.raises(ValueError, match=r"no full grid .* use sample\(n, rng\)"):
        stream.images(np.zeros((1, 2), int))
    with pytest.raises(ValueError, match="no full grid"):
        stream.sample_factors(3, 0)
    with pytest.raises(ValueError, match=r"discrete factors, stream has real-valued \['column'\]"):
        stream.grid_size  # noqa: B018
    assert stream.sample(3, 0)[1].shape == (3, 1, 1, 1)


def test_config_holds_every_argument_as_json_can():
    nested = Checkers(brightness=2, inner=Checkers())
    assert json.loads(json.dumps(nested.config())) == {
        "name": "checkers",
        "brightness": 2,
        "inner": {"name": "checkers", "brightness": 1, "inner": None},
    }


def test_sets_are_loaded_by_name_and_rebuilt_from_their_configuration():
    sprites = data.load("dsprites_rendered")
    assert isinstance(data.from_config(sprites.config()), data.DSpritesRendered)
    with pytest.raises(ValueError, match="did you mean 'dsprites_rendered'"):
        data.load("dsprites_renderd")
    with pytest.raises(ValueError, match="expected a configuration with a name"):
        data.from_config({"kind": "dsprites_rendered"})
