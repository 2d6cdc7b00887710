"""What the front doors let in, and what they say to the rest."""

import numpy as np
import pytest

from disentlib.ops.validate import check_codes, check_factors, check_labels, column_ranges


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_codes_that_fit_are_not_copied(dtype):
    wide = np.ones((10, 6), dtype)
    codes = wide[::-2, ::2]
    assert np.shares_memory(check_codes(codes), wide)
    assert check_codes(codes).strides == codes.strides


@pytest.mark.parametrize(
    ("given", "becomes"), [(np.float16, np.float32), (np.int8, np.float64), (bool, np.float64)]
)
def test_other_real_numbers_are_widened(given, becomes):
    assert check_codes(np.ones((3, 2), given)).dtype == becomes


def test_codes_of_another_byte_order_keep_their_values():
    codes = np.array([[1.5], [2.5]], ">f4")
    assert check_codes(codes).dtype == np.dtype("=f4")
    np.testing.assert_array_equal(check_codes(codes), codes)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_codes_must_be_finite(bad, dtype):
    codes = np.zeros((5, 3), dtype)
    codes[4, 1] = bad
    with pytest.raises(ValueError, match=r"expected finite codes, got -?(nan|inf) at \(4, 1\)"):
        check_codes(codes)


@pytest.mark.parametrize(
    "codes",
    [np.zeros((2, 2), object), np.array([["a", "b"], ["c", "d"]]), np.zeros((2, 2), complex)],
)
def test_codes_must_be_real_numbers(codes):
    with pytest.raises(TypeError, match="expected codes of real numbers, got dtype"):
        check_codes(codes)


def test_one_column():
    with pytest.raises(ValueError, match=r"expected codes of shape .*got \(4,\): write codes"):
        check_codes(np.zeros(4))
    np.testing.assert_array_equal(check_factors([3, 1]), [[3], [1]])


@pytest.mark.parametrize("check", [check_codes, check_factors, check_labels])
def test_shapes(check):
    with pytest.raises(ValueError, match=r"expected .* of shape .*got \(4, 2, 1\)"):
        check(np.zeros((4, 2, 1), int))
    with pytest.raises(ValueError, match=r"at least 2 samples and 1 column, got shape \(1, 3\)"):
        check(np.zeros((1, 3), int))
    with pytest.raises(ValueError, match=r"at least 2 samples and 1 column, got shape \(3, 0\)"):
        check(np.zeros((3, 0), int))


@pytest.mark.parametrize("dtype", ["i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "?"])
def test_factors_of_any_width_are_not_copied(dtype):
    factors = np.ones((6, 4), dtype)[::2, 1:3]
    assert np.shares_memory(check_factors(factors), factors)


def test_factors_must_be_whole():
    np.testing.assert_array_equal(check_factors(np.full((4, 2), 3.0)), np.full((4, 2), 3))
    assert check_factors(np.zeros((4, 2))).dtype == np.int64
    with pytest.raises(TypeError, match=r"factor 1, got 0\.5 in row 2: .* say continuous=True"):
        check_factors([[0, 1], [1, 0], [0, 0.5]])


def test_factors_must_not_be_negative():
    with pytest.raises(ValueError, match=r"not negative, got -1 at \(2, 1\)"):
        check_factors([[0, 1], [1, 0], [0, -1]])
    assert check_labels([[0, 1], [1, 0], [0, -1]]).min() == -1


def test_factors_must_be_as_many_as_codes():
    with pytest.raises(ValueError, match="as many rows of factors as of codes, got 4 and 5"):
        check_factors(np.zeros((4, 2), int), 5)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("columns", [1, 3, 8, 11])
def test_ranges_and_what_is_not_finite_wherever_it_stands(dtype, columns):
    rng = np.random.default_rng(0)
    codes = rng.normal(size=(41, columns)).astype(dtype)
    for view in (codes, np.asfortranarray(codes), codes[::2], codes[:, ::-1]):
        low, high = column_ranges(view)
        np.testing.assert_array_equal(low, view.min(axis=0))
        np.testing.assert_array_equal(high, view.max(axis=0))
    for row in range(41):
        for bad in (np.nan, np.inf, -np.inf):
            broken = codes.copy()
            broken[row, columns // 2] = bad
            with pytest.raises(ValueError, match=rf"got {bad} at \({row}, {columns // 2}\)"):
                check_codes(broken)
