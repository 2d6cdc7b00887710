import numpy as np
import pytest

from disentlib import data


def test_recombination_leaves_every_value_and_drops_the_combinations():
    sprites = data.MiniSprites()
    train = data.HeldOut(sprites, where={"shape": [2], "pos_x": range(4, 8)})
    factors = train.sample_factors(20_000, 0)
    held = (factors[:, 0] == 2) & (factors[:, 2] >= 4)
    assert not held.any()
    for column, size in enumerate(sprites.sizes):
        assert len(np.unique(factors[:, column])) == size
    # 3 * 8 combinations of the two less 4, all equally likely
    expected = np.full((3, 8), 1 / 20)
    expected[2, 4:] = 0
    np.testing.assert_allclose(train.probability(["shape", "pos_x"]), expected)


def test_exclusion_drops_values_and_the_rest_is_what_is_held_out():
    train = data.HeldOut(data.MiniSprites(), where={"size": [0]})
    assert set(train.sample_factors(500, 0)[:, 1]) == {1, 2}
    held = train.held_out
    assert set(held.sample_factors(500, 0)[:, 1]) == {0}
    assert held.evaluation is train.evaluation
    assert data.from_config(held.config()).config() == held.config()


@pytest.mark.parametrize(
    ("where", "message"),
    [
        ({}, "at least one factor"),
        ({"hue": [0]}, "expected a factor of mini_sprites"),
        ({"size": [3]}, r"values of size in 0..2, got \[3\]"),
    ],
)
def test_what_does_not_fit_is_refused(where, message):
    with pytest.raises(ValueError, match=message):
        data.HeldOut(data.MiniSprites(), where=where)


def test_holding_everything_out_is_refused():
    with pytest.raises(ValueError, match="that is left, got none"):
        data.HeldOut(data.MiniSprites(), where={"size": [0, 1, 2]}).sample_factors(1, 0)
