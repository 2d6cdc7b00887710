"""The files of a run directory, each written whole or not at all."""

import contextlib
import csv
import fcntl
import json
import os
import platform
import reprlib
import sys
from collections.abc import Iterator, Mapping, Sequence
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


def write_json(path: Path, content: Any) -> None:
    """Replace a JSON file at once."""
    files.write(path, json.dumps(content, indent=2) + "\n")


def read_json(path: Path) -> Any:
    """Return a JSON file's content.

    Raises:
        ValueError: if the file is not JSON; the message names it.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"expected JSON in {path}: {error}") from error


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


@contextlib.contextmanager
def lock(directory: Path) -> Iterator[None]:
    """Hold a run directory; the lock falls with the process, however it ends.

    Raises:
        RuntimeError: if another process holds it.
    """
    with (directory / ".lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise RuntimeError(f"another process is training in {directory}") from None
        yield


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


def differences(old: Any, new: Any, path: Sequence[str] = ()) -> list[str]:
    """Return the places where two JSON values differ, as "a.b: 1 before, 2 now"."""
    if isinstance(old, dict) and isinstance(new, dict):
        return [
            line
            for key in sorted({*old, *new})
            for line in differences(old.get(key), new.get(key), [*path, key])
        ]
    if isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        return [
            line
            for number, (a, b) in enumerate(zip(old, new, strict=True))
            for line in differences(a, b, [*path, str(number)])
        ]
    if old == new:
        return []
    return [f"{'.'.join(path)}: {reprlib.repr(old)} before, {reprlib.repr(new)} now"]
