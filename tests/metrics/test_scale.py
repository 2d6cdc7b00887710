"""What the published protocols do to the scale of codes is said in a warning, where it matters."""

import numpy as np
import pytest

from disentlib.metrics import ScaleWarning
from disentlib.metrics.scale import to_float32, warn_of_scale

Z = np.random.default_rng(0).normal(size=(1000, 1))
Z = (Z - Z.mean()) / Z.std()


def test_rounding_counts_from_a_thousandth_of_the_deviation():
    # float32 numbers around 50,000 are 0.0039 apart, and half of that is lost; at 10,000 0.0005.
    assert np.spacing(np.float32(50_000)) / 2 == pytest.approx(0.00195, rel=0.01)
    codes = np.column_stack([Z, Z + 50_000, Z + 10_000])
    with pytest.warns(ScaleWarning, match="samples of code 1 apart") as caught:
        rounded = to_float32(codes)
    assert len(caught) == 1
    np.testing.assert_array_equal(rounded, codes.astype(np.float32))
    assert to_float32(rounded) is rounded
    with pytest.raises(ValueError, match=r"range of float32, .* got 1e\+39 in code 1"):
        to_float32(np.column_stack([Z, np.full_like(Z, 1e39)]))


def test_small_deviations_and_far_means_are_said():
    warn_of_scale(np.column_stack([1e-4 * Z, Z + 9]), least=0.1, intercept=True)  # one is enough
    warn_of_scale(Z + 11, least=0.1, intercept=False)
    with pytest.warns(ScaleWarning, match="standard deviations of codes are at most 0.05"):
        warn_of_scale(0.05 * Z, least=0.1, intercept=True)
    with pytest.warns(ScaleWarning, match="the mean of code 1 is more than 10 standard"):
        warn_of_scale(np.column_stack([Z, Z - 11]), least=0.1, intercept=True)
    # A code that does not count, for its deviation is small, may be anywhere; a constant as well.
    still = np.full_like(Z, 100.0)
    warn_of_scale(np.column_stack([Z, 0.05 * Z + 11, still]), least=0.1, intercept=True)
