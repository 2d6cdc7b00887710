"""Factorised support (Roth et al. 2023, equation 4)."""

import numpy as np
from numpy.typing import ArrayLike

from disentlib import ops
from disentlib.metrics.outliers import warn_of_outliers
from disentlib.metrics.score import score


@score("batches of 128, standardised codes", moments=True)
def factorized_support(codes: ArrayLike, *, batch: int = 128, standardise: bool = True) -> float:
    """FoS = sum over pairs of codes of their support's distance from a product; lower is better.

    Whether every value of a code occurs with every value of another, however correlated they are:
    for each pair, the largest squared distance from a point (z_a of one sample, z_b of another) to
    the nearest sample, in a batch of samples; averaged over batches. Needs no factors. It grows
    with the number of codes and falls with the size of the batch, so compare at equal ones. A dead
    code adds nothing.

    Args:
        codes: real numbers (samples, dims), in random order.
        batch: consecutive samples that make one support; the last may have fewer.
        standardise: whether each code is divided by its standard deviation, so that its scale does
            not matter. The authors do not.

    Returns:
        From 0, all batches are products, to infinity; independent Gaussian codes of batch 128:
        about 1.5 a pair.

    Raises:
        TypeError: if codes are not real numbers.
        ValueError: if codes are not a finite matrix, or the batch is empty.

    Reference:
        Roth, Ibrahim, Akata, Vincent and Bouchacourt, "Disentanglement of Correlated Factors via
        Hausdorff Factorized Support" (2023).

    >>> factorized_support(np.indices((8, 8)).reshape(2, -1).T)
    0.0
    """
    array = ops.check_codes(codes).astype(np.float64)
    if batch < 1:
        raise ValueError(f"expected a batch of at least 1 sample, got {batch}")
    if standardise:
        warn_of_outliers(array)
        array = ops.Standardisation.of(array)(array)
    return float(ops.support_distances(array, batch=batch).sum(axis=1).mean())
