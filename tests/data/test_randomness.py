import numpy as np
import pytest

from disentlib.data.randomness import counter, generator, integers


def test_an_int_seeds_and_generators_pass_through():
    assert generator(5).integers(1000) == np.random.default_rng(5).integers(1000)
    assert generator(None).integers(1000) == np.random.default_rng(0).integers(1000)
    for rng in (np.random.default_rng(1), np.random.RandomState(1)):
        assert generator(rng) is rng


@pytest.mark.parametrize("rng", ["7", 1.5, True])
def test_anything_else_is_refused(rng):
    with pytest.raises(TypeError, match="expected rng as an int"):
        generator(rng)


def test_integers_use_one_call_of_either_generator():
    legacy = integers(np.random.RandomState(3), 40, 7)
    np.testing.assert_array_equal(legacy, np.random.RandomState(3).randint(40, size=7))
    modern = integers(np.random.default_rng(3), 40, 7)
    np.testing.assert_array_equal(modern, np.random.default_rng(3).integers(40, size=7))


def test_counters_repeat_and_do_not_overlap():
    first = counter(0, 5).random(1000)
    np.testing.assert_array_equal(first, counter(0, 5).random(1000))
    others = [counter(0, 4).random(1000), counter(0, 6).random(1000), counter(1, 5).random(1000)]
    assert not np.isin(first, np.concatenate(others)).any()
