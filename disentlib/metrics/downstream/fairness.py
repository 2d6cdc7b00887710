"""Unfairness of predictions from a representation (Locatello et al. 2019, section 4)."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from disentlib import ops
from disentlib.data.randomness import RNG, Random, generator, integers
from disentlib.metrics.protocol import CodeTable


def fairness(
    table: CodeTable,
    *,
    sampled: bool = False,
    samples: int = 10_000,
    points: int = 100,
    rng: RNG = 0,
) -> dict[str, float]:
    """TV_ij = mean over values c of j of |P(predicted i | j := c) - P(predicted i)| / 2.

    How much setting one (sensitive) factor changes what boosted trees predict of another: lower is
    better, 0 if nothing changes.

    Args:
        table: codes of a data set's grid.
        sampled: whether codes are drawn from their distribution.
        samples: how many the predictor of each factor is fitted on.
        points: how many samples each value of a sensitive factor is set in.
        rng: draws samples and codes.

    Returns:
        Figures by name, in [0, 1]. With `prefix` mean_fairness (mean over values) or max_fairness
        (of the worst value): "prefix:pred{i}:sens{j}", statistics over the sensitive
        ("prefix:pred{i}:mean_sens") or the predicted factors ("prefix:sens{j}:max_pred"), and of
        these over the rest ("prefix:mean_pred:mean_sens" is first over predicted factors).

    Raises:
        ValueError: if the set has a single factor.

    Reference:
        Locatello, Abbati, Rainforth, Bauer, Schölkopf and Bachem, "On the Fairness of Disentangled
        Representations" (2019).
    """
    sizes = np.array(table.sizes)
    if len(sizes) < 2:
        raise ValueError("expected at least 2 factors, got 1")
    random = generator(rng)
    factors = draw_factors(random, sizes, samples)
    codes = codes_of(table, factors, sampled, random)
    models = [ops.gradient_boosting(codes, column) for column in factors.T]

    pairs = np.full((2, len(sizes), len(sizes)), np.nan)
    for sensitive, values in enumerate(sizes):
        drawn = np.repeat(draw_factors(random, sizes, points), values, axis=0)
        drawn[:, sensitive] = np.tile(np.arange(values), points)
        changed = codes_of(table, drawn, sampled, random)
        for predicted, size in enumerate(sizes):
            if predicted != sensitive:
                guesses = models[predicted].predict(changed)
                counts = np.zeros((size, values), np.int64)
                np.add.at(counts, (guesses, drawn[:, sensitive]), 1)
                pairs[:, predicted, sensitive] = unfairness_of(counts)
    return _figures("mean_fairness", pairs[0]) | _figures("max_fairness", pairs[1])


def unfairness_of(counts: NDArray[Any]) -> tuple[float, float]:
    """Return the mean and the largest total variation of predictions (values, sensitive values).

    >>> unfairness_of(np.array([[0, 100], [100, 100]]))
    (0.2222, 0.3333)
    """
    totals = counts.sum(axis=0)
    shares = counts / np.maximum(totals, 1)
    overall = counts.sum(axis=1, keepdims=True) / max(counts.sum(), 1)
    variation = np.abs(shares - overall).sum(axis=0) / 2
    # A value that never occurs has no distribution of predictions: its variation counts as 0.
    variation = np.where(totals > 0, variation, 0.0)
    return float(variation @ totals / max(totals.sum(), 1)), float(variation.max())


def draw_factors(random: Random, sizes: NDArray[Any], samples: int) -> NDArray[np.int64]:
    """Return factors (samples, factors), drawn factor by factor."""
    columns = [integers(random, int(size), samples) for size in sizes]
    return np.stack(columns, axis=1).astype(np.int64)


def codes_of(
    table: CodeTable, factors: NDArray[np.int64], sampled: bool, random: Random
) -> NDArray[Any]:
    """Return the codes (samples, dims) of factors, drawn from their distribution if `sampled`."""
    rows = np.ravel_multi_index(tuple(factors.T), tuple(table.sizes))
    mean, logvar, rows = table.look_up(rows)
    codes: NDArray[Any] = mean[rows]
    if sampled and logvar is not None:
        noise = random.standard_normal(codes.shape).astype(codes.dtype)
        codes = codes + np.exp(0.5 * logvar[rows]) * noise
    return codes


def _figures(prefix: str, pairs: NDArray[np.float64]) -> dict[str, float]:
    """Return the figures of a matrix [predicted, sensitive] whose diagonal is NaN."""
    figures = {}
    for i, j in np.argwhere(~np.isnan(pairs)):
        figures[f"{prefix}:pred{i}:sens{j}"] = float(pairs[i, j])
    for name, over in (("mean", np.nanmean), ("max", np.nanmax)):
        of_predicted = over(pairs, axis=1)
        of_sensitive = over(pairs, axis=0)
        for i, value in enumerate(of_predicted):
            figures[f"{prefix}:pred{i}:{name}_sens"] = float(value)
        for j, value in enumerate(of_sensitive):
            figures[f"{prefix}:sens{j}:{name}_pred"] = float(value)
        for outer, of_all in (("mean", np.mean), ("max", np.max)):
            figures[f"{prefix}:{name}_pred:{outer}_sens"] = float(of_all(of_sensitive))
            figures[f"{prefix}:{name}_sens:{outer}_pred"] = float(of_all(of_predicted))
    return figures
