"""Predicting factors after the codes that tell one of them are taken away."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from disentlib import ops
from disentlib.data.randomness import RNG
from disentlib.metrics.downstream.downstream_task import Predictor, accuracies
from disentlib.metrics.protocol import Protocol, split


def reduced_downstream_task(
    codes: ArrayLike,
    factors: ArrayLike,
    *,
    remove: int = 1,
    predictor: Predictor = "gradient_boosting",
    sizes: Sequence[int] = (1000,),
    protocol: Protocol | None = None,
    train_fraction: float = 0.75,
    test: tuple[ArrayLike, ArrayLike] | None = None,
    rng: RNG = 0,
) -> dict[str, float]:
    """Return accuracies without the `remove` codes most important for each factor in turn.

    Where codes are disentangled, only the factor whose codes went is lost. The most important code
    (boosted trees) goes first; importances are then taken anew.

    Args:
        codes: real numbers (samples, dims), more dims than are removed.
        factors: non-negative integers (samples, factors), at least two.
        remove: how many codes are taken away.
        predictor: as in `downstream_task`.
        sizes: as in `downstream_task`.
        protocol: "locatello2019" trains on leading rows, None on random ones.
        train_fraction: share of samples that may train.
        test: (codes, factors) to test on instead of the rest.
        rng: draws the training rows.

    Returns:
        Figures by name, in [0, 1], for each number n of samples and factor f whose codes went:
        "n:reduced_factor_f:mean_test_accuracy_reduced_factor", "..._factor_i" of factor i and
        "..._non_reduced_factor", the mean over the others; over all f,
        "n:mean_test_accuracy_reduced_factor" and "n:mean_test_accuracy_other_factors". The same of
        train.

    Raises:
        TypeError: if codes are not real numbers or factors not integers.
        ValueError: if shapes do not fit, a value is not finite, or there are too few codes or
            factors.

    Reference:
        Locatello et al., "Challenging Common Assumptions in the Unsupervised Learning of
        Disentangled Representations" (2019).
    """
    parts = split(
        codes, factors, train_fraction=train_fraction, test=test, protocol=protocol, rng=rng
    )
    if not 1 <= remove < parts.train_codes.shape[1] or parts.train_factors.shape[1] < 2:
        raise ValueError(
            f"expected at least 2 factors and to remove 1 to {parts.train_codes.shape[1] - 1} "
            f"codes, got {parts.train_factors.shape[1]} and {remove}"
        )
    count = parts.train_factors.shape[1]
    figures: dict[str, float] = {}
    for size in sizes:
        if not 2 <= size <= len(parts.train_codes):
            continue
        rows = slice(size)
        own: dict[str, list[float]] = {"train": [], "test": []}
        others: dict[str, list[float]] = {"train": [], "test": []}
        for factor in range(count):
            kept = _without(parts.train_codes[rows], parts.train_factors[rows, factor], remove)
            scores = accuracies(
                parts.train_codes[rows, kept],
                parts.train_factors[rows],
                parts.test_codes[:, kept],
                parts.test_factors,
                predictor,
                protocol,
            )
            for kind, values in (("train", scores.train), ("test", scores.test)):
                prefix = f"{size}:reduced_factor_{factor}:mean_{kind}_accuracy"
                rest = float(np.delete(values, factor).mean())
                figures[f"{prefix}_reduced_factor"] = float(values[factor])
                figures[f"{prefix}_non_reduced_factor"] = rest
                figures |= {f"{prefix}_factor_{i}": float(v) for i, v in enumerate(values)}
                own[kind].append(float(values[factor]))
                others[kind].append(rest)
        for kind in ("train", "test"):
            figures[f"{size}:mean_{kind}_accuracy_reduced_factor"] = float(np.mean(own[kind]))
            figures[f"{size}:mean_{kind}_accuracy_other_factors"] = float(np.mean(others[kind]))
    if not figures:
        raise ValueError(
            f"expected a size of 2 to {len(parts.train_codes)} training samples, got {list(sizes)}"
        )
    return figures


def _without(codes: NDArray[Any], values: NDArray[Any], remove: int) -> NDArray[np.intp]:
    """Return the codes that stay, fewer by the most important ones for a factor."""
    kept = np.arange(codes.shape[1])
    for _ in range(remove):
        importances = ops.gradient_boosting(codes[:, kept], values).importances
        kept = np.delete(kept, importances.argmax())
    return kept
