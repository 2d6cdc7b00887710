"""MED: mutual information based entropy disentanglement, and its top-k form (Cao et al. 2022)."""

from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from disentlib import ops
from disentlib.data.randomness import RNG
from disentlib.metrics.information.estimates import (
    ADJUSTED,
    LINEAR,
    PLUG_IN,
    Continuous,
    Correction,
    Estimator,
    estimate,
)
from disentlib.metrics.outliers import warn_of_outliers
from disentlib.metrics.prediction.dci import accuracy, disentanglement_of, purities, r_squared
from disentlib.metrics.protocol import Protocol, TrainTestSplit
from disentlib.metrics.score import score
from disentlib.metrics.targets import split_targets


class MED(NamedTuple):
    """The scores, each 1 at best.

    Attributes:
        disentanglement: whether each code is about one factor, codes weighted by information.
        completeness: whether each factor is told by one code.
        informativeness: accuracy of logistic regressions on test samples, or R^2 of linear ones
            where a factor is real-valued, mean over factors.
        informativeness_train: the same on the samples that were fitted.
    """

    disentanglement: float
    completeness: float
    informativeness: float
    informativeness_train: float


class TopKMED(NamedTuple):
    """The scores of the chosen codes, each 1 at best.

    Attributes:
        disentanglement: whether each chosen code is about one factor.
        completeness: whether each factor is told by one of the chosen codes.
    """

    disentanglement: float
    completeness: float


@score(
    ADJUSTED + ", what is significant",
    reference=PLUG_IN,
    figures=dict.fromkeys(("informativeness", "informativeness_train"), LINEAR),
    in_sample=("informativeness_train",),
    moments=True,
)
def med(
    codes: ArrayLike,
    factors: ArrayLike,
    *,
    continuous: Continuous = False,
    protocol: Protocol | None = None,
    estimator: Estimator | None = None,
    bins: int | None = None,
    correction: Correction | None = None,
    train_fraction: float = 0.75,
    test: tuple[ArrayLike, ArrayLike] | None = None,
    rng: RNG = 0,
) -> MED:
    """MED = sum over codes of w_j (1 - H(R_j / |R_j|)), R = I(code; factor) / its sum over codes.

    `dci` with shares of mutual information in place of a predictor's importances: no predictor to
    choose, and no more cost for codes of hundreds of dims. H is the entropy in base of the number
    of entries and w the share of a code, or for completeness a factor, in all of R.

    Estimator: adaptive bins, adjusted for chance (`disentlib.metrics.information.estimates`),
    leaving out what chance explains: otherwise what many useless codes seem to know drowns the
    useful ones. Plug-in information from equal-width bins under `bins` or `protocol`.

    Args:
        codes: real numbers (samples, dims).
        factors: non-negative integers (samples, factors), or real numbers where `continuous`. A
            factor with a single value is left out with a warning.
        continuous: which factors are real-valued, one answer for all or one each.
        protocol: "locatello2019" for 20 equal-width bins, one-vs-rest regressions and the leading
            rows to fit on; None for the default.
        estimator: "adaptive", "quantile", "width" or "neighbours"
            (`disentlib.metrics.information.estimates`).
        bins: how many; alone, that many equal-width ones.
        correction: "none", "miller_madow" or "shuffle" (`disentlib.metrics.information.estimates`).
        train_fraction: share of samples that information and regressions are taken from.
        test: (codes, factors) to test on instead of the rest.
        rng: draws the training rows.

    Returns:
        The scores, each from 0 to 1; about 0 for independent codes but for informativeness, whose
        chance is that of the most frequent value. NaN if no factor varies; disentanglement is NaN
        with a single factor, completeness with a single code.

    Raises:
        TypeError: if codes are not real numbers, or discrete factors not integers.
        ValueError: if shapes do not fit, or a value is NaN, infinite or a negative factor.

    See Also:
        dci: the same entropies of importances to boosted trees, which see what several codes tell
            together; numbers of the two do not compare.
        top_k_med: of the best codes of each factor alone, where there are many codes.

    Reference:
        Cao, Nai, Yang, Huang and Gao, "An Empirical Study on Disentanglement of Negative-free
        Contrastive Learning" (2022).

    >>> factors = np.random.default_rng(0).integers(0, 4, (2000, 3))
    >>> med(factors.astype(float), factors)[:2]
    (1.0, 1.0)
    """
    parts, real = split_targets(
        codes,
        factors,
        continuous=continuous,
        protocol=protocol,
        train_fraction=train_fraction,
        test=test,
        rng=rng,
    )
    shares, kept = _shares(
        parts,
        continuous=real.tolist(),
        protocol=protocol,
        estimator=estimator,
        bins=bins,
        correction=correction,
    )
    if not kept.any():
        return MED(*[float("nan")] * 4)
    warn_of_outliers(parts.train_codes)
    standardise = ops.Standardisation.of(parts.train_codes, constants=protocol is not None)
    scores = _informativeness(
        standardise(parts.train_codes),
        parts.train_factors[:, kept],
        standardise(parts.test_codes),
        parts.test_factors[:, kept],
        real=real[kept],
        solver="multinomial" if protocol is None else "one_vs_rest",
    )
    return MED(
        disentanglement_of(shares),
        disentanglement_of(shares.T),
        *np.mean(scores, axis=0).tolist(),
    )


