"""The machinery under correlated, held-out and split sets, against weights of every image."""

import numpy as np
import pytest

from disentlib import data
from disentlib.data.reweighted import Reweighted


class Weighted(Reweighted):
    """Any tables over any columns."""

    name = "weighted"

    def __init__(self, inner, tables):
        super().__init__(inner)
        self._tables += tables


def every_probability(sprites, tables):
    """The probability of each of the 576 combinations, by a plain loop over them."""
    weights = np.ones(sprites.grid_size)
    for k, row in enumerate(sprites.grid_factors(range(sprites.grid_size))):
        for columns, table in tables:
            weights[k] *= table[tuple(row[list(columns)])]
    return weights / weights.sum()


RNG = np.random.default_rng(0)
TABLES = {
    "pair": [((2, 3), RNG.random((8, 8)))],
    "reversed": [((3, 1), RNG.random((8, 3)))],
    "chain": [((0, 2), RNG.random((3, 8))), ((2, 3), RNG.random((8, 8)))],
    "triangle": [
        ((0, 2), RNG.random((3, 8))),
        ((3, 2), RNG.random((8, 8))),
        ((0, 3), RNG.random((3, 8))),
    ],
    "two groups": [((0, 3), RNG.random((3, 8))), ((2, 1), RNG.random((8, 3)))],
    "single": [((1,), np.array([1.0, 0, 2]))],
}


@pytest.mark.parametrize("tables", TABLES.values(), ids=TABLES)
@pytest.mark.parametrize("generator", [np.random.default_rng, np.random.RandomState])
def test_factors_are_drawn_with_the_product_of_the_tables(tables, generator):
    sprites = data.MiniSprites()
    expected = every_probability(sprites, tables)
    drawn = Weighted(sprites, tables).sample_factors(60_000, generator(1))
    counts = np.bincount(sprites.grid_indices(drawn), minlength=576)
    assert not counts[expected == 0].any()
    possible = expected > 0
    chi = ((counts - 60_000 * expected)[possible] ** 2 / (60_000 * expected[possible])).sum()
    free = possible.sum() - 1
    assert abs(chi - free) < 5 * np.sqrt(2 * free)


@pytest.mark.parametrize("tables", TABLES.values(), ids=TABLES)
def test_probabilities_are_sums_over_every_image(tables):
    sprites = data.MiniSprites()
    joint = every_probability(sprites, tables).reshape(sprites.sizes)
    weighted = Weighted(sprites, tables)
    names = sprites.factor_names
    np.testing.assert_allclose(weighted.probability(names), joint, atol=1e-12)
    np.testing.assert_allclose(weighted.probability(["size"]), joint.sum(axis=(0, 2, 3)))
    turned = weighted.probability(["pos_y", "shape"])
    np.testing.assert_allclose(turned, joint.sum(axis=(1, 2)).T)


def test_weights_multiply_when_sets_are_nested():
    sprites = data.MiniSprites()
    inner, outer = TABLES["pair"], TABLES["reversed"]
    nested = Weighted(Weighted(sprites, inner), outer)
    expected = every_probability(sprites, inner + outer).reshape(sprites.sizes)
    np.testing.assert_allclose(nested.probability(sprites.factor_names), expected, atol=1e-12)
    assert nested.evaluation is sprites


def test_images_are_those_of_the_set_and_factors_in_no_table_keep_their_draws():
    sprites = data.MiniSprites()
    weighted = Weighted(sprites, TABLES["pair"])
    factors, images = weighted.sample(20, 0)
    np.testing.assert_array_equal(images, sprites.images(factors))
    np.testing.assert_array_equal(factors[:, :2], sprites.sample_factors(20, 0)[:, :2])


def test_nothing_left_is_refused():
    empty = Weighted(data.MiniSprites(), [((0,), np.zeros(3))])
    with pytest.raises(ValueError, match=r"a combination of \['shape'\] that is left, got none"):
        empty.sample_factors(1, 0)
