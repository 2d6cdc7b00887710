"""A finished or running training run, from Python. Reads JSON and Keras files, never gin."""

import os
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from disentlib import files, models
from disentlib.data import GroundTruthData, from_config
from disentlib.training import directory


class Run:
    """What `disentlib train` left, or is leaving, in a directory.

    Args:
        path: the run directory.

    Raises:
        FileNotFoundError: if the directory holds no run.
    """

    def __init__(self, path: str | os.PathLike):
        self.path = Path(path).expanduser()
        if not (self.path / directory.SETTINGS).is_file():
            raise FileNotFoundError(
                f"expected a run directory with {directory.SETTINGS}, found none at {self.path}: "
                "make one with `disentlib train --run_dir`"
            )

    def __repr__(self) -> str:
        return f"Run({str(self.path)!r})"

    @property
    def settings(self) -> dict[str, Any]:
        """Configuration, steps and environment, as in run.json."""
        return files.read_json(self.path / directory.SETTINGS)

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
        """The figures of the finished run; None while it runs."""
        return self._json(directory.METRICS)

    @property
    def scores(self) -> dict[str, Any] | None:
        """What `disentlib evaluate` wrote; None before."""
        return self._json(directory.SCORES)

    @cached_property
    def data(self) -> GroundTruthData:
        """The data set that the model trains on."""
        return from_config(self.settings["configuration"]["data"])

    @cached_property
    def model(self) -> models.VAE:
        """The model at its last checkpoint.

        Raises:
            FileNotFoundError: before the first checkpoint.
        """
        return models.load(self.path / directory.MODEL)

    def encode(self, images: np.ndarray, *, batch_size: int = 256) -> tuple[np.ndarray, np.ndarray]:
        """Return mean and logvar (n, latents) of images (n, h, w, c), uint8 or float in [0, 1]."""
        batches = [
            self.model.encode(images[start : start + batch_size])
            for start in range(0, len(images), batch_size)
        ]
        mean, logvar = zip(*batches, strict=True)
        return np.concatenate(mean), np.concatenate(logvar)

    def _json(self, name: str) -> dict[str, Any] | None:
        path = self.path / name
        return files.read_json(path) if path.exists() else None
