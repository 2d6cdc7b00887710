import numpy as np
import pytest

from disentlib.data import labellers

SIZES = (3, 6, 40)
FACTORS = np.stack(
    [np.random.default_rng(k).integers(size, size=5000) for k, size in enumerate(SIZES)], 1
)


def label(labeller, seed=0, **options):
    return labeller(FACTORS, SIZES, np.random.default_rng(seed), **options)


def test_perfect_labels_are_the_factors():
    labels, sizes = label(labellers.perfect)
    np.testing.assert_array_equal(labels, FACTORS)
    assert labels.dtype == np.float32
    assert sizes == SIZES


def test_binned_labels_merge_neighbouring_values():
    labels, sizes = label(labellers.binned)
    assert sizes == (3, 5, 5)
    np.testing.assert_array_equal(labels[:, 0], FACTORS[:, 0])
    for column, size in ((1, 6), (2, 40)):
        expected = [min(int(value / (size / 5)), 4) for value in FACTORS[:, column]]
        np.testing.assert_array_equal(labels[:, column], expected)


def test_noisy_labels_are_wrong_as_often_as_said():
    labels, sizes = label(labellers.noisy, probability=0.3)
    assert sizes == SIZES
    wrong = (labels != FACTORS).mean(axis=0)
    expected = [0.3 * (1 - 1 / size) for size in SIZES]
    assert abs(wrong - expected).max() < 0.02
    assert (labels < SIZES).all()


def test_permuted_labels_rename_values():
    labels, sizes = label(labellers.permuted)
    assert sizes == SIZES
    for column, size in enumerate(SIZES):
        names = {(old, new) for old, new in zip(FACTORS[:, column], labels[:, column], strict=True)}
        assert len(names) == size
        assert {new for _, new in names} == set(range(size))
    assert (labels[:, 2] != FACTORS[:, 2]).any()


def test_partial_labels_keep_whole_factors():
    labels, sizes = label(labellers.partial, observed=2)
    kept = [SIZES.index(size) for size in sizes]
    assert len(kept) == 2
    np.testing.assert_array_equal(labels, FACTORS[:, kept])
    with pytest.raises(ValueError, match=r"observed in 1\.\.3, got 4"):
        label(labellers.partial, observed=4)


def test_equal_seeds_give_equal_labels():
    for labeller in labellers.LABELLERS.values():
        np.testing.assert_array_equal(label(labeller, seed=4)[0], label(labeller, seed=4)[0])
        legacy = labeller(FACTORS, SIZES, np.random.RandomState(0))[0]
        assert legacy.shape[0] == 5000
