"""Mean correlation coefficient of canonical variates (Khemakhem et al., 2020)."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from disentlib.data.randomness import RNG
from disentlib.metrics.alignment.mcc import correlations, directions, matched
from disentlib.metrics.factors import check_targets
from disentlib.metrics.information.estimates import Continuous
from disentlib.metrics.outliers import warn_of_outliers
from disentlib.metrics.protocol import check_test, split_rows
from disentlib.metrics.score import score
from disentlib.ops import Standardisation


# It differs from `affine_mcc` only where codes depend on more than the factors.
@score("canonical correlation", moments=True, by_default=False)
def weak_mcc(
    codes: ArrayLike,
    factors: ArrayLike,
    *,
    continuous: Continuous = False,
    components: int | None = None,
    ridge: float = 0.0,
    train_fraction: float = 0.5,
    test: tuple[ArrayLike, ArrayLike] | None = None,
    rng: RNG = 0,
) -> float:
    """MCC of canonical variates, fitted on one half of the samples and read off on the other.

    Whether codes are the factors up to an invertible linear map, which is all that "weak"
    identifiability promises. It says nothing of single codes: a VAE that mixes all factors may
    score as high as a model that separates them. Independent codes: about 1 / sqrt(test samples).

    Args:
        codes: real numbers (samples, dims).
        factors: non-negative integers (samples, factors), or real numbers where `continuous`; taken
            as quantities. A factor with a single value is left out with a warning.
        continuous: which factors are real-valued, one answer for all or one each.
        components: how many canonical pairs, at most as many as the fewer of codes and factors,
            which is the default. Pairs that codes of lower rank cannot give count as 0.
        ridge: added to the variances of standardised codes and factors before the fit, where codes
            are many and samples few.
        train_fraction: share of the samples to fit on; ignored where `test` is given.
        test: (codes, factors) of other samples to read the correlations off.
        rng: draws the training rows.

    Returns:
        From 0 to 1; NaN if no factor varies.

    Raises:
        TypeError: if codes are not real numbers, or discrete factors not integers.
        ValueError: if shapes do not fit, a value is NaN, infinite or a negative factor, `ridge` is
            negative, or `components` out of range.

    See Also:
        mcc: of single codes ("strong" identifiability); with correlation="cca" canonical
            correlations of the very samples that were fitted.
        affine_mcc: of single factors, predicted from all codes by least squares; here factors may
            be combined as well.

    Reference:
        Khemakhem, Monti, Kingma and Hyvarinen, "ICE-BeeM: Identifiable Conditional Energy-Based
        Deep Models Based on Nonlinear ICA" (2020), section 4.

    >>> sources = np.random.default_rng(0).normal(size=(1000, 2))
    >>> weak_mcc(sources @ [[1.0, 2.0], [3.0, -1.0]], sources, continuous=True)
    1.0
    """
    if not 0 <= ridge < np.inf:
        raise ValueError(f"expected a finite ridge of at least 0, got {ridge}")
    array, table = check_targets(codes, factors, continuous)
    check_test(test)
    if not table.shape[1]:
        return float("nan")
    pairs = min(array.shape[1], table.shape[1])
    if components is not None and not 1 <= components <= pairs:
        raise ValueError(f"expected components in 1..{pairs}, got {components}")
    pairs = components or pairs
    if test is None:
        train, rest = split_rows(len(array), train_fraction=train_fraction, rng=rng)
        array, test_array, table, test_table = array[train], array[rest], table[train], table[rest]
    else:
        test_array, test_table = check_targets(*test, continuous)
    warn_of_outliers(array)
    of_codes, of_factors = Standardisation.of(array), Standardisation.of(table)
    maps = canonical_maps(whitened(of_codes(array), ridge), whitened(of_factors(table), ridge))
    code_map, factor_map = (each[:, :pairs] for each in maps)
    if not code_map.shape[1]:
        return 0.0
    matrix = correlations(of_codes(test_array) @ code_map, of_factors(test_table) @ factor_map)
    return matched(matrix) * code_map.shape[1] / pairs


class Whitened(NamedTuple):
    """Columns without correlation, and the map that makes them.

    Attributes:
        values: (samples, rank), columns of length 1, less with a ridge.
        map: (columns, rank).
    """

    values: NDArray[np.float64]
    map: NDArray[np.float64]


def whitened(values: NDArray[np.float64], ridge: float = 0.0) -> Whitened:
    """Return standardised `values` (samples, columns) without correlation; see `weak_mcc`."""
    u, singular, v = directions(values / np.sqrt(len(values)))
    shrunk = np.sqrt(singular**2 + ridge)
    return Whitened(u * (singular / shrunk), v.T / shrunk)


def canonical_maps(
    left: Whitened, right: Whitened
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the linear maps (columns, k) to canonical variates, most correlated first.

    k is the lower of the two ranks.
    """
    u, _, v = np.linalg.svd(left.values.T @ right.values, full_matrices=False)
    return left.map @ u, right.map @ v.T
