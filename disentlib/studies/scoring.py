"""Measures a trained model: training's own figures, scores, downstream tasks."""

import warnings
from collections.abc import Sequence

import numpy as np

from disentlib import files, metrics
from disentlib.data import GroundTruthData
from disentlib.metrics import protocol as protocols
from disentlib.metrics.downstream.downstream_task import Predictor
from disentlib.metrics.protocol import EncodedSamples, Protocol
from disentlib.studies.engine import Figure
from disentlib.training.directory import SCORES
from disentlib.training.run import Run
from disentlib.visualization.posteriors import kl_per_latent

PREDICTORS: dict[str, Predictor] = {
    "downstream_task": "gradient_boosting",
    "downstream_task.logistic_regression": "logistic_regression",
}
SCORING_SEED = 0  # the same samples for every model of a data set
CODES = "codes.npz"  # of the same images for every model: what UDR compares
CODED_IMAGES = 1000


def score_run(
    run: Run,
    scores: Sequence[str],
    representations: Sequence[str],
    *,
    samples: int = 10_000,
    test_samples: int = 5_000,
    protocol: Protocol | None = None,
) -> list[Figure]:
    """Return (representation, score, value) of every figure of a finished run.

    The figures of training are the model's, and are repeated for every representation.

    Args:
        run: the run.
        scores: as in `Study`.
        representations: of "mean" and "sampled".
        samples: how many scores are fitted on.
        test_samples: how many more they are tested on.
        protocol: as in `metrics.evaluate`.

    Raises:
        ValueError: if the run is not finished, or a score is unknown.
    """
    if run.metrics is None:
        raise ValueError(f"expected a finished run, {run.path} has no figures yet")
    figures = dict(run.metrics["evaluation"])
    if {"reconstruction", "kl"} <= figures.keys():
        figures["elbo"] = -(figures["reconstruction"] + figures["kl"])
    rows: list[Figure] = [
        (representation, name, float(value))
        for representation in representations
        for name, value in figures.items()
    ]
    data = run.data.evaluation
    coded = protocols.encode_samples(
        data, run.encode, CODED_IMAGES, rng=protocols.generator(SCORING_SEED)
    )
    assert coded.logvar is not None  # models of ours encode distributions
    prior = run.model.prior
    kl = kl_per_latent(coded.mean, coded.logvar, prior=None if prior.conditional else prior)
    with files.replacing(run.path / CODES) as partial:
        np.savez(partial, mean=coded.mean, logvar=coded.logvar, kl=kl)
    tasks = {*PREDICTORS, "fairness"}
    table = metrics.evaluate_encoder(
        data,
        run.encode,
        metrics=[score for score in scores if score not in tasks],
        samples=samples,
        test_samples=test_samples,
        protocol=protocol,
        rng=SCORING_SEED,
    )
    table.to_json(run.path / SCORES)
    rows += [
        (row.representation, row.score, row.value)
        for row in table
        if row.representation in representations
    ]
    chosen = [name for name in scores if name in tasks and _is_applicable(name, data)]
    if chosen:
        rows += _downstream(run, chosen, representations, samples, test_samples, protocol)
    return rows


def _is_applicable(name: str, data: GroundTruthData) -> bool:
    """Return whether a task can be set on the factors of a data set; warn if not."""
    if all(data.factor_sizes) and (name != "fairness" or data.has_full_grid):
        return True
    needed = "a full grid of discrete factors" if name == "fairness" else "discrete factors"
    warnings.warn(
        f"{name} is left out: it needs {needed}, which {data.name} has not",
        metrics.LeftOutWarning,
        stacklevel=3,
    )
    return False


def _downstream(
    run: Run,
    scores: Sequence[str],
    representations: Sequence[str],
    samples: int,
    test_samples: int,
    protocol: Protocol | None,
) -> list[Figure]:
    data = run.data.evaluation
    random = protocols.generator(SCORING_SEED, protocol)
    train, test = protocols.encode_parts(
        data, run.encode, (samples, test_samples), rng=random, protocol=protocol
    )
    rows: list[Figure] = []
    for representation in representations:

        def codes(part: EncodedSamples, *, sampled: bool = representation == "sampled"):
            return part.sampled(random) if sampled else part.mean

        training_set = (codes(train), train.factors)
        for name in scores:
            if name == "fairness":
                grid = metrics.CodeTable(data, run.encode, rng=SCORING_SEED)
                figures = metrics.fairness(
                    grid,
                    sampled=representation == "sampled",
                    samples=samples,
                    rng=SCORING_SEED,
                )
                # Keep the statistics over pairs of factors, not the value of each pair.
                kept = {key: v for key, v in figures.items() if not any(map(str.isdigit, key))}
            else:
                figures = metrics.downstream_task(
                    *training_set,
                    predictor=PREDICTORS[name],
                    test=(codes(test), test.factors),
                    protocol=protocol,
                    rng=SCORING_SEED,
                )
                kept = {
                    key: value
                    for key, value in figures.items()
                    if key.endswith("mean_test_accuracy") or key.startswith("efficiency")
                }
            rows += [(representation, f"{name}.{key}", value) for key, value in kept.items()]
    return rows
