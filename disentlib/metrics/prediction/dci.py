"""Disentanglement, completeness and informativeness (Eastwood and Williams 2018)."""

import warnings
from collections.abc import Callable
from typing import Any, Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from threadpoolctl import threadpool_limits

from disentlib import ops
from disentlib.data.randomness import RNG, integers
from disentlib.metrics.information.estimates import ConstantFactorWarning, Continuous
from disentlib.metrics.protocol import Protocol, TrainTestSplit, generator
from disentlib.metrics.scale import to_float32
from disentlib.metrics.score import score
from disentlib.metrics.targets import split_targets

DCIEstimator = Literal["gradient_boosting", "histogram_boosting", "random_forest", "lasso"]


class DCI(NamedTuple):
    """The scores, each 1 at best.

    Attributes:
        disentanglement: whether each code is about one factor, codes weighted by importance.
        completeness: whether each factor is told by one code.
        informativeness: how well factors are predicted on test samples: the mean over factors of
            the accuracy, or of R^2 where a factor is real-valued or the estimator the lasso.
        informativeness_train: the same on the samples that were fitted.
    """

    disentanglement: float
    completeness: float
    informativeness: float
    informativeness_train: float


class Importances(NamedTuple):
    """What one predictor a factor says.

    Attributes:
        matrix: importance of each code for each factor (dims, factors).
        test: accuracy or R^2 on test samples (factors,).
        train: the same on training samples (factors,).
        kept: positions of the factors that vary (factors,); others are left out.
    """

    matrix: NDArray[np.float64]
    test: NDArray[np.float64]
    train: NDArray[np.float64]
    kept: NDArray[np.intp]


@score(
    "gradient boosting, random rows train",
    reference="gradient boosting, leading rows train",
    in_sample=("informativeness_train",),
)
def dci(
    codes: ArrayLike,
    factors: ArrayLike,
    *,
    estimator: DCIEstimator = "gradient_boosting",
    continuous: Continuous = False,
    protocol: Protocol | None = None,
    train_fraction: float = 0.75,
    test: tuple[ArrayLike, ArrayLike] | None = None,
    rng: RNG = 0,
) -> DCI:
    """D = sum of w_j (1 - H(R_j / |R_j|)) over codes j, C the same over factors, I the accuracy.

    R (dims, factors) is the importance of each code to a predictor of each factor; H the entropy in
    base of the number of entries; w the share of a code, or factor, in all importance.

    The estimator is part of the score: numbers of different estimators do not compare. With few
    samples boosted trees find importance in noise, which lowers D and C: perfect codes of 1,000
    samples score 0.99 to 1, independent codes about 0.01.

    Args:
        codes: real numbers (samples, dims).
        factors: integers (samples, factors), or real numbers where `continuous`. A factor with a
            single value is left out with a warning.
        estimator: "gradient_boosting" is the literature's: scikit-learn's defaults (100 stages of
            trees of depth 3), in C++; importances are shares of the squared error. Others are
            scikit-learn's: "histogram_boosting" (its defaults; importances are shares of the gain),
            "random_forest" (100 trees that see all codes). "lasso" has penalty 0.02 on standardised
            codes and factors, whose values count as numbers; importances are absolute weights.
        continuous: which factors are real-valued, one answer for all or one each.
        protocol: "locatello2019" trains on the leading rows and on codes rounded to float32, with
            a warning where that merges samples.
        train_fraction: share of samples that train.
        test: (codes, factors) to test on instead of the rest.
        rng: draws the training rows and what the estimators draw.

    Returns:
        The scores, each in [0, 1] (R^2 may be negative). NaN if no factor varies; disentanglement
        is NaN with a single factor, completeness with a single code: there is no other.

    Raises:
        TypeError: if codes are not real numbers, or discrete factors not integers.
        ValueError: if shapes do not fit, or a value is NaN, infinite or a negative factor.

    See Also:
        med: the same entropies of mutual information, without a predictor; numbers of the two do
            not compare.
        dci_es: with explicitness and size.
        dcimig: one number from information, despite its name no `dci`.

    Reference:
        Eastwood and Williams, "A Framework for the Quantitative Evaluation of Disentangled
        Representations" (2018); estimator and weights: Locatello et al., "Challenging Common
        Assumptions in the Unsupervised Learning of Disentangled Representations" (2019).

    >>> factors = np.indices((4, 4, 4)).reshape(3, -1).T
    >>> dci(factors.astype(float), factors)
    DCI(disentanglement=1.0, completeness=1.0, informativeness=1.0, informativeness_train=1.0)
    """
    trained = importances(
        codes,
        factors,
        estimator=estimator,
        continuous=continuous,
        protocol=protocol,
        train_fraction=train_fraction,
        test=test,
        rng=rng,
    )
    if not trained.kept.size:
        return DCI(*[float("nan")] * 4)
    return DCI(
        disentanglement_of(trained.matrix),
        disentanglement_of(trained.matrix.T),
        float(trained.test.mean()),
        float(trained.train.mean()),
    )


