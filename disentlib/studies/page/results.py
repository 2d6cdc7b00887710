"""What the sections of a study's page share: its results, maps, tables, and forms of numbers."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from disentlib.studies.stability import Stability
from disentlib.visualization import pages, study_plots
from disentlib.visualization.pages import Drawing, Numbers, Table

LISTED = 12  # missing scores that are named
HEADLINES = 12  # scores that a figure shows; the files have all
NORMAL_QUANTILE = 1.96  # of 97.5 %: two-sided 5 % of a normal distribution
UNFOLDED = 16  # the most rows of a table that is not folded


class Results(NamedTuple):
    """The results of a results, which every section is written from."""

    table: pd.DataFrame  # clean
    wide: pd.DataFrame  # of `codes`
    codes: str
    look: dict[str, study_plots.Style]
    scores: list[str]
    given: pd.DataFrame  # as read
    failed: Mapping[str, str]  # errors by job
    stability: Sequence[Stability] = ()  # where it was measured

    @property
    def datasets(self) -> list[str]:
        """The data sets, in order."""
        return sorted(self.table["dataset"].unique())


def headlines(results: Results) -> list[str]:
    """Return the scores that figures show."""
    return results.scores[:HEADLINES]


def unshown(results: Results) -> list[str]:
    """Return a sentence that names the scores that figures leave out, if there are any."""
    names = results.scores[HEADLINES:]
    if not names:
        return []
    return [f"The figures show {HEADLINES} scores; the files have {', '.join(names)} as well."]


def head(part: pd.DataFrame) -> pd.DataFrame:
    """Return the rows that a table shows."""
    return part.head(HEADLINES)


def maps(results: Results, correlations: pd.DataFrame, name: str) -> Iterator[Drawing]:
    """Draw one map of rank correlations a data set."""
    for dataset, part in correlations.groupby("dataset"):
        matrix = part.pivot(index="score", columns="other", values="rho")
        for axis, labels in ((0, matrix.index), (1, matrix.columns)):
            shown = [label for label in labels if label not in results.scores]
            shown += [label for label in headlines(results) if label in labels]
            matrix = matrix.reindex(shown, axis=axis)
        bases = {column.partition(".")[0] for column in matrix.columns}
        if len(bases) == 1:  # leave out a prefix that all share, as "downstream_task."
            matrix.columns = matrix.columns.str.partition(".").get_level_values(2)
        if matrix.notna().any(axis=None):
            yield one_map(matrix, str(dataset), f"{name} {dataset}", part, "models")


def one_map(matrix: pd.DataFrame, title: str, name: str, table: pd.DataFrame, unit: str) -> Drawing:
    """Draw one map of rank correlations."""
    return pages.drawing(
        study_plots.correlations(
            matrix.to_numpy(), rows=[*map(str, matrix.index)], columns=[*map(str, matrix.columns)]
        ),
        title=title,
        alt=f"Rank correlations: {title}",
        caption=f"{span(table['n'])} {unit}.",
        table=csv(name, table),
    )


def noise(results: Results, what: str) -> str:
    """Return a sentence on the size of rank correlations that chance alone explains."""
    n = results.wide.groupby(level="dataset").size()
    bound = NORMAL_QUANTILE / np.sqrt(max(2, int(n.min())) - 1)
    return (
        f"With {span(n)} models a data set, correlations of an uninformative {what} stay within "
        f"±{100 * min(1.0, bound):.0f} nineteen times of twenty."
    )


def lines_by_method(table: pd.DataFrame) -> dict[str, np.ndarray]:
    """Return rank, mean and standard error by method."""
    error = table["sd"] / np.sqrt(table["n"])
    rows = table.assign(error=error).sort_values("rank")
    return {
        str(model): part[["rank", "mean", "error"]].to_numpy()
        for model, part in rows.groupby("model")
    }


def flat(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table whose columns of several levels are joined to one level."""
    joined = table.copy()
    joined.columns = pd.Index([" ".join(map(str, column)) for column in joined.columns])
    return joined.reset_index()


def table_of(caption: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Numbers:
    """Return a table of the page, folded where it is long."""
    if len(rows) <= UNFOLDED:
        return Numbers(caption, columns, rows)
    return Numbers(f"{caption}, {len(rows)} rows", columns, rows, folded=True)


def csv(name: str, table: pd.DataFrame) -> Table:
    """Return the numbers behind a figure as a file of the page."""
    safe = "".join(letter if letter.isalnum() or letter in "-." else "_" for letter in name)
    return Table(f"{safe}.csv", table.to_csv(index=False, float_format="%.6g"))


def count(n: int, what: str) -> str:
    """Return "1 row" or "3 rows"."""
    return f"{n:,} {what}" + ("" if n == 1 else "s")


def span(values: Any) -> str:
    """Return "3 to 5", the range of integers, or "3" where all are the same."""
    low, high = int(min(values)), int(max(values))
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"


def duration(seconds: float) -> str:
    """Return a duration in the unit that suits it."""
    units = (("years", 365.25 * 86400), ("days", 86400.0), ("hours", 3600.0), ("minutes", 60.0))
    for unit, size in units:
        if seconds >= 1.5 * size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds:.0f} s"
