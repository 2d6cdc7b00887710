"""Overlap and multiple encoding score (Dapueto, Noceti and Odone 2024)."""

from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from disentlib.data.randomness import RNG
from disentlib.metrics.intervention.interventions import Interventions, InterventionTable
from disentlib.metrics.protocol import generator
from disentlib.metrics.score import score

Pooling = Literal["avg", "max"]


@score("correlation in pairs")
def omes(
    table: InterventionTable,
    *,
    alpha: float = 0.5,
    pooling: Pooling = "avg",
    pairs: int = 10_000,
    variance_samples: int = 10_000,
    threshold: float = 0.05,
    sampled: bool = False,
    rng: RNG = 0,
) -> float:
    """OMES = mean over factors of alpha (no overlap) + (1 - alpha) (no multiple encoding).

    Whether a code responds to one factor alone, and a factor moves one code alone. The response R
    of a code to a factor is 1 - |correlation| of its values in pairs that differ in that factor
    alone: 1 for a code that the factor redraws, 0 for one that it leaves. Codes whose noise is all
    their variance look like codes that every factor redraws.

    The factor's two values are drawn independently and may be equal: two values that must differ
    correlate by -1 / (values - 1), so that a perfect code of 3 values would get R = 0.5.

    Args:
        table: codes of a data set, or of arrays, which need rows that differ in one factor alone.
        alpha: weight of the overlap.
        pooling: over the codes that respond to a factor, "avg", weighted by R, or "max".
        pairs: for each factor.
        variance_samples: samples to measure the codes' spread.
        threshold: codes whose standard deviation is a smaller share of that of samples from their
            posterior, or where none is known of the median code's, are left out.
        sampled: whether codes are drawn from their distribution; the mean otherwise.
        rng: draws pairs and codes.

    Returns:
        From 0 to 1; 0 without active codes, NaN if no factor varies. Codes of noise alone: about
        the mean of 1 / factors and 1 / codes.

    Raises:
        TypeError: if `table` is none.
        ValueError: if no rows differ in a factor alone, or the pooling is unknown.

    Reference:
        Dapueto, Noceti and Odone, "Transferring disentangled representations: bridging the gap
        between synthetic and real images" (2024).

    >>> from disentlib.metrics.intervention.interventions import ArrayTable
    >>> factors = np.indices((10, 10, 10)).reshape(3, -1).T
    >>> omes(ArrayTable(factors.astype(float), factors))
    0.9...
    """
    draws = Interventions(table, sampled=sampled, rng=generator(rng))
    factors = draws.rows.factors
    if not factors:
        return float("nan")
    active, _ = draws.active(variance_samples, threshold=threshold)
    if not len(active):
        return 0.0
    responses = np.empty((len(active), factors))
    for factor in range(factors):
        rows = draws.rows.varying(np.full(pairs, factor), 2)
        responses[:, factor] = _response(draws.codes(rows)[..., active].astype(np.float64))
    return overlap_and_multiplicity(responses, alpha=alpha, pooling=pooling)


def overlap_and_multiplicity(
    responses: NDArray[np.float64], *, alpha: float = 0.5, pooling: Pooling = "avg"
) -> float:
    """Return the score of a matrix of responses (codes, factors) in [0, 1]."""
    if pooling not in get_args(Pooling):
        raise ValueError(f"expected pooling as one of {get_args(Pooling)}, got {pooling!r}")
    codes, factors = responses.shape
    missing = np.abs(1 - responses)
    overlap = 1 - (missing + responses.sum(axis=1, keepdims=True) - responses) / factors
    multiple = 1 - (missing + responses.sum(axis=0) - responses) / codes
    weighted = [quality * responses for quality in (overlap, multiple)]
    if pooling == "max":
        pooled = [values.max(axis=0) for values in weighted]
    else:
        total = responses.sum(axis=0)
        pooled = [
            np.divide(
                (values * responses).sum(axis=0), total, out=np.zeros(factors), where=total > 0
            )
            for values in weighted
        ]
    return float((alpha * pooled[0] + (1 - alpha) * pooled[1]).mean())


def _response(pairs: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return 1 - |correlation| of codes (pairs, 2, codes) within pairs; 0 of a constant."""
    first, second = (pairs[:, k] - pairs[:, k].mean(axis=0) for k in (0, 1))
    norm = np.sqrt((first**2).sum(axis=0) * (second**2).sum(axis=0))
    together = np.abs((first * second).sum(axis=0))
    return 1 - np.minimum(np.divide(together, norm, out=np.ones(len(norm)), where=norm > 0), 1)
