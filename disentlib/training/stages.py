"""A run's stages: which are ahead, and what each is prepared with."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from disentlib import named
from disentlib.data import GroundTruthData
from disentlib.models import Method, Stage

BATCH = 256
MOST = 100_000  # observations that a stage is prepared with


def ahead(model: Method, steps: int) -> Iterator[tuple[Stage, int]]:
    """Yield each stage that is not over, with the step at which it ends.

    Raises:
        ValueError: if a stage does not start at an update of the method.
    """
    ends = [*(stage.start for stage in model.stages[1:]), steps]
    for stage, end in zip(model.stages, ends, strict=True):
        if stage.start % model.steps_per_update:
            raise ValueError(
                f"expected {stage.name} to start at a multiple of {model.steps_per_update}, which "
                f"is what an update counts for, got {stage.start}"
            )
        if int(model.step) < min(end, steps):
            yield stage, min(end, steps)


def prepare(model: Method, stage: Stage, data_set: GroundTruthData, seed: int) -> None:
    """Prepare a stage at its first step, with observations of the training data.

    At most 100,000 of them: all examples of a set that has no more, else examples that are drawn.
    A checkpoint of that step was written before the preparation, so a killed run repeats it.
    """
    if stage.prepare and int(model.step) == stage.start:
        stage.prepare(observations(data_set, seed))


def observations(data_set: GroundTruthData, seed: int) -> Iterator[Any]:
    """Yield observations of a data set as networks see them, in batches."""
    count = data_set.examples
    if count is not None and count <= MOST:
        rows = np.arange(count)
        for start in range(0, count, BATCH):
            _, x = data_set.take(rows[start : start + BATCH], seed)
            yield named.each(data_set.as_input, x)
    else:
        random = np.random.default_rng(seed)
        for start in range(0, MOST, BATCH):
            _, x = data_set.sample(min(BATCH, MOST - start), random)
            yield named.each(data_set.as_input, x)


def index(stages: Sequence[Stage], step: int) -> int:
    """Return the number of the stage that the step before `step` belonged to."""
    return sum(stage.start < step for stage in stages) - 1
