"""Mean correlation coefficient (Hyvarinen and Morioka 2016)."""

from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import linear_sum_assignment
from scipy.stats import rankdata

from disentlib.data.randomness import RNG
from disentlib.metrics.factors import check_targets
from disentlib.metrics.information.estimates import Continuous
from disentlib.metrics.outliers import warn_of_outliers
from disentlib.metrics.protocol import split_rows
from disentlib.metrics.score import score
from disentlib.ops import near_one

MCCCorrelation = Literal["pearson", "spearman", "cca"]


@score("Pearson correlation", moments=True)
def mcc(
    codes: ArrayLike,
    factors: ArrayLike,
    *,
    correlation: MCCCorrelation = "pearson",
    continuous: Continuous = False,
    out_of_sample: bool = False,
    rng: RNG = 0,
) -> float:
    """MCC = mean over pairs of |correlation| of the code with its factor, pairs assigned optimally.

    Whether codes are the factors up to order, sign and scale ("pearson") or any monotone function
    ("spearman"). With "cca" codes are taken up to an invertible linear map: the mean canonical
    correlation. As many pairs as the fewer of codes and factors. Independent codes: about 0.06 for
    1,000 samples of 10 codes and 5 factors, and less as 1 / sqrt(samples).

    Args:
        codes: real numbers (samples, dims). A constant code correlates with nothing.
        factors: non-negative integers (samples, factors), or real numbers where `continuous`; taken
            as quantities. A factor with a single value is left out with a warning.
        correlation: "pearson", "spearman" (average ranks) or "cca".
        continuous: which factors are real-valued, one answer for all or one each.
        out_of_sample: whether pairs are assigned on one half of the samples and their correlations
            read off on the other, so that chance does not choose them; not with "cca", which is
            `weak_mcc` then.
        rng: draws the halves.

    Returns:
        From 0 to 1; NaN if no factor varies.

    Raises:
        TypeError: if codes are not real numbers, or discrete factors not integers.
        ValueError: if shapes do not fit, a value is NaN, infinite or a negative factor, or the
            correlation is unknown, or "cca" out of sample.

    See Also:
        affine_mcc: of factors predicted from all codes by least squares.
        weak_mcc: of canonical variates, out of sample ("weak" identifiability).

    Reference:
        Hyvarinen and Morioka, "Unsupervised Feature Extraction by Time-Contrastive Learning and
        Nonlinear ICA" (2016); Khemakhem, Kingma, Monti and Hyvarinen, "Variational Autoencoders and
        Nonlinear ICA: A Unifying Framework" (2020).

    >>> factors = np.indices((3, 4)).reshape(2, -1).T
    >>> mcc(factors[:, ::-1] * [-2.0, 0.1], factors)
    1.0
    """
    if correlation not in get_args(MCCCorrelation):
        raise ValueError(
            f"expected correlation as one of {get_args(MCCCorrelation)}, got {correlation!r}"
        )
    if out_of_sample and correlation == "cca":
        raise ValueError(
            'expected correlation as "pearson" or "spearman" out of sample, got "cca": that is '
            "weak_mcc"
        )
    array, table = check_targets(codes, factors, continuous)
    if not table.shape[1]:
        return float("nan")
    if correlation != "spearman":
        warn_of_outliers(array)
    if correlation == "cca":
        return canonical_correlation(array, table)
    if not out_of_sample:
        return matched(_matrix(array, table, correlation))
    halves = split_rows(len(array), train_fraction=0.5, rng=rng)
    assigned, read = (_matrix(array[rows], table[rows], correlation) for rows in halves)
    return matched(assigned, read)


def _matrix(
    codes: NDArray[np.float64], factors: NDArray[np.float64], correlation: MCCCorrelation
) -> NDArray[np.float64]:
    if correlation == "spearman":
        return correlations(rankdata(codes, axis=0), rankdata(factors, axis=0))
    return correlations(codes, factors)


def correlations(codes: NDArray[Any], factors: NDArray[Any]) -> NDArray[np.float64]:
    """Return |Pearson correlation| of codes and factors (dims, factors); 0 of constants."""
    left, right = _standardise(codes), _standardise(factors)
    return np.minimum(np.abs(left.T @ right), 1.0)


def matched(matrix: NDArray[np.float64], read: NDArray[np.float64] | None = None) -> float:
    """Return the mean of the largest entries, one a row and one a column, chosen exactly.

    Args:
        matrix: whose entries decide.
        read: whose entries at the same places are averaged; those of `matrix` by default.
    """
    rows, columns = linear_sum_assignment(matrix, maximize=True)
    return float((matrix if read is None else read)[rows, columns].mean())


def canonical_correlation(codes: NDArray[Any], factors: NDArray[Any]) -> float:
    """Return the mean canonical correlation of codes and factors."""
    left, right = (directions(_standardise(side))[0] for side in (codes, factors))
    if not left.size:
        return 0.0
    correlations = np.linalg.svd(left.T @ right, compute_uv=False)
    return float(np.minimum(correlations, 1.0).mean())


def directions(
    values: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return the thin singular value decomposition of values (samples, columns) without its zeros.

    Directions whose variance is within rounding are left out.

    Returns:
        (samples, rank), (rank,) and (rank, columns).
    """
    left, singular, right = np.linalg.svd(values, full_matrices=False)
    kept = singular > 1e-9 * max(singular.max(initial=0.0), 1e-300)
    return left[:, kept], singular[kept], right[kept]


def _standardise(values: NDArray[Any]) -> NDArray[np.float64]:
    """Return columns of mean 0 and length 1; constant ones are 0."""
    values = near_one(values)
    centred = values - values.mean(axis=0, dtype=np.float64)
    length = np.sqrt((centred**2).sum(axis=0))
    live = values.min(axis=0) < values.max(axis=0)
    return np.divide(centred, length, out=np.zeros_like(centred), where=live & (length > 0))
