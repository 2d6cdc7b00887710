"""A finished or running training run, from Python. Reads JSON and Keras files, never gin."""

import json
import os
import warnings
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from disentlib import files, models, named, screen
from disentlib.data import GroundTruthData, from_config
from disentlib.data.catalog import IN_MEMORY, in_memory
from disentlib.training import directory, own_code

# What the records of a run must hold: see `files.check_keys`.
_SETTINGS: dict[str, type] = {"configuration": dict, "steps": int}
_CONFIGURATION = {"data": dict, "model": dict, "optimizer": dict}
_METRICS = {"step": int, "evaluation": dict}
_SCORES = {"scores": list}
_NUMBER = (int, float, type(None))  # None where there is none: JSON has no NaN
_SCORE: dict[str, type | tuple[type, ...]] = {
    "score": str,
    "representation": str,
    "value": _NUMBER,
    "mean": _NUMBER,
    "spread": _NUMBER,
    "low": _NUMBER,
    "high": _NUMBER,
    "repeats": int,
    "samples": int,
    "higher_is_better": bool,
    "estimator": str,
    "protocol": (str, type(None)),
}


def describe(model: models.Method) -> dict[str, Any]:
    """Return the configuration of a model and its optimizer, as it reads back from JSON."""
    optimizer = model.optimizer
    described = {
        "model": {"class": type(model).__name__, **model.get_config()},
        # Keras numbers the names of optimizers that are made in one process.
        "optimizer": optimizer and optimizer.get_config() | {"name": type(optimizer).__name__},
    }
    content: dict[str, Any] = json.loads(json.dumps(described))
    return content


def comparable(configuration: Any) -> Any:
    """Return a configuration that identifies registered classes by their names alone.

    The module of a class may have moved since an older run was written.
    """
    if isinstance(configuration, list):
        return [comparable(part) for part in configuration]
    if not isinstance(configuration, dict):
        return configuration
    left_out = {"module"} if configuration.get("registered_name") else set()
    return {key: comparable(part) for key, part in configuration.items() if key not in left_out}


def checkpoints(settings: Mapping[str, Any]) -> list[str | None]:
    """Return the digests of configurations that a run's checkpoint may have.

    They are the digest of the run and, until the next checkpoint, that of the process before; None
    stands for a checkpoint without one, as older versions wrote them.
    """
    digests: list[str | None] = settings.get(
        "checkpoints", [files.digest(settings["configuration"]), None]
    )
    return digests


def data_files(data_set: GroundTruthData) -> list[dict[str, Any]]:
    """Return path, size and digest of the files and folders behind a data set, for run.json."""
    return [{"path": str(path), **files.fingerprint(path)} for path in data_set.data_files]


def changed_files(settings: Mapping[str, Any], current: list[dict[str, Any]]) -> list[str]:
    """Return messages on the differences of `data_files` from those that a run has recorded.

    Files that only moved are the same. Runs of older versions have recorded no files.
    """
    recorded = settings.get("data_files")
    if recorded is None or [file["sha256"] for file in recorded] == [
        file["sha256"] for file in current
    ]:
        return []
    return [
        f"{now['path']} has {now['size']:,} bytes and SHA-256 {now['sha256'][:12]}..., "
        f"{then['path']} had {then['size']:,} and {then['sha256'][:12]}..."
        for then, now in zip(recorded, current, strict=False)
        if then["sha256"] != now["sha256"]
    ] or [f"{len(current)} files, {len(recorded)} before"]


