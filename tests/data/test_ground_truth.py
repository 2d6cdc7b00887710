import json

import numpy as np
import pytest

from disentlib import data, metrics
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
    name = f"{__name__}:Checkers"  # a class of one's own is named by where it is
    assert json.loads(json.dumps(nested.config())) == {
        "name": name,
        "brightness": 2,
        "inner": {"name": name, "brightness": 1, "inner": None},
    }


def test_sets_are_loaded_by_name_and_rebuilt_from_their_configuration():
    sprites = data.load("dsprites_rendered")
    assert isinstance(data.from_config(sprites.config()), data.DSpritesRendered)
    with pytest.raises(ValueError, match="did you mean 'dsprites_rendered'"):
        data.load("dsprites_renderd")
    with pytest.raises(ValueError, match="expected a configuration with a name"):
        data.from_config({"kind": "dsprites_rendered"})


class Rows(data.GroundTruthData):
    """A set of the user's own, whose images are rows of an array of any type."""

    name = "rows"
    factor_names = ("row",)

    def __init__(self, images):
        self.rows = images
        self.factor_sizes = (len(images),)
        self.image_shape = images.shape[1:]
        self.dtype = images.dtype

    def _images(self, factors, rng):
        return self.rows[factors[:, 0]]


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.float16, np.uint8])
def test_a_set_trains_and_is_scored_on_the_same_numbers(dtype):
    """Streams, scores and tables of codes see x / 255 of uint8 and x of every float."""
    drawn = np.random.default_rng(0).random((6, 4, 4, 1))
    rows = (255 * drawn).astype(dtype) if dtype == np.uint8 else drawn.astype(dtype)
    wanted = rows.astype(np.float64) / (255 if dtype == np.uint8 else 1)
    own = Rows(rows)
    seen = []

    def encode(images):
        assert images.dtype == np.float32
        seen.append(images)
        return images.reshape(len(images), -1)

    batches = [batch.numpy() for batch in data.streams.images(own, batch_size=8, seed=0).take(4)]
    metrics.evaluate_encoder(own, encode, metrics=["mig"], samples=20, test_samples=20)
    table = metrics.CodeTable(own, encode)
    np.testing.assert_allclose(table.look_up(np.arange(6)).mean, wanted.reshape(6, -1), rtol=1e-7)
    for images in (*batches, *seen):
        nearest = np.abs(images[:, None] - wanted).max(axis=(2, 3, 4)).min(axis=1)
        assert nearest.max() < 1e-7


@pytest.mark.parametrize(
    ("images", "error", "message"),
    [
        (np.eye(4, dtype=np.uint8), ValueError, "images of rows of uint8 .* only 0 and 1"),
        (np.eye(4, dtype=np.int64), TypeError, "got int64"),
        (np.full((4, 4), np.nan), ValueError, "expected finite images of rows"),
    ],
)
def test_pixels_without_a_clear_meaning_are_neither_trained_on_nor_scored(images, error, message):
    own = Rows(np.repeat(images[None, ..., None], 60, axis=0))
    with pytest.raises(error, match=message):
        data.streams.images(own, batch_size=4, seed=0)
    with pytest.raises(error, match=message):
        metrics.evaluate_encoder(own, lambda x: x[:, 0, :, 0], metrics=["mig"], samples=20)
    with pytest.raises(error, match=message):
        metrics.CodeTable(own, lambda x: x[:, 0, :, 0]).look_up(np.arange(2))
