"""Predicting factors from codes with few and many samples (Locatello et al. 2019, section 5)."""

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from disentlib import ops
from disentlib.data.randomness import RNG
from disentlib.metrics.protocol import Protocol, split
from disentlib.metrics.scale import warn_of_scale

Predictor = Literal["gradient_boosting", "logistic_regression"]
SIZES = (10, 100, 1000, 10_000)
_WEIGHTS = np.logspace(-4, 4, 10)  # of the data, against a penalty of 1


def downstream_task(
    codes: ArrayLike,
    factors: ArrayLike,
    *,
    predictor: Predictor = "gradient_boosting",
    sizes: Sequence[int] = SIZES,
    protocol: Protocol | None = None,
    train_fraction: float = 0.75,
    test: tuple[ArrayLike, ArrayLike] | None = None,
    rng: RNG = 0,
) -> dict[str, float]:
    """Return accuracies of one predictor a factor, fitted on each of several numbers of samples.

    What a representation is worth to a later task, and how many labels it saves.

    Args:
        codes: real numbers (samples, dims).
        factors: non-negative integers (samples, factors).
        predictor: "gradient_boosting" as in `dci`, or "logistic_regression" on standardised codes,
            its penalty chosen among ten by five folds. Under the protocol codes are not
            standardised, and each value has a regression against the rest, whose penalty is the
            largest that best tells it from the rest: rare values, which nobody is told from then,
            are hardly ever predicted. A single class needs neither: it is always predicted.
        sizes: numbers of training samples; each takes the first so many training rows. Those that
            exceed the rows are left out.
        protocol: "locatello2019" trains on leading rows, None on random ones, and as above.
        train_fraction: share of samples that may train.
        test: (codes, factors) to test on instead of the rest.
        rng: draws the training rows.

    Returns:
        Figures by name, in [0, 1], for each number n of samples: "n:mean_test_accuracy" and
        "n:min_test_accuracy" over factors, "n:test_accuracy_factor_j", and the same of train. Where
        both sizes are there, "efficiency:100/10000" is the mean test accuracy with 100 samples over
        that with 10,000, and "efficiency:1000/10000" likewise.

    Raises:
        TypeError: if codes are not real numbers or factors not integers.
        ValueError: if shapes do not fit, a value is not finite, or no size fits.

    Reference:
        Locatello et al., "Challenging Common Assumptions in the Unsupervised Learning of
        Disentangled Representations" (2019).

    >>> factors = np.indices((4, 4, 4)).reshape(3, -1).T
    >>> downstream_task(factors.astype(float), factors, sizes=[40])["40:mean_test_accuracy"]
    1.0
    """
    parts = split(
        codes, factors, train_fraction=train_fraction, test=test, protocol=protocol, rng=rng
    )
    usable = [size for size in sizes if 2 <= size <= len(parts.train_codes)]
    if not usable:
        raise ValueError(
            f"expected a size of 2 to {len(parts.train_codes)} training samples, got {list(sizes)}"
        )
    figures: dict[str, float] = {}
    for size in usable:
        scores = accuracies(
            parts.train_codes[:size],
            parts.train_factors[:size],
            parts.test_codes,
            parts.test_factors,
            predictor,
            protocol,
        )
        for kind, values in (("train", scores.train), ("test", scores.test)):
            figures[f"{size}:mean_{kind}_accuracy"] = float(values.mean())
            figures[f"{size}:min_{kind}_accuracy"] = float(values.min())
            for factor, value in enumerate(values):
                figures[f"{size}:{kind}_accuracy_factor_{factor}"] = float(value)
    for few in (100, 1000):
        if {few, 10_000} <= set(usable):
            figures[f"efficiency:{few}/10000"] = (
                figures[f"{few}:mean_test_accuracy"] / figures["10000:mean_test_accuracy"]
            )
    return figures


class Accuracies(NamedTuple):
    """Shares of samples whose factor is predicted, on train and test samples (factors,) each."""

    train: NDArray[np.float64]
    test: NDArray[np.float64]


