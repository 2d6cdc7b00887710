"""Unsupervised disentanglement ranking (Duan et al. 2020)."""

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import rankdata

from disentlib import ops
from disentlib.arrays import as_array

UDRCorrelation = Literal["lasso", "spearman"]
Pool = Literal["mean_of_means", "pooled"]


class UDR(NamedTuple):
    """How much models of one data set agree.

    Attributes:
        scores: of each model, the median over the others (models,).
        pairwise: of models i and j (models, models); 0 on the diagonal.
        correlations: of model i's and model j's codes at `[i][j]`, (dims of i, dims of j).
    """

    scores: NDArray[np.float64]
    pairwise: NDArray[np.float64]
    correlations: list[list[NDArray[np.float64]]]


def udr(
    codes: Sequence[ArrayLike],
    kl: Sequence[ArrayLike] | None = None,
    *,
    correlation: UDRCorrelation = "lasso",
    pool: Pool = "pooled",
    least_kl: float = 0.01,
    count_dead: bool = False,
    alpha: float = 0.1,
) -> UDR:
    """UDR_ij = mean over active codes, both ways, of (max R)^2 / sum R; a model's is the median.

    Which of several models of one data set is disentangled, without factors: those that find the
    same codes, up to order and sign, as the others do. R relates each code of a model with each of
    another: |coefficients| of a lasso that predicts the second model's codes from all of the first
    ("lasso"), or |rank correlation| ("spearman").

    Args:
        codes: of each model the codes (samples, dims) of the same images.
        kl: of each model the codes' divergence from the prior (dims,), averaged over images, in
            nats. Codes of no more than `least_kl` are dead. When None, constant codes are.
        correlation: "lasso" or "spearman".
        pool: "pooled" averages over the codes of both models together, as in the paper;
            "mean_of_means" over each model's, then over both, as in the study's code. Equal where
            both have as many active codes.
        least_kl: the divergence above which a code is active.
        count_dead: whether dead codes count as agreeing with nothing; they are left out otherwise.
        alpha: the lasso's penalty.

    Returns:
        Scores from 0 to 1; 0 for a model without active codes.

    Raises:
        TypeError: if codes are not real numbers.
        ValueError: if there are fewer than 2 models, or shapes do not fit.

    Reference:
        Duan et al., "Unsupervised Model Selection for Variational Disentangled Representation
        Learning" (2020).

    >>> z = np.random.default_rng(0).normal(size=(500, 3))
    >>> udr([z, -z[:, [1, 2, 0]]], correlation="lasso").scores
    array([1., 1.])
    """
    for name, value, known in (
        ("correlation", correlation, get_args(UDRCorrelation)),
        ("pool", pool, get_args(Pool)),
    ):
        if value not in known:
            raise ValueError(f"expected {name} as one of {known}, got {value!r}")
    models = [ops.check_codes(array).astype(np.float64) for array in codes]
    if len(models) < 2 or len({len(array) for array in models}) > 1:
        shapes = [array.shape for array in models]
        raise ValueError(f"expected at least 2 models' codes of the same samples, got {shapes}")
    active = [array.min(axis=0) < array.max(axis=0) for array in models]
    if kl is not None:
        given = [as_array(divergence, "kl").astype(np.float64) for divergence in kl]
        if [part.shape for part in given] != [part.shape for part in active]:
            raise ValueError("expected one kl a code of each model")
        active = [
            varies & (divergence > least_kl)
            for varies, divergence in zip(active, given, strict=True)
        ]
    if correlation == "spearman":
        models = [rankdata(array, axis=0) for array in models]
    models = [_standardise(array, live) for array, live in zip(models, active, strict=True)]
    relate = _lassos if correlation == "lasso" else _correlations
    matrices = [
        [
            relate(left, right, alpha) if i != j else np.zeros((left.shape[1], right.shape[1]))
            for j, right in enumerate(models)
        ]
        for i, left in enumerate(models)
    ]
    counted = [live | count_dead for live in active]
    pairwise = np.array(
        [
            [
                0.0 if i == j else agreement(matrix[np.ix_(counted[i], counted[j])], pool=pool)
                for j, matrix in enumerate(row)
            ]
            for i, row in enumerate(matrices)
        ]
    )
    others = ~np.eye(len(models), dtype=bool)
    scores = [np.median(pairwise[others[:, j], j]) for j in range(len(models))]
    return UDR(np.array(scores), pairwise, matrices)


def agreement(relation: NDArray[Any], *, pool: Pool = "pooled") -> float:
    """Return the agreement of two models whose active codes are related by a matrix of R >= 0."""
    if not relation.size:
        return 0.0
    ways = [_concentration(relation, axis) for axis in (0, 1)]
    if pool == "pooled":
        return float(np.concatenate(ways).mean())
    return float((ways[0].mean() + ways[1].mean()) / 2)


def _concentration(relation: NDArray[Any], axis: int) -> NDArray[np.float64]:
    total = relation.sum(axis=axis)
    largest = relation.max(axis=axis)
    return np.divide(largest**2, total, out=np.zeros(len(total)), where=total > 0)


def _standardise(codes: NDArray[Any], active: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return codes of mean 0 and variance 1; dead ones are 0."""
    return np.where(active, ops.Standardisation.of(codes)(codes), 0.0)


def _correlations(left: NDArray[Any], right: NDArray[Any], alpha: float) -> NDArray[np.float64]:
    del alpha
    return np.abs(left.T @ right) / len(left)


def _lassos(left: NDArray[Any], right: NDArray[Any], alpha: float) -> NDArray[np.float64]:
    return np.abs(ops.lassos(left, right, alpha=alpha))
