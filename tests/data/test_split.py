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


def rows_without_a_grid(continuous=False):
    labels = np.random.default_rng(0).integers(0, 7, (60, 2))
    labels[:, 0] = np.arange(60) // 3
    images = np.zeros((60, 4, 4), np.uint8)
    images[:, 0, 0] = np.arange(60) + 100
    return data.ArrayData(images, labels, names=["scene", "view"], continuous=[continuous, False])


def test_rows_of_a_set_without_a_grid_are_split():
    parts = data.splits(rows_without_a_grid(), fractions=(0.5, 0.25, 0.25), seed=1)
    seen = []
    for part in parts:
        factors, images = part.sample(500, rng=0)
        assert factors.shape == (500, 2)
        seen.append({int(image[0, 0, 0]) for image in images})
        everything = part.take(np.arange(part.examples))
        assert {int(image[0, 0, 0]) for image in everything[1]} == seen[-1]
        np.testing.assert_array_equal(everything[0], part.example_factors())
        with pytest.raises(ValueError, match="has no full grid"):
            part.sample_factors(3, rng=0)
    assert [len(rows) for rows in seen] == [30, 15, 15]
    assert set.union(*seen) == {*range(100, 160)}
    assert parts[0].other("test").examples == 15
    np.testing.assert_array_equal(parts[0].other("test").take([3])[1], parts[2].take([3])[1])


def test_rows_are_split_by_what_they_have_in_common():
    train, _, test = data.splits(rows_without_a_grid(), fractions=(0.5, 0.25, 0.25), by=["scene"])
    scenes = [set(part.example_factors()[:, 0].tolist()) for part in (train, test)]
    assert [len(part) for part in scenes] == [10, 5]
    assert not scenes[0] & scenes[1]
    assert train.examples == 30
    with pytest.raises(ValueError, match=r"discrete factors in by, got real-valued \['scene'\]"):
        data.splits(rows_without_a_grid(continuous=True), by=["scene"])


def test_examples_of_a_part_are_its_combinations():
    sprites = data.MiniSprites()
    assert sprites.examples == sprites.grid_size
    train, _, test = data.splits(sprites)
    assert train.examples + test.examples + data.splits(sprites)[1].examples == sprites.examples
    places = [set(sprites.grid_indices(part.example_factors())) for part in (train, test)]
    assert not places[0] & places[1]
    tied = data.Correlated(sprites, pairs=[("pos_x", "pos_y")])
    assert tied.examples is None  # some combinations are likelier
    assert data.splits(tied)[0].examples is None
    inner = data.Split(train, part="test", seed=5)
    factors, images = inner.take(np.arange(inner.examples))
    assert set(sprites.grid_indices(factors)) <= places[0]
    np.testing.assert_array_equal(images, sprites.images(factors))
