"""Scores as a table: printed, as a data frame, as JSON."""

import importlib
import io
import json
import math
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from rich.console import Group
from rich.table import Table
from rich.text import Text

from disentlib import __version__, files, screen

_FIGURES = ("value", "mean ± spread", "interval")  # right-aligned, so that decimal points align


@dataclass(frozen=True)
class ScoreRow:
    """One score of one representation, and how it was taken.

    Attributes:
        score: its name; a part of a score that has several is named after a dot.
        value: of the arrays as they were given, or of the first split.
        mean: over the repeats.
        spread: standard deviation over the repeats (ddof 1); NaN for a single one.
        low: lower end of the interval, NaN where none was asked for.
        high: upper end of the interval.
        repeats: how many there were.
        higher_is_better: False for those where lower is.
        estimator: what it was estimated with.
        bins: into how many bins the codes were discretised, where they were.
        representation: which codes: mean, sampled, or as given.
        samples: how many it was fitted on.
        test_samples: how many more it was tested on; 0 where nothing is fitted.
        protocol: whose choices were followed; None for the sound ones.
        distinct: how many different examples of a data set all samples are; None where they are
            arrays, or draws of a set that never end.
    """

    score: str
    value: float
    mean: float
    spread: float
    low: float
    high: float
    repeats: int
    higher_is_better: bool
    estimator: str
    bins: int | None
    representation: str
    samples: int
    test_samples: int
    protocol: str | None
    distinct: int | None = None


@dataclass(frozen=True)
class ScoreTable:
    """Scores in the order they were asked for.

    Iterate over it for its rows, print it, or take it elsewhere with `to_frame` and `to_json`.
    Tables add up: `evaluate(a, ...) + evaluate(b, ...)`.
    """

    rows: tuple[ScoreRow, ...]

    def __iter__(self) -> Iterator[ScoreRow]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def __add__(self, other: "ScoreTable") -> "ScoreTable":
        return ScoreTable(self.rows + other.rows)

    def value(self, score: str, representation: str | None = None) -> float:
        """Return the value of a score, of the first representation that has it unless named.

        Raises:
            KeyError: if there is no such row; the message lists the scores there are.
        """
        for row in self.rows:
            if row.score == score and representation in (None, row.representation):
                return row.value
        known = ", ".join(sorted({row.score for row in self.rows}))
        raise KeyError(f"expected a score among {known}, got {score!r} of {representation!r} codes")

    def to_frame(self) -> Any:
        """Return a pandas data frame, one row a score.

        Raises:
            ImportError: if pandas is not installed.
        """
        try:
            pandas = importlib.import_module("pandas")
        except ImportError:
            raise ImportError(
                "expected pandas for a data frame: pip install 'disentlib[tables]'"
            ) from None
        return pandas.DataFrame([asdict(row) for row in self.rows])

    def to_json(self, path: str | os.PathLike[str] | None = None) -> str:
        """Return the table as JSON, and write it to `path`, all or nothing, if one is given.

        NaN and infinities become null: JSON has none.
        """
        rows = [
            {name: _json_number(value) for name, value in asdict(row).items()} for row in self.rows
        ]
        text = json.dumps({"disentlib": __version__, "scores": rows}, indent=1, allow_nan=False)
        if path is not None:
            files.write(path, text + "\n")
        return text

    def __rich__(self) -> Group:
        table = Table(box=None, pad_edge=False, header_style="bold")
        headings, rows = self._cells()
        for heading in headings:
            table.add_column(
                heading,
                justify="right" if heading in _FIGURES else "left",
                no_wrap=heading != "estimated with",
            )
        for cells in rows:
            table.add_row(*(Text(screen.safe(cell)) for cell in cells))
        return Group(table, Text(self._caption(), style="dim"))

    def __str__(self) -> str:
        out = io.StringIO()
        screen.Console(file=out, width=100, color_system=None).print(self)
        return out.getvalue().rstrip("\n")

    def _repr_html_(self) -> str:
        """Return what a notebook shows."""
        headings, rows = self._cells()
        lines = [screen.html_row(headings, "th")]
        lines += [screen.html_row(cells) for cells in rows]
        return screen.html_table(lines, self._caption())

    def _cells(self) -> tuple[list[str], list[list[str]]]:
        """Return the headings that these rows need, and each row's cells."""
        several = len({row.representation for row in self.rows}) > 1
        spread = any(row.repeats > 1 for row in self.rows)
        interval = any(not math.isnan(row.low) for row in self.rows)
        shown = {
            "score": True,
            "codes": several,
            "value": True,
            "mean ± spread": spread,
            "interval": interval,
            "better": True,
            "estimated with": True,
        }
        cells = []
        said = ("", "")
        for row in self.rows:
            name = (row.score.partition(".")[0], row.estimator)
            every = {
                "score": row.score,
                "codes": row.representation,
                "value": _shown(row.value),
                "mean ± spread": f"{_shown(row.mean)} ± {_shown(row.spread)}",
                "interval": f"{_shown(row.low)} .. {_shown(row.high)}",
                "better": "higher" if row.higher_is_better else "lower",
                # Shown once for neighbouring figures of one score with the same estimator.
                "estimated with": row.estimator if name != said else "",
            }
            said = name
            cells.append([every[heading] for heading, kept in shown.items() if kept])
        return [heading for heading, kept in shown.items() if kept], cells

    def _caption(self) -> str:
        if not self.rows:
            return "no scores"
        samples = sorted({row.samples for row in self.rows})
        tested = sorted({row.test_samples for row in self.rows} - {0})
        parts = ["codes: " + ", ".join(dict.fromkeys(row.representation for row in self.rows))]
        parts.append(" or ".join(f"{n:,}" for n in samples) + " samples")
        if tested:
            parts.append(" or ".join(f"{n:,}" for n in tested) + " more to test")
        distinct = sorted({row.distinct for row in self.rows if row.distinct is not None})
        if distinct:
            parts.append(" or ".join(f"{n:,}" for n in distinct) + " distinct rows")
        parts.append(f"protocol: {self.rows[0].protocol or 'default'}")
        return "; ".join(parts)


def _shown(value: float) -> str:
    return f"{value:.4f}" if abs(value) < 1000 else f"{value:.4g}"


def _json_number(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value
