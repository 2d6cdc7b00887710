"""Which rows train, and whose random numbers draw them."""

import numpy as np
import pytest

from disentlib.metrics import protocol

CODES = np.arange(20.0).reshape(10, 2)
FACTORS = np.arange(10)[:, None]


@pytest.mark.parametrize(("samples", "train"), [(1000, 750), (10, 8), (7, 6), (2, 1)])
def test_the_reference_trains_on_the_leading_rows(samples, train):
    codes = np.arange(2.0 * samples).reshape(samples, 2)
    factors = np.arange(samples)[:, None]
    parts = protocol.split(codes, factors, protocol="locatello2019")
    np.testing.assert_array_equal(parts.train_codes, codes[:train])
    np.testing.assert_array_equal(parts.test_factors, factors[train:])


def test_a_random_split_uses_every_row_once():
    parts = protocol.split(CODES, FACTORS, train_fraction=0.5, rng=3)
    rows = np.concatenate([parts.train_factors, parts.test_factors]).ravel()
    assert len(parts.train_codes) == 5
    assert sorted(rows) == list(range(10))
    assert list(rows) != list(range(10))
    np.testing.assert_array_equal(parts.train_codes[:, 0], 2 * parts.train_factors[:, 0])
    np.testing.assert_array_equal(parts.test_codes[:, 0], 2 * parts.test_factors[:, 0])


def test_the_same_seed_splits_the_same():
    first, same, other = (protocol.split(CODES, FACTORS, rng=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.train_factors, same.train_factors)
    assert (first.train_factors != other.train_factors).any()
    drawn = protocol.split(CODES, FACTORS, rng=np.random.default_rng(1))
    np.testing.assert_array_equal(first.train_factors, drawn.train_factors)


def test_given_test_rows_leave_all_others_to_train():
    parts = protocol.split(CODES, FACTORS, test=(CODES[:3] + 1, FACTORS[:3]))
    assert len(parts.train_codes) == 10
    np.testing.assert_array_equal(parts.test_codes, CODES[:3] + 1)


def test_bad_splits():
    with pytest.raises(ValueError, match="train_fraction between 0 and 1, got 1"):
        protocol.split(CODES, FACTORS, train_fraction=1)
    with pytest.raises(ValueError, match="expected test codes of 2 columns, got 1"):
        protocol.split(CODES, FACTORS, test=(CODES[:, :1], FACTORS))
    with pytest.raises(ValueError, match="as many rows of test factors as of codes, got 10 and 3"):
        protocol.split(CODES, FACTORS, test=(CODES[:3], FACTORS))
    with pytest.raises(ValueError, match=r"expected protocol None or one of .*, got 'chen2018'"):
        protocol.split(CODES, FACTORS, protocol="chen2018")


def test_an_int_seeds_the_references_generator_under_its_protocol():
    assert protocol.generator(3, "locatello2019").randint(1000) == np.random.RandomState(3).randint(
        1000
    )
    assert isinstance(protocol.generator(3), np.random.Generator)
    given = np.random.RandomState(0)
    assert protocol.generator(given) is given
