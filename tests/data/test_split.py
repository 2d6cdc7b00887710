import numpy as np
import pytest

from disentlib import data


def combinations(part, names):
    return set(zip(*np.nonzero(part.probability(names)), strict=True))


def test_parts_share_nothing_and_cover_everything():
    sprites = data.MiniSprites()
    parts = data.splits(sprites, seed=3)
    sets = [combinations(part, sprites.factor_names) for part in parts]
    assert [len(found) for found in sets] == [461, 57, 58]
    assert len(set.union(*sets)) == 576
    for part, possible in zip(parts, sets, strict=True):
        drawn = part.sample_factors(3000, 0)
        assert {tuple(row) for row in drawn} <= possible


def test_a_split_by_some_factors_keeps_their_combinations_together():
    by = ["pos_x", "pos_y"]
    train, _, test = data.splits(data.MiniSprites(), by=by, fractions=(0.5, 0.25, 0.25))
    names = ["pos_x", "pos_y"]
    assert not combinations(train, names) & combinations(test, names)
    assert len(combinations(test, ["shape", "size"])) == 9


def test_equal_seeds_give_equal_parts():
    sprites = data.MiniSprites()
    first, again, other = (data.Split(sprites, part="test", seed=seed) for seed in (1, 1, 2))
    names = sprites.factor_names
    assert combinations(first, names) == combinations(again, names)
    assert combinations(first, names) != combinations(other, names)
    rebuilt = data.from_config(other.config())
    assert combinations(rebuilt, names) == combinations(other, names)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"part": "valid"}, "expected a part in"),
        ({"fractions": (0.5, 0.5)}, "three fractions that sum to 1"),
        ({"fractions": (0.5, 0.4, 0.2)}, "three fractions that sum to 1"),
        ({"fractions": (1.0, 0.0, 0.0), "part": "test"}, "combinations in test, got none of 576"),
        ({"by": ["hue"]}, "expected a factor of mini_sprites"),
    ],
)
def test_what_does_not_fit_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        data.Split(data.MiniSprites(), **options)
