import numpy as np
import pytest

from disentlib import data
from disentlib.data.correlated import HFS_SETTINGS, Correlated, hfs_setting
from disentlib.data.ground_truth import GroundTruthData


class Grid(GroundTruthData):
    """A grid without images."""

    name = "grid"
    image_shape = (1, 1, 1)

    def __init__(self, names=("a", "b"), sizes=(10, 10)):
        self.names, self.given = names, sizes
        self.factor_names, self.factor_sizes = tuple(names), tuple(sizes)

    def _images(self, factors, rng):
        return np.zeros((len(factors), 1, 1, 1), np.uint8)


# Roth et al.'s weights on a 10 x 10 pair: sigma, Pearson correlation, probability of equal values.
REFERENCE = [
    (0.04, 0.998, 0.963),
    (0.1, 0.951, 0.474),
    (0.2, 0.810, 0.258),
    (0.4, 0.457, 0.155),
    (0.7, 0.189, 0.120),
]


@pytest.mark.parametrize(("sigma", "correlation", "equal"), REFERENCE)
def test_draws_have_the_reference_correlations(sigma, correlation, equal):
    first, second = Correlated(Grid(), pairs=[("a", "b")], sigma=sigma).sample_factors(50_000, 0).T
    assert abs(np.corrcoef(first, second)[0, 1] - correlation) < 0.02
    assert abs((first == second).mean() - equal) < 0.02
    inverted = Correlated(Grid(), pairs=[("a", "b")], sigma=sigma, inverted=True)
    first, second = inverted.sample_factors(50_000, 0).T
    assert abs(np.corrcoef(first, second)[0, 1] + correlation) < 0.02
    assert abs((first == 9 - second).mean() - equal) < 0.02


def test_factors_of_unequal_size_are_scaled_to_one():
    tied = Correlated(data.MiniSprites(), pairs=[("shape", "pos_x")], sigma=0.3)
    weights = np.array(
        [[np.exp(-((s / 2 - x / 7) ** 2) / (2 * 0.3**2)) for x in range(8)] for s in range(3)]
    )
    np.testing.assert_allclose(tied.probability(["shape", "pos_x"]), weights / weights.sum())
    np.testing.assert_allclose(tied.probability(["size"]), 1 / 3)


def test_a_confounder_is_tied_with_every_other_factor():
    sprites = data.MiniSprites()
    tied = Correlated(sprites, confounder="pos_x", sigma=0.2)
    pairs = [("pos_x", name) for name in ("shape", "size", "pos_y")]
    names = sprites.factor_names
    np.testing.assert_allclose(
        tied.probability(names), Correlated(sprites, pairs=pairs, sigma=0.2).probability(names)
    )
    factors = tied.sample_factors(20_000, 0)
    correlations = np.corrcoef(factors.T)
    assert (correlations[2, [0, 1, 3]] > 0.6).all()


def test_every_pair_may_have_a_sigma_of_its_own():
    pairs = [("shape", "size"), ("pos_x", "pos_y")]
    tied = Correlated(data.MiniSprites(), pairs=pairs, sigma=[10.0, 0.01])
    assert abs(tied.probability(["shape", "size"]) - 1 / 9).max() < 0.001
    np.testing.assert_allclose(tied.probability(["pos_x", "pos_y"]), np.eye(8) / 8, atol=1e-9)


def test_the_uncorrelated_set_is_at_hand_and_the_configuration_rebuilds_both():
    sprites = data.DSpritesRendered()
    tied = Correlated(sprites, pairs=[("pos_x", "pos_y")], sigma=0.1, inverted=True)
    assert tied.evaluation is sprites
    again = data.from_config(tied.config())
    np.testing.assert_array_equal(again.sample_factors(50, 3), tied.sample_factors(50, 3))
    assert again.config() == tied.config()


@pytest.mark.parametrize("names", HFS_SETTINGS)
def test_every_setting_of_the_paper_can_be_drawn(names):
    grid = Grid(names, [4] * len(names))
    for setting in HFS_SETTINGS[names]:
        tied = hfs_setting(grid, setting)
        assert tied.sigma == (0.2 if setting.startswith("confounder") else 0.1)
        assert tied.sample_factors(10, 0).shape == (10, len(names))
    assert hfs_setting(data.DSpritesRendered(), "single_2", sigma=0.4).pairs == [("pos_x", "pos_y")]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "expected pairs or a confounder"),
        ({"pairs": [("a", "b")], "confounder": "a"}, "expected pairs or a confounder"),
        ({"pairs": [("a", "c")]}, r"expected a factor of grid \(a, b\), got 'c'"),
        ({"pairs": [("a", "a")]}, "expected two factors"),
        ({"pairs": [("a", "b")], "sigma": 0.0}, "a sigma over 0"),
    ],
)
def test_options_that_do_not_fit_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        Correlated(Grid(), **options)


def test_an_unknown_setting_lists_the_known_ones():
    with pytest.raises(ValueError, match=r"one of \['confounder_1', .*got 'triple_1'"):
        hfs_setting(data.DSpritesRendered(), "triple_1")
