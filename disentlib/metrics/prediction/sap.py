"""Separated attribute predictability (Kumar et al. 2018, section 3)."""

from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.tree import DecisionTreeRegressor

from disentlib import ops
from disentlib.data.randomness import RNG
from disentlib.metrics.factors import varying
from disentlib.metrics.information.estimates import Continuous, mean, top_two
from disentlib.metrics.prediction.dci import r_squared
from disentlib.metrics.protocol import Protocol, TrainTestSplit
from disentlib.metrics.scale import warn_of_scale
from disentlib.metrics.score import score
from disentlib.metrics.targets import split_targets

SAPEstimator = Literal["tree", "svm", "r2"]


@score("trees on single codes", reference="linear machines on single codes")
def sap(
    codes: ArrayLike,
    factors: ArrayLike,
    *,
    continuous: Continuous = False,
    protocol: Protocol | None = None,
    estimator: SAPEstimator | None = None,
    train_fraction: float = 0.75,
    test: tuple[ArrayLike, ArrayLike] | None = None,
    rng: RNG = 0,
) -> float:
    """SAP = mean over factors of (accuracy of the best code - of the second best) / (1 - guessing).

    Whether each factor can be predicted from one code, and from no other. Guessing is what the most
    frequent value gets; no code counts as worse, and with a single code it stands for the second
    best. The reference does not divide, so that a perfect code of 3 values gets 2 / 3 there; nor do
    "svm" and "r2".

    SAPEstimator: by default a classification tree on each code, accuracy on test rows. The
    reference's linear machine ("svm": C = 0.01, balanced classes, squared hinge, one value against
    the rest) draws one line through a code, so it tells the first and last of many ordered values
    from the rest but none in between, and perfect codes of dSprites get 0.2. Its penalty makes it
    hang on the codes' scale and offset, with a warning where these are far from 1 and 0. "r2" is
    the squared correlation on the training rows, in-sample, for factors that are quantities. Where
    a factor is real-valued "tree" means a regression tree and R^2 on test rows, and "svm", whose
    kind it is not, "r2". Independent codes: about 0.01.

    Args:
        codes: real numbers (samples, dims).
        factors: non-negative integers (samples, factors), or real numbers where `continuous`. A
            factor with a single value is left out with a warning.
        continuous: which factors are real-valued, one answer for all or one each.
        protocol: "locatello2019" for "svm" and leading rows to train on; None for "tree" and
            random ones.
        estimator: "tree", "svm" or "r2"; None leaves it to the protocol.
        train_fraction: share of the samples to fit on; ignored where `test` is given.
        test: (codes, factors) of other samples to test on.
        rng: draws the training rows.

    Returns:
        From 0 to 1; NaN if no factor varies.

    Raises:
        TypeError: if codes are not real numbers, or discrete factors not integers.
        ValueError: if shapes do not fit, a value is NaN, infinite or a negative factor, or the
            estimator is unknown.

    Reference:
        Kumar, Sattigeri and Balakrishnan, "Variational Inference of Disentangled Latent Concepts
        from Unlabeled Observations" (2018); protocol: Locatello et al., "Challenging Common
        Assumptions in the Unsupervised Learning of Disentangled Representations" (2019).

    >>> factors = np.indices((10, 10, 10)).reshape(3, -1).T
    >>> sap(factors.astype(float), factors)
    0.9...
    """
    matrix = predictability(
        codes,
        factors,
        continuous=continuous,
        protocol=protocol,
        estimator=estimator,
        train_fraction=train_fraction,
        test=test,
        rng=rng,
    )
    best, second = top_two(matrix, axis=0)
    return mean(best - second)


