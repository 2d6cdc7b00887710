"""Choosing a model without factors."""

from disentlib.studies import analysis
from disentlib.studies.page.results import Results, csv, headlines, span, table_of
from disentlib.visualization import pages, study_plots
from disentlib.visualization.pages import Section


def section(results: Results) -> Section:
    """Return how good the chosen models are."""
    anchor, name = "selection", "Choosing a model without factors"
    choices = analysis.selection(results.table, representation=results.codes)
    if choices["gain"].notna().sum() == 0:
        return Section(
            anchor,
            name,
            ["The table has neither UDR nor ModelCentrality nor another criterion to choose by."],
        )
    look = study_plots.styles(headlines(results))
    drawings = []
    for dataset, part in choices.groupby("dataset"):
        gains = {
            str(criterion): dict(zip(rows["score"], rows["gain"], strict=True))
            for criterion, rows in part[part["score"].isin(look)].groupby("criterion", sort=False)
        }
        drawings.append(
            pages.drawing(
                study_plots.choices(gains, look),
                title=str(dataset),
                alt=f"How good the model is that each criterion chooses on {dataset}",
                caption=f"One choice among {span(part['n'])} models a criterion. A single choice "
                "may be luck.",
                table=csv(f"selection {dataset}", part),
            )
        )
    rows = [
        [f"{criterion} on {dataset}", f"{part['gain'].mean():.2f}", f"{part['beats'].mean():.0%}"]
        for (dataset, criterion), part in choices.groupby(["dataset", "criterion"], sort=False)
    ]
    columns = ["criterion and data", "gain, mean over scores", "beats of the other models"]
    text = ["The model that a criterion likes best, beside the best one there is (the oracle's)."]
    absent = [
        label
        for criterion, label in zip(analysis.CRITERIA, ("UDR", "ModelCentrality"), strict=True)
        if criterion not in set(choices["criterion"])
    ]
    if absent:
        text.append(
            f"Not in the table: {' and '.join(absent)}. Such a criterion compares models with each "
            "other and is computed from the codes of a whole study."
        )
    return Section(anchor, name, text, drawings, [table_of("Choices", columns, rows)])
