"""The scores of a run, as `disentlib evaluate` wrote them."""

from collections.abc import Callable, Mapping
from typing import Any

from disentlib.visualization.pages import Numbers, Section, number
from disentlib.visualization.report.reported_run import ReportedRun


def section(run: ReportedRun) -> Section | None:
    """Return the table of scores, or how to get one."""
    table = score_table(run.scores)
    if table is None:
        text = (
            f"This run has no scores yet. `disentlib evaluate {run.run.path}` writes them; then "
            "make the report again."
        )
        return Section("scores", "Scores", [text])
    values = {row["score"]: row["value"] for row in reversed(run.scores["scores"])}
    facts = [("MIG", number(values["mig"]))] if "mig" in values else []
    return Section(
        "scores", "Scores", [table.caption], tables=[table._replace(caption="")], facts=facts
    )


def score_table(scores: Mapping[str, Any] | None) -> Numbers | None:
    """Return scores.json as a table of the page.

    Args:
        scores: ``{"scores": [row, ...]}`` with the fields of `metrics.table.Row`, or None.
    """
    if not scores or not scores["scores"]:
        return None
    rows = scores["scores"]
    columns: dict[str, Callable[[Mapping[str, Any]], str]] = {
        "codes": lambda row: row["representation"],
        "value": lambda row: number(row["value"]),
    }
    if any(row["repeats"] > 1 for row in rows):
        columns["mean ± spread"] = lambda row: f"{number(row['mean'])} ± {number(row['spread'])}"
    if any(row["low"] is not None for row in rows):
        columns["interval"] = lambda row: f"{number(row['low'])} to {number(row['high'])}"
    columns["better"] = lambda row: "higher" if row["higher_is_better"] else "lower"
    columns["estimated with"] = lambda row: row["estimator"]
    samples = " or ".join(f"{n:,}" for n in sorted({row["samples"] for row in rows}))
    protocols = " and ".join(dict.fromkeys(row["protocol"] or "default" for row in rows))
    caption = f"{samples} samples, protocol: {protocols}."
    texts = [[row["score"], *(cell(row) for cell in columns.values())] for row in rows]
    return Numbers(caption, ["score", *columns], texts, style="scores")
