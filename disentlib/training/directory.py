"""The files of a run directory, each written whole or not at all."""

import contextlib
import csv
import os
import platform
import sys
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

from disentlib import files

SETTINGS = "run.json"  # configuration, versions, environment
OPERATIVE = "operative.gin"  # what gin bound, where gin files started the run
MODEL = "model.keras"  # the last checkpoint: weights, optimizers, step
HISTORY = "history.csv"  # a row a log interval: step, loss, terms
TENSORBOARD = "tensorboard"  # the same curves for TensorBoard
METRICS = "metrics.json"  # the figures of the finished run
SCORES = "scores.json"  # made by `disentlib evaluate`

_PACKAGES = (
    "disentlib",
    "tensorflow",
    "keras",
    "tensorflow-probability",
    "numpy",
    "scikit-learn",
    "gin-config",
)


def read_history(path: Path) -> dict[str, list[float]]:
    """Return the columns of a history file; an incomplete last line does not count."""
    if not path.exists():
        return {}
    with path.open(newline="", encoding="utf-8") as file:
        # A killed process may leave a last line without its end.
        names, *rows = list(csv.reader(line for line in file if line.endswith("\n"))) or [[]]
    return {
        name: [float(row[column]) for row in rows if len(row) == len(names)]
        for column, name in enumerate(names)
    }


def cut_history(path: Path, step: int) -> None:
    """Drop the rows after `step`."""
    history = read_history(path)
    if not history:
        path.unlink(missing_ok=True)
        return
    rows = [row for row in zip(*history.values(), strict=True) if row[0] <= step]
    lines = [",".join(history), *(",".join(map(format_number, row)) for row in rows)]
    files.write(path, "\n".join(lines) + "\n")


def append_history(path: Path, row: Mapping[str, float]) -> None:
    """Append one row, and the names before the first."""
    new = not path.exists()
    with path.open("a", encoding="utf-8") as file:
        if new:
            file.write(",".join(row) + "\n")
        file.write(",".join(map(format_number, row.values())) + "\n")


def format_number(value: float) -> str:
    """Write a number so that it reads back the same, whole numbers without a point."""
    return str(int(value)) if float(value).is_integer() else repr(float(value))


def lock(run_dir: Path) -> contextlib.AbstractContextManager[None]:
    """Hold a run directory; the lock falls with the process, however it ends.

    Raises:
        RuntimeError: if another process holds it.
    """
    return files.lock(run_dir / ".lock", busy=f"another process is training in {run_dir}")


def environment() -> dict[str, Any]:
    """Return what the numbers may depend on: versions, machine, command."""
    versions = {}
    for package in _PACKAGES:
        with contextlib.suppress(metadata.PackageNotFoundError):
            versions[package] = metadata.version(package)
    return {
        "versions": versions,
        "python": platform.python_version(),
        "platform": platform.platform(),
        "processors": os.cpu_count(),
        "command": " ".join([Path(sys.argv[0]).name, *sys.argv[1:]]),
    }