class Run:
    """A finished or running training run, in the directory that `disentlib train` writes.

    Args:
        path: the run directory.
        data: the data set, of a run on arrays in memory.

    Raises:
        FileNotFoundError: if the directory holds no run.
        ValueError: if the run was trained on other data than `data`.
    """

    def __init__(self, path: str | os.PathLike, *, data: GroundTruthData | None = None):
        self.path = Path(path).expanduser()
        if not (self.path / directory.SETTINGS).is_file():
            raise FileNotFoundError(
                f"expected a run directory with {directory.SETTINGS}, found none at {self.path}: "
                "make one with `disentlib train --run_dir`"
            )
        self._data = data
        if data is not None:
            trained = self.settings["configuration"]["data"]
            given = json.loads(json.dumps(data.config()))
            if changed := files.differences(trained, given):
                raise ValueError(f"{self.path} was trained on other data: {'; '.join(changed[:3])}")

    def __repr__(self) -> str:
        return f"Run({str(self.path)!r})"

    def _repr_html_(self) -> str:
        """Return a table for notebooks: data, model, progress and scores."""
        configuration = self.settings["configuration"]
        finished = self.metrics
        facts = {
            "data": configuration["data"].get("name"),
            "model": configuration["model"].get("class"),
            "steps": f"{self.settings['steps']:,}",
            "state": "running or stopped" if finished is None else "finished",
        }
        rows = [screen.html_row(pair) for pair in facts.items()]
        for row in (self.scores or {"scores": []})["scores"]:
            value = row["value"]
            text = "-" if value is None else f"{value:.4g}"
            rows.append(screen.html_row([f"{row['score']} ({row['representation']})", text]))
        return screen.html_table(rows, f"run {self.path}")

    @property
    def settings(self) -> dict[str, Any]:
        """Configuration, digests, steps and environment, as in run.json.

        Raises:
            ValueError: if the file is damaged; the message names it.
        """
        path = self.path / directory.SETTINGS
        settings: dict[str, Any] = files.read_json(path, _SETTINGS)
        configuration = settings["configuration"]
        files.check_keys(configuration, _CONFIGURATION, path, ", configuration")
        if "checkpoints" in settings:
            files.check_keys(settings, {"checkpoints": list}, path)
        if files.digest(configuration) not in checkpoints(settings):
            raise ValueError(f"the configuration in {path} was changed after it was written")
        return settings

    @property
    def config(self) -> str:
        """The operative gin text, empty for a run that Python started."""
        path = self.path / directory.OPERATIVE
        return path.read_text(encoding="utf-8") if path.exists() else ""

    @property
    def history(self) -> dict[str, np.ndarray]:
        """The curves: step, loss and each term, one value a log interval."""
        columns = directory.read_history(self.path / directory.HISTORY)
        return {name: np.asarray(column) for name, column in columns.items()}

    @property
    def metrics(self) -> dict[str, Any] | None:
        """The figures of the finished run; None while it runs.

        Raises:
            ValueError: if the file is damaged; the message names it.
        """
        path = self.path / directory.METRICS
        if not path.exists():
            return None
        metrics: dict[str, Any] = files.read_json(path, _METRICS)
        figures = metrics["evaluation"]
        files.check_keys(figures, dict.fromkeys(figures, (int, float)), path, ", evaluation")
        return metrics

    @property
    def scores(self) -> dict[str, Any] | None:
        """The scores that `disentlib evaluate` wrote; None before.

        Raises:
            ValueError: if the file is damaged; the message names it.
        """
        path = self.path / directory.SCORES
        if not path.exists():
            return None
        scores: dict[str, Any] = files.read_json(path, _SCORES)
        for number, row in enumerate(scores["scores"]):
            files.check_keys(row, _SCORE, path, f", scores.{number}")
        return scores

    @cached_property
    def data(self) -> GroundTruthData:
        """The data set that the model trains on.

        Warns where the files behind it are not those of the training.

        Raises:
            ValueError: if it cannot be built again.
        """
        if self._data is not None:
            return self._data
        settings = self.settings
        if in_memory(settings["configuration"]["data"]):
            raise ValueError(f"{self.path} was trained on {IN_MEMORY}")
        own_code.import_modules(own_code.modules(settings["configuration"]), self.path)
        data_set = from_config(settings["configuration"]["data"])
        if changed := changed_files(settings, data_files(data_set)):
            warnings.warn(
                f"{self.path} was trained on other data: {'; '.join(changed)}", stacklevel=3
            )
        return data_set

    @cached_property
    def model(self) -> models.Method:
        """The model at its last checkpoint.

        Raises:
            FileNotFoundError: before the first checkpoint.
            ValueError: if the checkpoint is damaged, or another run's.
        """
        path, settings = self.path / directory.MODEL, self.settings
        own_code.import_modules(settings.get("imports", []), self.path)
        model = models.load(path)
        configuration = settings["configuration"]
        digest = models.configuration_of(path)
        described = describe(model)
        recorded = {key: configuration[key] for key in described}
        changed = files.differences(comparable(recorded), comparable(described))
        # A file of an older version, without a digest, is compared by the model's configuration.
        if digest not in checkpoints(settings) or (digest is None and changed):
            reason = "; ".join(changed[:3]) or "its data, seed, stream or batch size is another's"
            raise ValueError(
                f"{path} is a checkpoint of another configuration than {directory.SETTINGS} says "
                f"({reason}): put this run's own back, or choose another run directory"
            )
        return model

    def encode(
        self, images: np.ndarray, *, batch_size: int = 256
    ) -> np.ndarray | tuple[np.ndarray, np.ndarray]:
        """Return mean and logvar (n, latents) of images (n, h, w, c), uint8 or float in [0, 1].

        Codes (n, latents) alone of a method whose codes are no distribution. Or of other
        observations, {"x": ..., "u": ...} where the encoder sees a condition.
        """
        batches = [
            self.model.encode(named.rows(images, slice(start, start + batch_size)))
            for start in range(0, named.length(images), batch_size)
        ]
        if not isinstance(batches[0], tuple):
            return np.concatenate(batches)
        mean, logvar = zip(*batches, strict=True)
        return np.concatenate(mean), np.concatenate(logvar)
