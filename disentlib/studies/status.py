"""How far a study is: which of its jobs are done, running, failed and left."""

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from disentlib.studies.grid import Job
from disentlib.studies.storage import Storage


@dataclass(frozen=True)
class Status:
    """A look at a study's directory.

    Attributes:
        study: its name.
        jobs: those that were asked about, by number.
        done: numbers of the complete ones.
        running: of the others, who works on them.
        failed: last errors by number. One that is tried again is among the running, too.
    """

    study: str
    jobs: Mapping[int, Job]
    done: frozenset[int]
    running: Mapping[int, Mapping[str, Any]]
    failed: Mapping[int, str]

    @property
    def left(self) -> int:
        """Jobs that nobody has begun, or that were interrupted."""
        return len(self.jobs.keys() - self.done - self.running.keys() - self.failed.keys())

    @property
    def by_model(self) -> list[tuple[str, str, int, int]]:
        """(data set, model, done, of), in the order of the grid."""
        of = Counter((job.dataset, job.model) for job in self.jobs.values())
        done = Counter((self.jobs[one].dataset, self.jobs[one].model) for one in self.done)
        return [(*pair, done[pair], count) for pair, count in of.items()]

    def to_dict(self) -> dict[str, Any]:
        """Return the counts and errors, for JSON."""
        return {
            "study": self.study,
            "jobs": len(self.jobs),
            "done": len(self.done),
            "running": {str(number): dict(who) for number, who in self.running.items()},
            "failed": {str(number): error for number, error in self.failed.items()},
            "left": self.left,
        }


def status(path: str | os.PathLike[str], jobs: Sequence[Job] | None = None) -> Status:
    """Return how far the study in a directory is.

    Args:
        path: the directory.
        jobs: the ones to count; all by default.

    Raises:
        FileNotFoundError: if the directory holds no study.
    """
    storage = Storage(path)
    study = storage.study()
    chosen = {job.number: job for job in (study.jobs() if jobs is None else jobs)}
    done = frozenset(storage.done() & chosen.keys())
    open_ = chosen.keys() - done
    return Status(
        study=study.name,
        jobs=chosen,
        done=done,
        running={number: who for number, who in storage.running().items() if number in open_},
        failed={number: error for number, error in storage.failures().items() if number in open_},
    )
