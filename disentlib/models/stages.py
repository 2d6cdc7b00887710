"""Parts of a run that follow one another, each with a preparation: pretraining, then the method."""

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple


class Stage(NamedTuple):
    """A part of a run, from a step on until the next one starts.

    `training.train` prepares a stage when the model's step is its `start`, so a run that was killed
    in between prepares it again. What `prepare` makes of the same batches must be the same.
    """

    name: str
    start: int = 0
    #: Called with batches of the training data's observations before the first step.
    prepare: Callable[[Iterable[Any]], None] | None = None
