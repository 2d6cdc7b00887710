"""Roots and directions of covariances, for the scores that treat codes as one Gaussian."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from disentlib.metrics.outliers import warn_of_outliers
from disentlib.ops import check_codes, column_ranges

_BLOCK = 65_536  # rows that are copied at a time
_TALL = 512  # rows of the matrices that LAPACK is handed: more would start its threads
_MOST_SWEEPS = 40  # five to ten are enough


def covariance(codes: ArrayLike) -> NDArray[np.float64]:
    """Return the unbiased covariance (dims, dims) of codes (samples, dims), in float64.

    Block by block, so that no copy of the codes is made.
    """
    codes = check_codes(codes)
    centre = codes.mean(axis=0, dtype=np.float64)
    total = np.zeros((codes.shape[1], codes.shape[1]))
    for start in range(0, len(codes), _BLOCK):
        block = codes[start : start + _BLOCK] - centre
        total += block.T @ block
    return total / (len(codes) - 1)


def covariance_root(codes: ArrayLike) -> NDArray[np.float64]:
    """Return R with R'R = `covariance(codes)`: what is computed from R keeps twice the digits.

    The triangle of a QR decomposition of the centred codes. Its singular values are the roots of
    Sigma's eigenvalues; in Sigma itself, a small square beside a large one has lost half of them.

    Returns:
        (dims that vary, dims); columns are as long as the codes' standard deviations, and 0 for
        constant codes.
    """
    codes = check_codes(codes)
    warn_of_outliers(codes, stacklevel=4)
    low, high = column_ranges(codes)
    varies = low < high
    samples, dims = len(codes), int(varies.sum())
    largest = np.maximum(np.abs(low[varies]), np.abs(high[varies])).astype(np.float64)
    # Scaling by powers of two is exact, and afterwards no sum or square can overflow.
    scale = np.exp2(np.frexp(largest)[1] - 1)
    starts = range(0, samples, _BLOCK)
    scaled = (codes[start : start + _BLOCK, varies] / scale for start in starts)
    centre = sum(block.sum(axis=0) for block in scaled) / samples
    triangle = np.empty((0, 1 + dims))
    for start in starts:
        block = codes[start : start + _BLOCK, varies] / scale - centre
        # The column of ones takes what rounding left of the mean.
        triangle = _triangle(np.vstack([triangle, np.insert(block, 0, 1.0, axis=1)]))
    triangle = triangle[1:, 1:]
    # Of codes that are orthogonal exactly, rounding leaves about this much.
    rounding = np.finfo(np.float64).eps * np.linalg.norm(triangle, axis=0)
    triangle[np.abs(triangle) < rounding] = 0.0
    root = np.zeros((dims, codes.shape[1]))
    root[:, varies] = triangle * (scale / np.sqrt(samples - 1))
    return root


def _triangle(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return R of matrix = Q R (columns, columns): of parts first, then of the parts' R below."""
    columns = matrix.shape[1]
    tall = max(_TALL, 2 * columns)
    missing = -len(matrix) % tall
    parts = np.pad(matrix, [(0, missing), (0, 0)]).reshape(-1, tall, columns)
    triangles: NDArray[np.float64] = np.asarray(np.linalg.qr(parts, mode="r"))
    return triangles[0] if len(triangles) == 1 else _triangle(triangles.reshape(-1, columns))


def graded_svd(matrix: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return U S and V of matrix = U S V', columns in any order, by one-sided Jacobi rotations.

    Where columns differ in length by powers of ten, all singular values and vectors keep their
    digits (Demmel and Veselic 1992); LAPACK's have the rounding of the longest column.

    Args:
        matrix: (rows, dims).

    Returns:
        (rows, dims) orthogonal columns and (dims, dims) orthonormal ones.
    """
    rows, dims = matrix.shape
    order = np.argsort(-np.linalg.norm(matrix, axis=0))  # fewest rotations from long to short
    both = np.vstack([matrix, np.eye(dims)]).T[order]  # in each row a column of U S, then of V
    orthogonal = np.finfo(np.float64).eps * np.sqrt(dims)
    seats = np.arange(dims + dims % 2)
    half = len(seats) // 2
    for _ in range(_MOST_SWEEPS):
        steepest = 0.0
        # Round-robin order: each round rotates disjoint pairs, and a sweep covers every pair.
        for _ in range(len(seats) - 1):
            i, j = np.sort([seats[:half], seats[: half - 1 : -1]], axis=0)
            i, j = i[j < dims], j[j < dims]
            a, b = both[i], both[j]
            product = np.einsum("ij,ij->i", a[:, :rows], b[:, :rows])
            of_a, of_b = (np.einsum("ij,ij->i", c[:, :rows], c[:, :rows]) for c in (a, b))
            lengths = np.sqrt(of_a) * np.sqrt(of_b)
            steepest = max(steepest, np.abs(ratio(product, lengths)).max(initial=0.0))
            gap = of_a - of_b
            tangent = ratio(2 * product, gap + np.copysign(np.hypot(gap, 2 * product), gap))
            cosine = 1 / np.sqrt(1 + tangent**2)[:, None]
            sine = cosine * tangent[:, None]
            both[i], both[j] = cosine * a + sine * b, cosine * b - sine * a
            seats[1:] = np.roll(seats[1:], 1)
        if steepest <= orthogonal:
            break
    return both[:, :rows].T, both[:, rows:].T


def ratio(above: NDArray[np.float64], below: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return above / below, 0 where below is 0."""
    return np.divide(above, below, out=np.zeros(above.shape), where=below != 0)