def accuracies(
    train_codes: NDArray[Any],
    train_factors: NDArray[Any],
    test_codes: NDArray[Any],
    test_factors: NDArray[Any],
    predictor: Predictor,
    protocol: Protocol | None = None,
) -> Accuracies:
    """Fit one predictor a factor on checked arrays and test it."""
    if predictor not in get_args(Predictor):
        raise ValueError(f"expected predictor one of {get_args(Predictor)}, got {predictor!r}")
    train, test = [], []
    for factor, values in enumerate(train_factors.T):
        if predictor == "gradient_boosting":
            model = ops.gradient_boosting(train_codes, values)
            fitted, predicted = model.fitted, model.predict(test_codes)
        elif protocol is None:
            fitted, predicted = _logistic_regression(train_codes, values, test_codes)
        else:
            warn_of_scale(train_codes, stacklevel=4)
            fitted, predicted = _one_vs_rest(train_codes, values, test_codes)
        train.append(np.mean(fitted == values))
        test.append(np.mean(predicted == test_factors[:, factor]))
    return Accuracies(np.array(train), np.array(test))


def _logistic_regression(
    codes: NDArray[Any], values: NDArray[Any], test: NDArray[Any]
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return predictions for train and test samples, the penalty chosen by cross-validation."""
    if (values == values[0]).all():
        return values, np.full(len(test), values[0], values.dtype)
    standardise = ops.Standardisation.of(codes)
    codes, test = standardise(codes), standardise(test)
    folds = np.array_split(np.arange(len(codes)), min(5, len(codes)))
    best, most = 1.0, -1.0
    for weight in _WEIGHTS:
        right = 0
        for fold in folds:
            rest = np.delete(np.arange(len(codes)), fold)
            known = values[rest]
            if len(rest) < 2 or (known == known[0]).all():
                right += int((values[fold] == known[0]).sum())
                continue
            model = ops.logistic_regressions(codes[rest], known[:, None], C=float(weight))[0]
            right += int((model.predict(codes[fold]) == values[fold]).sum())
        if right > most:
            best, most = float(weight), right
    model = ops.logistic_regressions(codes, values[:, None], C=best)[0]
    return model.predict(codes), model.predict(test)


def _one_vs_rest(
    codes: NDArray[Any], values: NDArray[Any], test: NDArray[Any]
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return predictions as the reference had them of scikit-learn before 0.22."""
    known = np.unique(values)
    if len(known) == 1:
        return values, np.full(len(test), values[0], values.dtype)
    # Two values need one regression: the second's is its mirror image.
    asked = known[1:] if len(known) == 2 else known
    labels = (values[:, None] == asked).astype(np.int64)
    right = np.zeros((len(_WEIGHTS), len(asked)))
    for fold in np.array_split(np.arange(len(codes)), min(5, len(codes))):
        rest = np.delete(np.arange(len(codes)), fold)
        for step, weight in enumerate(_WEIGHTS):
            scores = _lines(codes[rest], labels[rest], codes[fold], float(weight))
            right[step] += np.mean((scores > 0) == labels[fold], axis=0)
    chosen = right.argmax(axis=0)
    scores = np.zeros((len(codes) + len(test), len(asked)))
    for step in np.unique(chosen):
        some = chosen == step
        both_parts = np.concatenate([codes, test])
        scores[:, some] = _lines(codes, labels[:, some], both_parts, float(_WEIGHTS[step]))
    picked = scores.argmax(axis=1) if len(known) > 2 else (scores[:, 0] > 0).astype(np.intp)
    return known[picked[: len(codes)]], known[picked[len(codes) :]]


def _lines(
    codes: NDArray[Any], labels: NDArray[np.int64], test: NDArray[Any], weight: float
) -> NDArray[np.float64]:
    """Return for each column of labels, 0 or 1, the logits of 1 on other codes."""
    scores = np.zeros((len(test), labels.shape[1]))
    varies = labels.min(axis=0) < labels.max(axis=0)
    scores[:, ~varies] = np.where(labels[0, ~varies] == 1, np.inf, -np.inf)
    if varies.any() and len(codes) > 1:
        fits = ops.logistic_regressions(codes, labels[:, varies], C=weight)
        scores[:, varies] = np.stack([np.diff(fit.scores(test))[:, 0] for fit in fits], axis=1)
    return scores
