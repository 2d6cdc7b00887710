"""Scores against the strength of regularisation."""

from disentlib.studies import analysis
from disentlib.studies.page.results import Results, csv, headlines, lines_by_method, span
from disentlib.visualization import pages, study_plots
from disentlib.visualization.pages import Section


def section(results: Results) -> Section:
    """Return lines of mean scores against strength."""
    anchor, name = "strength", "Scores against regularisation strength"
    table = analysis.by_strength(results.table, representation=results.codes)
    table = table[table["score"].isin(results.scores)]
    if table.empty or table["rank"].max() < 2:
        return Section(
            anchor, name, ["No method was trained with two strengths: no weight was swept."]
        )
    drawings = [
        pages.drawing(
            study_plots.strengths(
                {
                    score: lines_by_method(part[part["score"] == score])
                    for score in headlines(results)
                    if (part["score"] == score).any()
                },
                results.look,
            ),
            title=str(dataset),
            alt=f"Mean scores on {dataset} against the rank of the strength, a line a method",
            caption=f"Mean over {span(part['n'])} seeds; bars: its standard error.",
            table=csv(f"strength {dataset}", part),
        )
        for dataset, part in table.groupby("dataset")
    ]
    text = ["Strengths are ranked within a method, for the weights of two methods share no unit."]
    return Section(anchor, name, text, drawings)