def importances(
    codes: ArrayLike,
    factors: ArrayLike,
    *,
    estimator: DCIEstimator = "gradient_boosting",
    continuous: Continuous = False,
    protocol: Protocol | None = None,
    train_fraction: float = 0.75,
    test: tuple[ArrayLike, ArrayLike] | None = None,
    rng: RNG = 0,
) -> Importances:
    """Return what `dci` is computed from; its arguments are the same."""
    if estimator not in get_args(DCIEstimator):
        raise ValueError(f"expected estimator one of {get_args(DCIEstimator)}, got {estimator!r}")
    random = generator(rng, protocol)
    parts, real = split_targets(
        codes,
        factors,
        continuous=continuous,
        train_fraction=train_fraction,
        test=test,
        protocol=protocol,
        rng=random,
    )
    if protocol == "locatello2019":
        parts = parts._replace(
            train_codes=to_float32(parts.train_codes),
            test_codes=to_float32(parts.test_codes),
        )
    return fit_importances(parts, real, estimator, int(integers(random, 2**31, 1)[0]))


def fit_importances(
    parts: TrainTestSplit, real: NDArray[np.bool_], estimator: DCIEstimator, seed: int
) -> Importances:
    """Fit one predictor a factor of a split."""
    fit = _FITS[estimator]
    columns, test_scores, train_scores, kept = [], [], [], []
    for factor, continuous in enumerate(real):
        train = parts.train_factors[:, factor]
        test = parts.test_factors[:, factor]
        if (train == train[0]).all() and (test == train[0]).all():
            warnings.warn(
                f"factor {factor} has a single value and is left out",
                ConstantFactorWarning,
                stacklevel=4,
            )
            continue
        if not continuous:
            train, test = train.astype(np.int64), test.astype(np.int64)
        if (train == train[0]).all():  # the split left the training rows a single value
            fitted = _Fit(np.zeros(parts.train_codes.shape[1]), train, np.full_like(test, train[0]))
        else:
            fitted = fit(parts.train_codes, train, parts.test_codes, bool(continuous), seed)
        score = r_squared if continuous or estimator == "lasso" else accuracy
        columns.append(fitted.importances)
        test_scores.append(score(fitted.test, test))
        train_scores.append(score(fitted.train, train))
        kept.append(factor)
    matrix = np.array(columns).reshape(len(kept), parts.train_codes.shape[1]).T
    return Importances(
        matrix, np.array(test_scores), np.array(train_scores), np.array(kept, np.intp)
    )


def disentanglement_of(matrix: NDArray[Any]) -> float:
    """Return D of an importance matrix (dims, factors), or C of its transpose.

    >>> matrix = np.array([[0.7, 0.1], [0.2, 0.6], [0.1, 0.3]])
    >>> disentanglement_of(matrix), disentanglement_of(matrix.T)
    (0.2958073, 0.2264039)
    """
    rows = matrix.sum(axis=1)
    total = rows.sum()
    # Where no code is important, all rows weigh the same and every figure is 0.
    weights = rows / total if total > 0 else np.full(len(rows), 1 / len(rows))
    return float(weights @ purities(matrix))


