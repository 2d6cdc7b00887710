"""Explicitness (Ridgeway and Mozer 2018, section 3.2)."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from disentlib import ops
from disentlib.data.randomness import RNG
from disentlib.metrics.factors import varying
from disentlib.metrics.information.estimates import mean
from disentlib.metrics.outliers import warn_of_outliers
from disentlib.metrics.protocol import Protocol, split
from disentlib.metrics.score import score
from disentlib.ops.linear import Logistic, classes


@score(
    "multinomial logistic regression",
    reference="one-vs-rest logistic regressions",
    moments=True,
    discrete_only="it is about the probabilities of values",
)
def explicitness(
    codes: ArrayLike,
    factors: ArrayLike,
    *,
    protocol: Protocol | None = None,
    train_fraction: float = 0.75,
    test: tuple[ArrayLike, ArrayLike] | None = None,
    rng: RNG = 0,
) -> float:
    """Mean over factors of the area under the ROC curve of each value against the rest.

    Whether a logistic regression on all codes tells the factors' values; codes need not be
    separate. Areas on test rows, averaged over the values that occur there. Not rescaled: guessing
    gives 0.5.

    Estimator: logistic regression on codes scaled to mean 0 and variance 1 on the training rows, C
    = 1: one softmax for all values. Under the protocol one regression a value whose intercept is
    penalised too, as the reference had it with scikit-learn before 0.22: up to 0.13 less.

    It is about the probabilities of values, so `evaluate` leaves it out where factors are
    real-valued: cut into bins, their areas would tell how fine the bins are. How well codes tell
    such factors, `dci` and `info_mec` say in R^2.

    Args:
        codes: real numbers (samples, dims).
        factors: non-negative integers (samples, factors). A factor with a single value is left out
            with a warning.
        protocol: "locatello2019" for one regression a value and leading rows to train on.
        train_fraction: share of the samples to fit on; ignored where `test` is given.
        test: (codes, factors) of other samples to test on.
        rng: draws the training rows.

    Returns:
        From 0.5, useless codes, to 1; NaN if no factor varies.

    Raises:
        TypeError: if codes are not real numbers or factors not integers.
        ValueError: if shapes do not fit, or a value is NaN, infinite or a negative factor.

    Reference:
        Ridgeway and Mozer, "Learning Deep Disentangled Embeddings with the F-Statistic Loss"
        (2018); protocol: Locatello et al., "Challenging Common Assumptions in the Unsupervised
        Learning of Disentangled Representations" (2019).

    >>> factors = np.indices((5, 5, 5)).reshape(3, -1).T
    >>> explicitness(factors.astype(float), factors)
    0.9...
    """
    part = split(
        codes, factors, train_fraction=train_fraction, test=test, protocol=protocol, rng=rng
    )
    kept = varying(part.train_factors)
    if not kept.any():
        return float("nan")
    warn_of_outliers(part.train_codes)
    standardise = ops.Standardisation.of(part.train_codes)
    fits = ops.logistic_regressions(
        standardise(part.train_codes),
        part.train_factors[:, kept],
        solver="multinomial" if protocol is None else "one_vs_rest",
        tolerance=1e-4,  # scikit-learn's; areas move by less than 0.001 beyond it
    )
    tests = standardise(part.test_codes)
    areas = [
        area(fit, tests, column)
        for fit, column in zip(fits, part.test_factors[:, kept].T, strict=True)
    ]
    return mean(np.array([area for area in areas if not np.isnan(area)]))


def area(fit: Logistic, codes: NDArray[Any], labels: NDArray[Any]) -> float:
    """Return the mean area under the curves of the values that some, but not all samples have."""
    areas = ops.areas_under_curves(fit.probabilities(codes), classes(labels, fit.values).labels)
    return mean(areas[~np.isnan(areas)])
