"""The embedded digits are scikit-learn's."""

import numpy as np
from sklearn.datasets import load_digits

from disentlib import data


def test_they_are_scikit_learns_in_its_order():
    digits, published = data.Digits(), load_digits()
    assert digits.examples == 1797
    factors, images = digits.take(np.arange(1797))
    np.testing.assert_array_equal(factors[:, 0], published.target)
    assert images.dtype == np.float32
    np.testing.assert_array_equal(images[..., 0] * 16, published.images)
    assert (images.min(), images.max()) == (0, 1)
    np.testing.assert_array_equal(digits.as_input(images), images)


def test_it_is_split_by_row_and_every_part_has_every_digit():
    train, _, test = data.splits(data.Digits(), seed=0)
    assert train.examples + test.examples < 1797
    for part in (train, test):
        assert len(np.unique(part.example_factors())) == 10


def test_what_it_says_before_it_is_made_is_what_it_is():
    digits = data.load("digits")
    for name in ("factor_names", "factor_sizes", "image_shape", "dtype", "has_full_grid"):
        assert getattr(digits, name) == getattr(data.Digits, name)
    assert digits.config() == {"name": "digits"}