def predictability(
    codes: ArrayLike,
    factors: ArrayLike,
    *,
    continuous: Continuous = False,
    protocol: Protocol | None = None,
    estimator: SAPEstimator | None = None,
    train_fraction: float = 0.75,
    test: tuple[ArrayLike, ArrayLike] | None = None,
    rng: RNG = 0,
) -> NDArray[np.float64]:
    """Return how well each single code predicts each factor that varies (dims, factors).

    Accuracies or squared correlations; under "tree" 0 is guessing and 1 certainty. Arguments are
    those of `sap`.
    """
    part, real = split_targets(
        codes,
        factors,
        continuous=continuous,
        train_fraction=train_fraction,
        test=test,
        protocol=protocol,
        rng=rng,
    )
    if estimator is None:
        estimator = "tree" if protocol is None else "svm"
    if estimator not in get_args(SAPEstimator):
        raise ValueError(
            f"expected estimator as one of {get_args(SAPEstimator)}, got {estimator!r}"
        )
    kept = varying(part.train_factors)
    accuracies = np.zeros((part.train_codes.shape[1], int(kept.sum())))
    for is_real in (False, True):
        chosen = kept & (real == is_real)
        if chosen.any():
            some = part._replace(
                train_factors=part.train_factors[:, chosen],
                test_factors=part.test_factors[:, chosen],
            )
            accuracies[:, real[kept] == is_real] = (
                _of_quantities(some, estimator, protocol)
                if is_real or estimator == "r2"
                else _of_values(some, estimator)
            )
    return accuracies


def _of_values(part: TrainTestSplit, estimator: SAPEstimator) -> NDArray[np.float64]:
    """Return accuracies for factors of values to tell apart."""
    train, test = (table.astype(np.int64) for table in (part.train_factors, part.test_factors))
    if estimator == "svm":
        warn_of_scale(part.train_codes, intercept=True, stacklevel=5)
        return ops.scalar_svm(part.train_codes, train).accuracy(part.test_codes, test)
    accuracies = ops.tree_accuracy(part.train_codes, train, part.test_codes, test)
    return _beyond_guessing(accuracies, train, test)


def _of_quantities(
    part: TrainTestSplit, estimator: SAPEstimator, protocol: Protocol | None
) -> NDArray[np.float64]:
    """Return shares of variance for factors that are numbers."""
    if estimator != "tree":
        # Under the protocol codes of a variance below 1e-12 count as constant.
        return _squared_correlations(
            part.train_codes, part.train_factors, least_variance=0.0 if protocol is None else 1e-12
        )
    # The smallest leaf is a quarter of the samples that one of 21 equally frequent values has, as
    # in trees of discrete factors.
    tree = DecisionTreeRegressor(min_samples_leaf=max(1, len(part.train_codes) // 84))
    accuracies = np.zeros((part.train_codes.shape[1], part.train_factors.shape[1]))
    for j, (codes, tests) in enumerate(zip(part.train_codes.T, part.test_codes.T, strict=True)):
        for i, factor in enumerate(part.train_factors.T):
            predicted = tree.fit(codes[:, None], factor).predict(tests[:, None])
            accuracies[j, i] = max(0.0, r_squared(predicted, part.test_factors[:, i]))
    return accuracies


def _beyond_guessing(
    accuracies: NDArray[np.float64], train: NDArray[Any], test: NDArray[Any]
) -> NDArray[np.float64]:
    """Rescale accuracies so that 0 is the training rows' most frequent value and 1 certainty."""
    values = [np.unique(column, return_counts=True) for column in train.T]
    usual = np.array([value[count.argmax()] for value, count in values])
    guessed = (test == usual).mean(axis=0)
    room = np.where(guessed < 1, 1 - guessed, 1.0)
    return np.maximum(accuracies - guessed, 0.0) / room


def _squared_correlations(
    codes: NDArray[Any], factors: NDArray[Any], *, least_variance: float
) -> NDArray[np.float64]:
    dims = codes.shape[1]
    live = codes.min(axis=0) < codes.max(axis=0)
    table = np.hstack([codes, factors]).astype(np.float64)
    powers = ops.exponents(table)
    both = np.cov(np.ldexp(table, powers), rowvar=False)
    variance = np.diag(both)
    live &= variance[:dims] > np.ldexp(least_variance, 2 * powers[:dims])
    squared = np.zeros((dims, factors.shape[1]))
    scale = np.outer(variance[:dims], variance[dims:])
    np.divide(both[:dims, dims:] ** 2, scale, out=squared, where=live[:, None])
    return squared
