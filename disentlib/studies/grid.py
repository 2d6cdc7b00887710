"""A study: a grid of data x model x hyperparameter x seed, and the jobs it expands to."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import product
from typing import Any, Literal

REPRESENTATIONS = ("mean", "sampled")


@dataclass(frozen=True)
class Job:
    """One model to train and score.

    Attributes:
        number: its position in the grid, from 0.
        study: the name of the study.
        dataset: what the study calls the data.
        model: what the study calls the method.
        hyperparameter: the name of the weight that is swept.
        strength: its value here.
        seed: of weights, data and noise.
        files: the configuration files of the run, later ones win.
        parameters: values that override the files, by name.
    """

    number: int
    study: str
    dataset: str
    model: str
    hyperparameter: str
    strength: float
    seed: int
    files: tuple[str, ...] = field(repr=False)
    parameters: dict[str, Any] = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Study:
    """A grid of models, and the scores of each.

    Jobs are numbered by data set, then method, then strength, then seed, the last varying fastest:
    number = ((dataset * configurations) + configuration) * seeds + seed.

    Args:
        name: what the results call it.
        data: by name, a configuration file, or a file and a mapping of values that override it.
        models: by name, a configuration file, the swept value's name in it and the values, and
            perhaps a mapping of further values.
        seeds: how many, from 0.
        files: further configuration files of every run.
        parameters: values that override the files, by name.
        scores: names of scores, as in `metrics.SCORES`; "downstream_task", with boosted trees,
            "downstream_task.logistic_regression"; "fairness".
        representations: which codes are scored, of "mean" and "sampled".
        samples: how many scores are fitted on.
        test_samples: how many more they are tested on.
        protocol: "locatello2019" for the reference's choices, None for the sound ones.
        cpus: processors of a job; its TensorFlow runs as many threads.
        gpus: accelerators of a job, such as 0.25.

    Raises:
        ValueError: if an axis is empty, or a part of it is not as described.

    >>> study = Study(
    ...     name="two",
    ...     data={"mini": "data/mini_sprites.gin"},
    ...     models={"beta_vae": ("models/beta_vae.gin", "BETA", (1.0, 4.0))},
    ...     seeds=3,
    ... )
    >>> [(job.number, job.strength, job.seed) for job in study.jobs()][-2:]
    [(4, 4.0, 1), (5, 4.0, 2)]
    """

    name: str
    data: Mapping[str, Any]
    models: Mapping[str, Any]
    seeds: int
    files: Sequence[str] = ("runs/train.gin",)
    parameters: Mapping[str, Any] = field(default_factory=dict)
    scores: Sequence[str] = ("mig", "dci", "modularity", "sap")
    representations: Sequence[str] = REPRESENTATIONS
    samples: int = 10_000
    test_samples: int = 5_000
    protocol: Literal["locatello2019"] | None = None
    cpus: float = 1
    gpus: float = 0

    def __post_init__(self) -> None:
        if not (self.data and self.models and self.scores and self.representations):
            raise ValueError("expected at least one data set, model, score and representation")
        if self.seeds < 1:
            raise ValueError(f"expected at least 1 seed, got {self.seeds}")
        if unknown := set(self.representations) - set(REPRESENTATIONS):
            raise ValueError(f"expected representations of {REPRESENTATIONS}, got {unknown}")
        if self.cpus <= 0 or self.gpus < 0:
            raise ValueError(f"expected cpus > 0 and gpus >= 0, got {self.cpus} and {self.gpus}")
        for name, entry in self.data.items():
            _data(name, entry)
        for name, entry in self.models.items():
            _model(name, entry)

    def __len__(self) -> int:
        strengths = sum(len(_model(*item)[2]) for item in self.models.items())
        return len(self.data) * strengths * self.seeds

    def jobs(self) -> list[Job]:
        """Return all jobs in order."""
        configurations = [
            (model, file, knob, strength, values)
            for model, entry in self.models.items()
            for file, knob, strengths, values in [_model(model, entry)]
            for strength in strengths
        ]
        jobs: list[Job] = []
        for (dataset, entry), configuration, seed in product(
            self.data.items(), configurations, range(self.seeds)
        ):
            data_file, data_values = _data(dataset, entry)
            model, model_file, knob, strength, model_values = configuration
            jobs.append(
                Job(
                    number=len(jobs),
                    study=self.name,
                    dataset=dataset,
                    model=model,
                    hyperparameter=knob.rpartition(".")[2].lower(),
                    strength=float(strength),
                    seed=seed,
                    files=(data_file, model_file, *self.files),
                    parameters={
                        **self.parameters,
                        **data_values,
                        **model_values,
                        knob: strength,
                        "SEED": seed,
                    },
                )
            )
        return jobs

    def to_dict(self) -> dict[str, Any]:
        """Return the arguments, for JSON; `Study(**arguments)` is the same study."""
        return asdict(self)


def _data(name: str, entry: Any) -> tuple[str, dict[str, Any]]:
    match entry:
        case str():
            return entry, {}
        case [str() as file]:
            return file, {}
        case [str() as file, Mapping() as values]:
            return file, dict(values)
    raise ValueError(f"expected a file, or (file, {{name: value}}), for data {name!r}, got {entry}")


def _model(name: str, entry: Any) -> tuple[str, str, Sequence[float], dict[str, Any]]:
    match entry:
        case [str() as file, str() as knob, [_, *_] as strengths]:
            return file, knob, strengths, {}
        case [str() as file, str() as knob, [_, *_] as strengths, Mapping() as values]:
            return file, knob, strengths, dict(values)
    raise ValueError(
        "expected (file, name of the swept value, values), and perhaps {name: value}, "
        f"for model {name!r}, got {entry}"
    )
