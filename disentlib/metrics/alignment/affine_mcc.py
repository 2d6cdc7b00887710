"""Mean correlation coefficient after an affine map fitted on other samples."""

import numpy as np
from numpy.typing import ArrayLike

from disentlib.data.randomness import RNG
from disentlib.metrics.alignment.mcc import correlations, matched
from disentlib.metrics.factors import check_targets
from disentlib.metrics.information.estimates import Continuous
from disentlib.metrics.outliers import warn_of_outliers
from disentlib.metrics.protocol import check_test, split_rows
from disentlib.metrics.score import score
from disentlib.ops import Standardisation


@score("least squares, Pearson correlation", moments=True)
def affine_mcc(
    codes: ArrayLike,
    factors: ArrayLike,
    *,
    continuous: Continuous = False,
    train_fraction: float = 0.75,
    test: tuple[ArrayLike, ArrayLike] | None = None,
    rng: RNG = 0,
) -> float:
    """Pearson MCC of the factors with their least-squares prediction A z + b.

    Whether codes are the factors up to an invertible affine map, as identifiability theorems have
    it; the map is fitted on training rows, the correlation taken on test rows. Independent codes:
    about 1 / sqrt(test samples).

    Args:
        codes: real numbers (samples, dims).
        factors: non-negative integers (samples, factors), or real numbers where `continuous`; taken
            as quantities. A factor with a single value is left out with a warning.
        continuous: which factors are real-valued, one answer for all or one each.
        train_fraction: share of the samples to fit on; ignored where `test` is given.
        test: (codes, factors) of other samples to test on.
        rng: draws the training rows.

    Returns:
        From 0 to 1; NaN if no factor varies.

    Raises:
        TypeError: if codes are not real numbers, or discrete factors not integers.
        ValueError: if shapes do not fit, or a value is NaN, infinite or a negative factor.

    See Also:
        mcc: of single codes, without a map ("strong" identifiability).
        weak_mcc: of canonical variates, which combine factors as well as codes.

    Reference:
        Khemakhem, Monti, Kingma and Hyvarinen, "ICE-BeeM: Identifiable Conditional Energy-Based
        Deep Models Based on Nonlinear ICA" (2020), "weak" identifiability.

    >>> factors = np.indices((10, 10)).reshape(2, -1).T
    >>> affine_mcc(factors @ [[1.0, 2.0], [3.0, -1.0]], factors)
    1.0
    """
    array, table = check_targets(codes, factors, continuous)
    check_test(test)
    if not table.shape[1]:
        return float("nan")
    if test is None:
        train, rest = split_rows(len(array), train_fraction=train_fraction, rng=rng)
        train_codes, train_factors = array[train], table[train]
        test_codes, test_factors = array[rest], table[rest]
    else:
        train_codes, train_factors = array, table
        test_codes, test_factors = check_targets(*test, continuous)
    warn_of_outliers(train_codes)
    # Centring replaces the column of ones for the offset b, and a large offset costs no digits.
    of_codes, of_factors = Standardisation.of(train_codes), Standardisation.of(train_factors)
    # Directions whose variance is within the rounding of the codes are left out.
    digits = np.max(np.abs(of_codes.centre) / of_codes.deviation, where=of_codes.live, initial=1.0)
    least = np.finfo(np.float64).eps * max(*train_codes.shape, 4 * digits)
    weights = np.linalg.lstsq(of_codes(train_codes), of_factors(train_factors), rcond=least)[0]
    return matched(correlations(of_codes(test_codes) @ weights, test_factors))
