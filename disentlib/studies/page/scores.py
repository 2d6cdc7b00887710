"""Distributions of scores by method."""

from disentlib.studies import analysis
from disentlib.studies.page.results import Results, csv, headlines, span, table_of, unshown
from disentlib.visualization import pages, study_plots
from disentlib.visualization.pages import Section, number


def section(results: Results) -> Section:
    """Return violins and a table."""
    anchor, name = "scores", "Scores by method"
    if not results.scores:
        return Section(anchor, name, ["The table has no score that compares codes with factors."])
    summary = analysis.distributions(results.table, representation=results.codes)
    drawings = []
    for dataset, part in results.wide.groupby(level="dataset"):
        values = {
            score: {
                model: group.to_numpy()
                for model, group in part[score].dropna().groupby(level="model")
            }
            for score in headlines(results)
            if part[score].notna().any()
        }
        if values:
            table = csv(f"scores {dataset}", part[results.scores].reset_index())
            n = part.groupby(level="model").size()
            drawings.append(
                pages.drawing(
                    study_plots.violins(values, results.look),
                    title=str(dataset),
                    alt=f"Distributions of {', '.join(values)} by method on {dataset}",
                    caption=f"{span(n)} models a method. Line: median. A violin needs "
                    f"{study_plots.FEWEST} models and ends at the least and the largest value.",
                    table=table,
                )
            )
    rows = [
        [
            f"{row.model} on {row.dataset}",
            row.score,
            str(row.n),
            f"{number(row.mean)} ± {number(row.sd)}",
            f"{number(row.low)} to {number(row.high)}",
        ]
        for row in summary.itertuples()
        if row.score in headlines(results)
    ]
    columns = ["method and data", "score", "n", "mean ± sd", "range"]
    summarised = table_of("Every score by method and data set", columns, rows)
    text = [
        "If the ranges of methods overlap, the choice of the method decides less than strength and "
        "seed do; how much less is below.",
        *unshown(results),
    ]
    return Section(anchor, name, text, drawings, [summarised])