@score(ADJUSTED + ", what is significant", reference=PLUG_IN)
def top_k_med(
    codes: ArrayLike,
    factors: ArrayLike,
    *,
    k: int = 1,
    continuous: Continuous = False,
    protocol: Protocol | None = None,
    estimator: Estimator | None = None,
    bins: int | None = None,
    correction: Correction | None = None,
    train_fraction: float = 0.75,
    test: tuple[ArrayLike, ArrayLike] | None = None,
    rng: RNG = 0,
) -> TopKMED:
    """Top-k MED = `med` of the k most disentangled codes of each factor.

    Whether some of many codes are disentangled: a code belongs to the factor that it tells most of,
    and of each factor the k codes of highest 1 - H(R_j / |R_j|) count, or fewer if it has fewer.

    Estimator and arguments as in `med`.

    Args:
        codes: real numbers (samples, dims).
        factors: non-negative integers (samples, factors), or real numbers where `continuous`. A
            factor with a single value is left out with a warning.
        k: how many codes of each factor.
        continuous: as in `med`.
        protocol: as in `med`.
        estimator: as in `med`.
        bins: as in `med`.
        correction: as in `med`.
        train_fraction: as in `med`.
        test: as in `med`.
        rng: draws the training rows.

    Returns:
        The scores, each from 0 to 1; about 0 for independent codes. NaN as in `med`.

    Raises:
        TypeError: if codes are not real numbers, or discrete factors not integers.
        ValueError: if shapes do not fit, k is not positive, or a value is NaN, infinite or a
            negative factor.

    Reference:
        Cao, Nai, Yang, Huang and Gao, "An Empirical Study on Disentanglement of Negative-free
        Contrastive Learning" (2022).

    >>> rng = np.random.default_rng(0)
    >>> factors = rng.integers(0, 4, (2000, 3))
    >>> mixed = factors @ rng.normal(size=(3, 20))
    >>> top_k_med(np.concatenate([mixed, factors], axis=1), factors)
    TopKMED(disentanglement=1.0, completeness=1.0)
    """
    if k < 1:
        raise ValueError(f"expected k of at least 1, got {k}")
    parts, real = split_targets(
        codes,
        factors,
        continuous=continuous,
        protocol=protocol,
        train_fraction=train_fraction,
        test=test,
        rng=rng,
    )
    shares, kept = _shares(
        parts,
        continuous=real.tolist(),
        protocol=protocol,
        estimator=estimator,
        bins=bins,
        correction=correction,
    )
    if not kept.any():
        return TopKMED(float("nan"), float("nan"))
    if not shares.any():
        return TopKMED(0.0, 0.0)
    chosen = shares[top_codes(shares, k)]
    return TopKMED(disentanglement_of(chosen), disentanglement_of(chosen.T))


def top_codes(shares: NDArray[Any], k: int) -> NDArray[np.intp]:
    """Return the k purest codes of each factor, as positions in ascending order.

    >>> top_codes(np.array([[0.9, 0.1], [0.8, 0.0], [0.1, 0.5]]), k=1)
    array([1, 2])
    """
    owner = shares.argmax(axis=1)
    if shares.shape[1] < 2:
        order = np.argsort(-shares[:, 0], kind="stable")
    else:
        order = np.argsort(-purities(shares), kind="stable")
    chosen = [order[owner[order] == factor][:k] for factor in range(shares.shape[1])]
    return np.sort(np.concatenate(chosen))


def _informativeness(
    train: NDArray[Any],
    factors: NDArray[Any],
    test: NDArray[Any],
    test_factors: NDArray[Any],
    *,
    real: NDArray[np.bool_],
    solver: Literal["multinomial", "one_vs_rest"],
) -> list[tuple[float, float]]:
    """Return how well linear predictors do on test and on train samples, for each factor."""
    scores = []
    if not real.all():
        labels, tests = (part[:, ~real].astype(np.int64) for part in (factors, test_factors))
        fits = ops.logistic_regressions(train, labels, solver=solver)
        for fit, known, asked in zip(fits, labels.T, tests.T, strict=True):
            scores.append((accuracy(fit.predict(test), asked), accuracy(fit.predict(train), known)))
    design, tested = (np.column_stack([np.ones(len(part)), part]) for part in (train, test))
    for known, asked in zip(factors[:, real].T, test_factors[:, real].T, strict=True):
        weights = np.linalg.lstsq(design, known, rcond=None)[0]
        scores.append((r_squared(tested @ weights, asked), r_squared(design @ weights, known)))
    return scores


def _shares(
    parts: TrainTestSplit, *, continuous: Continuous, **options: Any
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return R (dims, kept factors), and which factors vary."""
    if len(parts.train_codes) < 2:  # a single row has no variation
        dims, factors = parts.train_codes.shape[1], parts.train_factors.shape[1]
        return np.zeros((dims, 0)), np.zeros(factors, np.bool_)
    estimated = estimate(parts.train_codes, parts.train_factors, continuous=continuous, **options)
    kept = estimated.factor_entropy > 0
    estimated = estimated.of_varying_factors()
    information = np.where(estimated.significant, estimated.mutual_information, 0.0)
    total = information.sum(axis=0)
    # A factor without any information has shares of 0, not 0 / 0.
    return np.divide(information, total, out=np.zeros_like(information), where=total > 0), kept
