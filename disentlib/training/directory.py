"""The files of a run directory, each written whole or not at all."""

import contextlib
import reprlib
from collections.abc import Mapping
from pathlib import Path

from disentlib import files

SETTINGS = "run.json"  # configuration, versions, environment
OPERATIVE = "operative.gin"  # what gin bound, where gin files started the run
MODEL = "model.keras"  # the last checkpoint: weights, optimizers, step
HISTORY = "history.csv"  # a row a log interval: step, loss, terms
TENSORBOARD = "tensorboard"  # the same curves for TensorBoard
METRICS = "metrics.json"  # the figures of the finished run
SCORES = "scores.json"  # made by `disentlib evaluate`


def read_history(path: Path) -> dict[str, list[float]]:
    """Return the columns of a history file; an incomplete last line does not count.

    Raises:
        ValueError: if a line is damaged; the message names file and line.
    """
    if not path.exists():
        return {}
    try:
        # A killed process may leave a last line without its end.
        lines = path.read_text(encoding="utf-8").split("\n")[:-1]
    except UnicodeDecodeError as error:
        raise ValueError(f"expected a history in {path}: {error}") from error
    if not lines:
        return {}
    names = lines[0].split(",")
    if names[0] != "step" or len({*names}) < len(names):
        raise ValueError(
            f"expected the names step, loss, ... in line 1 of {path}, got {reprlib.repr(lines[0])}"
        )
    rows: list[list[float]] = []
    for number, line in enumerate(lines[1:], 2):
        try:
            row = [float(cell) for cell in line.split(",")]
        except ValueError:
            row = []
        step = rows[-1][0] if rows else 0
        if len(row) != len(names) or not row[0].is_integer() or row[0] <= step:
            raise ValueError(
                f"expected {len(names)} numbers, the first a step after {step:g}, in line {number} "
                f"of {path}, got {reprlib.repr(line)}: delete the line to go on without it"
            )
        rows.append(row)
    return {name: [row[column] for row in rows] for column, name in enumerate(names)}


def truncate_history(path: Path, step: int) -> None:
    """Drop the rows after `step`.

    Raises:
        ValueError: if a line is damaged; the message names file and line.
    """
    history = read_history(path)
    if not history:
        path.unlink(missing_ok=True)
        return
    rows = [row for row in zip(*history.values(), strict=True) if row[0] <= step]
    lines = [",".join(history), *(",".join(map(format_number, row)) for row in rows)]
    files.write(path, "\n".join(lines) + "\n")


def append_history(path: Path, row: Mapping[str, float]) -> None:
    """Append one row; before the first, the names of the columns."""
    new = not path.exists()
    with path.open("a", encoding="utf-8") as file:
        if new:
            file.write(",".join(row) + "\n")
        file.write(",".join(map(format_number, row.values())) + "\n")


def format_number(value: float) -> str:
    """Format a number so that it reads back the same, integers without a decimal point."""
    return str(int(value)) if float(value).is_integer() else repr(float(value))


def lock(run_dir: Path) -> contextlib.AbstractContextManager[None]:
    """Lock a run directory; the lock is released when the process ends, however it ends.

    Raises:
        RuntimeError: if another process holds it.
    """
    return files.lock(run_dir / ".lock", busy=f"another process is training in {run_dir}")
