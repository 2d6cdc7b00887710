"""Inputs of criteria that compare models: codes of the same images, and cross scores."""

import os
import zipfile
import zlib
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from disentlib.metrics.selection.model_centrality import cross_score
from disentlib.studies.scoring import CODES
from disentlib.studies.storage import Storage
from disentlib.training.run import Run
from disentlib.visualization.posteriors import kl_per_latent

GROUPS = 80  # of generated images, each with one latent held
BATCH = 12  # images in a group


class Codes(NamedTuple):
    """By job: mean codes (images, latents), and their divergences from the prior (latents,).

    Codes of conditional priors, and those stored before priors could be chosen, are compared with
    N(0, I): the condition of each image is not stored.
    """

    mean: dict[int, NDArray[np.float32]]
    kl: dict[int, NDArray[np.float64]]


def codes(study: str | os.PathLike[str]) -> Codes:
    """Return the codes of all finished jobs, of the same images for jobs on the same data.

    Raises:
        ValueError: if a file of codes is damaged; the message names it.
    """
    storage = Storage(study)
    codes_by_job = Codes({}, {})
    for number in sorted(storage.done()):
        path = storage.folder(number) / CODES
        if path.exists():
            try:
                with path.open("rb") as file, np.load(file) as arrays:
                    mean, logvar = arrays["mean"], arrays["logvar"]
                    kl = arrays["kl"] if "kl" in arrays else kl_per_latent(mean, logvar)
            except (
                ValueError,
                TypeError,
                KeyError,
                EOFError,
                zipfile.BadZipFile,
                zlib.error,
            ) as error:
                raise ValueError(
                    f"expected arrays mean and logvar in {path} ({error}): delete it to go on "
                    "without its job"
                ) from error
            codes_by_job.mean[number], codes_by_job.kl[number] = mean, kl
    return codes_by_job


def cross_scores(study: str | os.PathLike[str], *, rng: int = 0) -> Any:
    """Return how well each model's encoder disentangles what each other model generates.

    Every model draws codes from its prior in groups that hold one active latent, decodes them, and
    all models of its data set encode them: (models of a data set)^2 passes over some images.

    Args:
        study: the directory of a study on a local disk.
        rng: draws the codes.

    Returns:
        A data frame of jobs by jobs, as `analysis.with_model_centrality` takes it; NaN for models
        of different data sets.
    """
    import pandas as pd

    storage = Storage(study)
    numbers = sorted(storage.done())
    sets: dict[str, list[int]] = {}
    for number in numbers:
        sets.setdefault(storage.result(number)["dataset"], []).append(number)
    divergences = codes(study).kl
    table = pd.DataFrame(np.nan, index=numbers, columns=numbers)
    for jobs in sets.values():
        runs = {job: Run(os.fspath(storage.folder(job))) for job in jobs}
        for generator in jobs:
            held, images = _generate(runs[generator], divergences[generator], rng)
            for encoder in jobs:
                mean, _ = runs[encoder].encode(images)
                grouped = mean.reshape(len(held), BATCH, -1)
                table.loc[encoder, generator] = cross_score(grouped, held)
    return table


def _generate(
    run: Run, kl: Sequence[float] | NDArray[np.float64], rng: int
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Return which latent each group holds, and the images of all groups."""
    kl = np.asarray(kl)
    active = np.flatnonzero(kl > 0.01)
    active = active if len(active) else np.arange(len(kl))
    random = np.random.default_rng(rng)
    held = active[np.arange(GROUPS) % len(active)]
    prior = run.model.prior
    if prior.conditional:
        raise ValueError(
            f"expected models whose prior needs no condition, {run.path} has a "
            f"{type(prior).__name__} prior: the condition of generated images would be arbitrary"
        )
    key = random.integers(2**31, size=2)
    drawn = np.array(prior.draw(GROUPS * BATCH, key)).reshape(GROUPS, BATCH, len(kl))
    rows = np.arange(GROUPS)
    drawn[rows, :, held] = drawn[rows, :1, held]
    flat = drawn.reshape(GROUPS * BATCH, -1).astype(np.float32)
    return held, np.asarray(run.model.decode(flat).mean(), np.float32)