def purities(matrix: NDArray[Any]) -> NDArray[np.float64]:
    """Return 1 - H(row / |row|) for each row of an importance matrix, H in base of its length.

    A row of zeros is spread evenly: 0. Rows of a single entry have no base: NaN.
    """
    if matrix.shape[1] < 2:
        return np.full(len(matrix), np.nan)
    shares = matrix + 1e-11
    shares = shares / shares.sum(axis=1, keepdims=True)
    entropy = -(shares * np.log(shares)).sum(axis=1) / np.log(matrix.shape[1])
    return np.clip(1 - entropy, 0, 1)  # rounding may leave the range


def accuracy(predicted: NDArray[Any], actual: NDArray[Any]) -> float:
    """Return the share of equal entries."""
    return float(np.mean(predicted == actual))


def r_squared(predicted: NDArray[Any], actual: NDArray[Any]) -> float:
    """Return 1 - squared error / variance, at most 1; 0 where nothing varies."""
    power = ops.exponents(actual[:, None])[0] if actual.dtype.kind == "f" else 0
    predicted, actual = np.ldexp(predicted, power), np.ldexp(actual, power)
    spread = np.var(actual)
    return float(1 - np.mean((predicted - actual) ** 2) / spread) if spread > 0 else 0.0


class _Fit(NamedTuple):
    importances: NDArray[np.float64]
    train: NDArray[Any]
    test: NDArray[Any]


def _gradient_boosting(
    codes: NDArray[Any],
    values: NDArray[Any],
    test: NDArray[Any],
    continuous: bool,
    seed: int,  # noqa: ARG001  nothing is drawn
) -> _Fit:
    model = ops.gradient_boosting(codes, values, continuous=continuous)
    return _Fit(model.importances, model.fitted, model.predict(test))


def _histogram_boosting(
    codes: NDArray[Any], values: NDArray[Any], test: NDArray[Any], continuous: bool, seed: int
) -> _Fit:
    kind = HistGradientBoostingRegressor if continuous else HistGradientBoostingClassifier
    # Its OpenMP threads wait for each other actively, so more of them are slower on a busy machine.
    with threadpool_limits(1):
        model = kind(early_stopping=False, random_state=seed).fit(codes, values)
        train, tested = model.predict(codes), model.predict(test)
    shares = np.zeros(codes.shape[1])
    for stage in model._predictors:  # scikit-learn has no public way to the gains
        for tree in stage:
            splits = tree.nodes[tree.nodes["is_leaf"] == 0]
            np.add.at(shares, splits["feature_idx"], splits["gain"])
    return _Fit(shares / (shares.sum() or 1.0), train, tested)


def _random_forest(
    codes: NDArray[Any], values: NDArray[Any], test: NDArray[Any], continuous: bool, seed: int
) -> _Fit:
    kind = RandomForestRegressor if continuous else RandomForestClassifier
    # Splits choose among all codes: hiding some would lend importance to those that tell nothing.
    model = kind(max_features=None, random_state=seed).fit(codes, values)
    return _Fit(model.feature_importances_, model.predict(codes), model.predict(test))


def _lasso(
    codes: NDArray[Any],
    values: NDArray[Any],
    test: NDArray[Any],
    continuous: bool,  # noqa: ARG001  values count as numbers either way
    seed: int,  # noqa: ARG001  nothing is drawn
) -> _Fit:
    standardise = ops.Standardisation.of(codes)
    standard = standardise(codes)
    scale = values.std() or 1.0
    weights = ops.lassos(standard, ((values - values.mean()) / scale)[:, None], alpha=0.02)[:, 0]
    return _Fit(
        np.abs(weights),
        values.mean() + scale * (standard @ weights),
        values.mean() + scale * (standardise(test) @ weights),
    )


_FITS: dict[DCIEstimator, Callable[[NDArray[Any], NDArray[Any], NDArray[Any], bool, int], _Fit]] = {
    "gradient_boosting": _gradient_boosting,
    "histogram_boosting": _histogram_boosting,
    "random_forest": _random_forest,
    "lasso": _lasso,
}
