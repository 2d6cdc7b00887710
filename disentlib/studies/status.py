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
    """The state of a study's jobs.

    Attributes:
        study: its name.
        jobs: the jobs that are counted, by number.
        done: the numbers of complete jobs.
        running: host, process and start of the running ones, by number.
        failed: last errors by number. A job that is tried again is among the running, too.
    """

    study: str
    jobs: Mapping[int, Job]
    done: frozenset[int]
    running: Mapping[int, Mapping[str, Any]]
    failed: Mapping[int, str]

    @property
    def left(self) -> int:
        """How many jobs were not begun, or were interrupted."""
        return len(self.jobs.keys() - self.done - self.running.keys() - self.failed.keys())

    @property
    def by_model(self) -> list[tuple[str, str, int, int]]:
        """(data set, model, done, of), in the order of the grid."""
        total = Counter((job.dataset, job.model) for job in self.jobs.values())
        chosen = (self.jobs[number] for number in self.done)
        done = Counter((job.dataset, job.model) for job in chosen)
        return [(*pair, done[pair], count) for pair, count in total.items()]

    def to_dict(self) -> dict[str, Any]:
        """Return the counts and errors, for JSON."""
        return {
            "study": self.study,
            "jobs": len(self.jobs),
            "done": len(self.done),
            "running": {str(number): dict(note) for number, note in self.running.items()},
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
    unfinished = chosen.keys() - done
    return Status(
        study=study.name,
        jobs=chosen,
        done=done,
        running={
            number: note for number, note in storage.running().items() if number in unfinished
        },
        failed={
            number: error for number, error in storage.failures().items() if number in unfinished
        },
    )
