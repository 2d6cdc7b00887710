"""Powers of two for columns, against NumPy's own exponents."""

import numpy as np
import pytest

from disentlib.ops.scaling import Standardisation, exponents, near_one


def test_an_everyday_scale_stays_as_it_is():
    values = np.array([[1e-50, 1.0, 1e50, 0.0], [-1e-50, -3.0, -1e49, 0.0]])
    assert exponents(values).tolist() == [0, 0, 0, 0]
    assert exponents(values, together=True).tolist() == [0, 0, 0, 0]
    assert near_one(values) is values


@pytest.mark.parametrize("scale", [2.0**-1000, 2.0**-201, 2.0**201, 2.0**1000])
def test_powers_beyond_what_fourth_powers_allow_come_near_one(scale):
    values = np.array([[0.5, 0.25], [-0.75, 0.0]]) * [scale, 1.0]
    np.testing.assert_array_equal(near_one(values), [[0.5, 0.25], [-0.75, 0.0]])
    power = -np.frexp(0.75 * scale)[1]
    assert exponents(values).tolist() == [power, 0]
    largest = -np.frexp(max(0.75 * scale, 0.25))[1] if scale > 1 else 0
    assert exponents(values, together=True).tolist() == [largest, largest]


def test_standardised_columns_have_mean_0_and_deviation_1():
    values = np.random.default_rng(0).normal(3.0, 2.0, (100, 3)) * [1.0, 2.0**300, 0.0]
    found = Standardisation.of(values)(values)
    np.testing.assert_allclose(found[:, :2].mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(found[:, :2].std(axis=0), 1, rtol=1e-12)
    np.testing.assert_array_equal(found[:, 2], 0)
