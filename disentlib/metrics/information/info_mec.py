"""InfoMEC: modularity, explicitness and compactness from information (Hsu et al. 2023)."""

from typing import Any, Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from disentlib import ops
from disentlib.metrics.factors import varying
from disentlib.metrics.information.estimates import ADJUSTED, LINEAR, Continuous, estimate
from disentlib.metrics.outliers import warn_of_outliers
from disentlib.metrics.prediction.dci import r_squared
from disentlib.metrics.score import score

InfoMECEstimator = Literal["adaptive", "quantile", "neighbours", "values"]


class InfoMEC(NamedTuple):
    """The scores, each 1 at best.

    Attributes:
        modularity: InfoM, whether each code is about one factor.
        explicitness: InfoE, how far codes explain factors by a linear map.
        compactness: InfoC, whether each factor is told by one code.
    """

    modularity: float
    explicitness: float
    compactness: float


@score(
    ADJUSTED + ", what is significant",
    figures={"explicitness": LINEAR},
    in_sample=("explicitness",),
    moments=True,
)
def info_mec(
    codes: ArrayLike,
    factors: ArrayLike,
    *,
    continuous: Continuous = False,
    estimator: InfoMECEstimator = "adaptive",
) -> InfoMEC:
    """InfoM = (mean over codes of max NMI / sum NMI - 1 / factors) / (1 - 1 / factors).

    NMI = I(code; factor) / H(factor) and maxima and sums are over factors; InfoC is the same with
    factors and codes exchanged. InfoE = mean over factors of 1 - loss / ln(values), the mean
    log-loss of a logistic regression of the factor on all standardised codes, without penalty and
    with balanced classes, on the samples that it was fitted on; of a real-valued factor R^2.

    Estimator: by default adaptive bins, adjusted for chance
    (`disentlib.metrics.information.estimates`), over the codes that share more with some factor
    than chance explains, and what they so share. Independent codes score 0, but for InfoE, which
    knows its samples by heart: 0.03 for 1,000 of 10 codes. "neighbours" is the authors' estimate
    for real-valued codes: 10 nearest neighbours, over codes whose range is above a twentieth of the
    largest, so that the scale of codes matters; there InfoC of independent codes is about 0.6.
    "values" is theirs for codes of few values: these are labels, and information is plug-in.

    Args:
        codes: real numbers (samples, dims).
        factors: non-negative integers (samples, factors), or real numbers where `continuous`. A
            factor with a single value is left out with a warning.
        continuous: which factors are real-valued, one answer for all or one each; but with
            "neighbours" they are binned, into 21 bins at quantiles.
        estimator: "adaptive", "quantile", "neighbours" or "values".

    Returns:
        InfoM and InfoC from 0 to 1, InfoE up to 1. 0 if no code is active. NaN if no factor varies,
        InfoM also with a single factor and InfoC with a single active code: there is no other.

    Raises:
        TypeError: if codes are not real numbers, or discrete factors not integers.
        ValueError: if shapes do not fit, a value is NaN, infinite or a negative factor, or the
            estimator is unknown.

    Reference:
        Hsu, Dorrell, Whittington, Wu and Finn, "Disentanglement via Latent Quantization" (2023).

    >>> factors = np.indices((4, 4, 4)).reshape(3, -1).T
    >>> info_mec(factors.astype(float), factors, estimator="values")
    InfoMEC(modularity=1.0, explicitness=0.999..., compactness=1.0)
    """
    if estimator not in get_args(InfoMECEstimator):
        raise ValueError(
            f"expected estimator as one of {get_args(InfoMECEstimator)}, got {estimator!r}"
        )
    array = ops.check_codes(codes)
    table, real = ops.check_mixed_factors(factors, continuous, len(array))
    kept = varying(table)
    table, real = table[:, kept], real[kept]
    if not kept.any():
        return InfoMEC(float("nan"), float("nan"), float("nan"))
    warn_of_outliers(array)
    shares, active = normalised_information(array, table, real, estimator)
    shares = np.where(shares > 1e-12, shares, 0.0)[active]
    design = _one_hot(array) if estimator == "values" else array
    return InfoMEC(
        _purity(shares, skip_empty=True),
        _explicitness(design, table, real),
        _purity(shares.T, skip_empty=False),
    )


def normalised_information(
    codes: NDArray[Any], table: NDArray[Any], real: NDArray[np.bool_], estimator: InfoMECEstimator
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return I / H(factor) (dims, factors), and which codes are active (dims,)."""
    span: NDArray[np.float64] = codes.max(axis=0).astype(np.float64) - codes.min(axis=0)
    active: NDArray[np.bool_] = span > (span.max() / 20 if estimator == "neighbours" else 0.0)
    continuous = real.tolist()
    if estimator == "adaptive" or estimator == "quantile":
        estimated = estimate(codes, table, continuous=continuous, estimator=estimator)
        shares = np.where(estimated.significant, estimated.shares(), 0.0)
        return shares, np.asarray(estimated.significant.any(axis=1), np.bool_)
    if estimator == "values":
        numbered = np.stack([np.unique(code, return_inverse=True)[1] for code in codes.T], axis=1)
        ranks = numbered.astype(np.float64)
        bins = int(numbered.max()) + 1
        binned = estimate(ranks, table, continuous=continuous, estimator="width", bins=bins)
        return binned.shares(), active
    information = np.maximum(
        ops.neighbour_information(codes, table, continuous=real, neighbours=10), 0
    )
    shares = -np.expm1(-2 * information)
    if not real.all():
        shares[:, ~real] = information[:, ~real] / ops.entropy(table[:, ~real].astype(np.int64))
    return shares, active


def _purity(shares: NDArray[np.float64], *, skip_empty: bool) -> float:
    """Return the mean over rows of max / sum, so that even rows are 0 and rows of one entry 1."""
    count = shares.shape[1]
    if count == 1:
        return float("nan")
    if not shares.any():
        return 0.0
    total = shares.sum(axis=1)
    informed = total > 0
    if skip_empty:
        shares, total, informed = shares[informed], total[informed], informed[informed]
    # A row without any information counts as spread evenly.
    ratio = np.divide(shares.max(axis=1), total, out=np.full(len(total), 1 / count), where=informed)
    return float((ratio.mean() - 1 / count) / (1 - 1 / count))


def _explicitness(codes: NDArray[Any], table: NDArray[Any], real: NDArray[np.bool_]) -> float:
    standardise = ops.Standardisation.of(codes)
    if not standardise.live.any():
        return 0.0
    standard = standardise(codes)[:, standardise.live]
    scores = []
    if not real.all():
        labels = table[:, ~real].astype(np.int64)
        fits = ops.logistic_regressions(standard, labels, C=np.inf, balanced=True)
        for fit, column in zip(fits, labels.T, strict=True):
            own = fit.probabilities(standard)[
                np.arange(len(column)), np.searchsorted(fit.values, column)
            ]
            loss = -np.log(np.maximum(own, np.finfo(np.float64).tiny)).mean()
            scores.append(1 - loss / np.log(len(fit.values)))
    design = np.column_stack([np.ones(len(standard)), standard])
    for column in table[:, real].T:
        weights = np.linalg.lstsq(design, column, rcond=None)[0]
        scores.append(r_squared(design @ weights, column))
    return float(np.mean(scores))


def _one_hot(codes: NDArray[Any]) -> NDArray[np.float64]:
    """Return a column for each value of each code but its first (samples, values)."""
    columns = [code[:, None] == np.unique(code)[1:] for code in codes.T]
    return np.concatenate(columns, axis=1).astype(np.float64)
