"""The report of a study: one self-contained page of figures, tables and the data behind them.

Each section is a function in a file of its own: `section(results: Results) -> Section | None`.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from disentlib.studies import analysis
from disentlib.studies.page import (
    agreement,
    dependence,
    downstream,
    origin,
    runs,
    scores,
    selection,
    stability,
    strength,
    transfer,
    unsupervised,
    variance,
)
from disentlib.studies.page.results import LISTED, Results, count, duration
from disentlib.studies.stability import Stability
from disentlib.visualization import encoding, pages, study_plots
from disentlib.visualization.pages import Section

#: In the order of the page; a section without results says why, or is left out.
SECTIONS: tuple[Callable[[Results], Section | None], ...] = (
    runs.section,
    scores.section,
    agreement.section,
    strength.section,
    dependence.section,
    variance.section,
    transfer.section,
    unsupervised.section,
    selection.section,
    stability.section,
    downstream.section,
    origin.section,
)


def report(
    frame: pd.DataFrame | str | os.PathLike[str],
    path: Any,
    *,
    title: str,
    failed: Mapping[str, str] | None = None,
    stability: Sequence[Stability] = (),
) -> Path:
    """Write the page of a study's results.

    Args:
        frame: the table of results, or the Parquet or CSV file that holds it. Tables of several
            studies stand side by side: each study's data sets are named after it.
        path: of the page.
        title: at its top.
        failed: the errors of the jobs that failed, by what they were to train.
        stability: of configurations under retraining, as `stabilities` measures it.

    Returns:
        The path of the page.

    Raises:
        ImportError: if matplotlib or jinja2 is missing.
        ValueError: if a column is missing or no value is finite.
    """
    template = pages.template("page.html")
    given = frame if isinstance(frame, pd.DataFrame) else read(frame)
    table = _by_study(analysis.clean(given))
    if table.empty:
        errors = f"; {count(len(failed), 'job')} failed" if failed else ""
        raise ValueError(
            f"expected results with finite values, got {len(given)} rows without any{errors}"
        )
    scored = set(table["representation"])
    codes = next((kind for kind in analysis.REPRESENTATIONS if kind in scored), "mean")
    wide = analysis.wide(table, codes)
    results = Results(
        table,
        wide,
        codes,
        study_plots.styles(sorted(table["model"].unique())),
        analysis.names(wide, "supervised"),
        given,
        failed or {},
        stability,
    )
    sections = [written for section in SECTIONS if (written := section(results))]
    subject = ", ".join(sorted(set(table["study"]) - {""})) or "results"
    page = pages.render(
        template,
        [section._replace(short=section.anchor.capitalize()) for section in sections],
        kicker="disentlib study",
        title=title,
        about=f"{subject} · {len(wide):,} models",
        notices=_notices(results),
        facts=_facts(results),
    )
    return encoding.save(path, page)


def read(path: str | os.PathLike[str]) -> pd.DataFrame:
    """Return the table that a Parquet or CSV file holds."""
    return pd.read_csv(path) if str(path).endswith(".csv") else pd.read_parquet(path)


def _by_study(table: pd.DataFrame) -> pd.DataFrame:
    """Name data sets after their results, where there are several."""
    if table["study"].nunique() > 1:
        table["dataset"] = table["dataset"] + " (" + table["study"].replace("", "unnamed") + ")"
    return table


def _facts(results: Results) -> list[tuple[str, str]]:
    models = results.wide.reset_index()
    seeds = models.groupby(["dataset", *analysis.CONFIGURATION])["seed"].nunique()
    low, high = int(seeds.min()), int(seeds.max())
    facts = [
        ("models", f"{len(models):,}"),
        ("data sets", str(len(results.datasets))),
        ("methods", str(models["model"].nunique())),
        ("seeds per configuration", str(low) if low == high else f"{low} to {high}"),
        ("scores", str(len(results.scores))),
    ]
    if "wall_time_s" in results.table:
        seconds = results.table.drop_duplicates(["study", "job"])["wall_time_s"].sum()
        if seconds > 0:
            facts.append(("computing time", duration(float(seconds))))
    return facts


def _notices(results: Results) -> list[str]:
    """Return sentences on what is missing from the table."""
    notices = []
    if results.failed:
        notices.append(f"{count(len(results.failed), 'job')} failed; why is under What was run.")
    if undefined := len(results.given) - len(results.table):
        notices.append(f"Left out, without a finite value: {count(undefined, 'row')}.")
    models = results.wide.reset_index()
    gaps = []
    for dataset, part in models.groupby("dataset"):
        expected = len(part.drop_duplicates(analysis.CONFIGURATION)) * part["seed"].nunique()
        present = len(part.drop_duplicates([*analysis.CONFIGURATION, "seed"]))
        if present < expected:
            gaps.append(f"{dataset}: {present:,} of {expected:,}")
    if gaps:
        notices.append(
            "Not every configuration has every seed; the rest failed or did not run. The table "
            f"has, of models: {'; '.join(gaps)}. All figures are of these."
        )
    absent = results.wide[results.scores].isna().sum()
    absent = absent[absent > 0]
    if len(absent):
        shown = ", ".join(f"{score} ({n:,})" for score, n in absent.head(LISTED).items())
        more = f" and {len(absent) - LISTED} more scores" if len(absent) > LISTED else ""
        notices.append(f"Scores that some models lack, and how many lack them: {shown}{more}.")
    return notices
