"""What a job of a study does: train a model as its configuration files say, then score it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from disentlib.studies.grid import Job, Study

Trainer = Callable[..., Any]


@dataclass(frozen=True)
class TrainAndScore:
    """Trains and scores the model of a job; a `Runner`.

    Args:
        study: what is measured, and how.
        text: yields the lines that a configuration file says, of the files it includes, too.
        trainer: returns `training.train` with what the files and the values that override them
            bind of its arguments. Both functions are sent to workers, so they must be picklable.
    """

    study: Study
    text: Callable[[str], Iterable[str]]
    trainer: Callable[[Sequence[str], Mapping[str, Any]], Trainer]

    def configuration(self, job: Job) -> dict[str, Any]:
        """Return the text of the job's files, what overrides them, and what is measured."""
        study = self.study
        return {
            "gin": [line for file in job.files for line in self.text(file)],
            "parameters": job.parameters,
            "scores": list(study.scores),
            "representations": list(study.representations),
            "samples": study.samples,
            "test_samples": study.test_samples,
            "protocol": study.protocol,
        }

    def __call__(self, job: Job, folder: Path) -> list[tuple[str, str, float]]:
        """Train where an earlier attempt stopped, and score."""
        import keras

        from disentlib import training
        from disentlib.studies.scoring import score_run

        keras.backend.clear_session()  # the job before, in the same worker
        self.trainer(job.files, job.parameters)(run_dir=folder, quiet=True)
        return score_run(
            training.Run(folder),
            self.study.scores,
            self.study.representations,
            samples=self.study.samples,
            test_samples=self.study.test_samples,
            protocol=self.study.protocol,
        )
