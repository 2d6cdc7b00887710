import numpy as np
import pytest

from disentlib import data
from disentlib.data.pairs import changed_factors, moved_factors

SPRITES = data.MiniSprites()  # sizes 3, 3, 8, 8
N = 20_000


def test_exactly_the_chosen_factors_take_another_value():
    first, second, chosen = changed_factors(SPRITES, N, 0, changed=2)
    assert (chosen.sum(axis=1) == 2).all()
    np.testing.assert_array_equal(first != second, chosen)
    assert abs(chosen.mean(axis=0) - 0.5).max() < 0.02
    # every other value is as likely: 2 for shape, 7 for x
    shape = (second - first)[chosen[:, 0], 0] % 3
    assert abs(np.bincount(shape, minlength=3) / len(shape) - [0, 0.5, 0.5]).max() < 0.02
    x = (second - first)[chosen[:, 2], 2] % 8
    assert abs(np.bincount(x, minlength=8) / len(x) - [0, *[1 / 7] * 7]).max() < 0.02


def test_without_a_number_one_to_all_but_one_factors_change():
    _, _, chosen = changed_factors(SPRITES, N, 0)
    counts = np.bincount(chosen.sum(axis=1), minlength=5) / N
    assert abs(counts - [0, 1 / 3, 1 / 3, 1 / 3, 0]).max() < 0.02


def test_the_reference_changes_one_or_k_and_may_keep_values():
    first, second, chosen = changed_factors(SPRITES, N, 0, changed=3, protocol="locatello2020")
    counts = np.bincount(chosen.sum(axis=1), minlength=5) / N
    assert abs(counts - [0, 0.5, 0, 0.5, 0]).max() < 0.02
    assert not ((first != second) & ~chosen).any()
    kept = (first == second)[chosen[:, 0], 0].mean()
    assert abs(kept - 1 / 3) < 0.02
    _, _, chosen = changed_factors(SPRITES, N, 0, protocol="locatello2020")
    counts = np.bincount(chosen.sum(axis=1), minlength=5) / N
    assert abs(counts - [0, 1 / 2 + 1 / 6, 1 / 6, 1 / 6, 0]).max() < 0.02


def test_moves_are_as_likely_as_their_size_says():
    rate = 0.7
    first, second, moved = moved_factors(SPRITES, 60_000, 0, rate=rate)
    assert moved.any(axis=1).all()
    np.testing.assert_array_equal(first != second, moved)
    # The pairs are those of independent transitions, given that something moved.
    tables = []
    for size in SPRITES.sizes:
        steps = np.exp(-rate * np.abs(np.subtract.outer(np.arange(size), np.arange(size))))
        tables.append(steps / steps.sum(axis=1, keepdims=True))
    still = np.ones(60_000)
    for column, table in enumerate(tables):
        still *= table[first[:, column], first[:, column]]
    for column, table in enumerate(tables):
        here = first[:, column] == 1
        alone = np.diag(table)[first[here, column]]
        others = still[here] / alone
        for value in range(SPRITES.sizes[column]):
            expected = table[1, value] - (others * alone if value == 1 else 0)
            expected = (expected / (1 - still[here])).mean()
            assert abs((second[here, column] == value).mean() - expected) < 0.02


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"changed": 0}, "changed in 1..4, got 0"),
        ({"changed": 5}, "changed in 1..4, got 5"),
        ({"protocol": "reference"}, "expected protocol None or 'locatello2020'"),
    ],
)
def test_options_that_do_not_fit_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        changed_factors(SPRITES, 3, 0, **options)
    with pytest.raises(ValueError, match="a rate over 0"):
        moved_factors(SPRITES, 3, 0, rate=0)
