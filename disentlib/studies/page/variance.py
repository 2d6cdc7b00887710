"""What method, strength and seed explain of a score."""

from disentlib.studies import analysis
from disentlib.studies.page.results import Results, csv, head, span
from disentlib.visualization import pages, study_plots
from disentlib.visualization.pages import Section


def section(results: Results) -> Section:
    """Return shares of variance."""
    anchor, name = "variance", "What explains the scores?"
    shares_of_variance = analysis.variance_explained(results.table, representation=results.codes)
    shares_of_variance = shares_of_variance.dropna(subset=["method", "configuration"])
    # With one model a configuration, the configuration explains everything by construction.
    shares_of_variance = shares_of_variance[shares_of_variance["configuration_chance"] < 1]
    if shares_of_variance.empty:
        return Section(
            anchor,
            name,
            ["A share for the seed needs two seeds of a configuration; there are none."],
        )
    drawings = [
        pages.drawing(
            study_plots.shares(
                {
                    row.score: (row.method, row.configuration - row.method, 1 - row.configuration)
                    for row in head(part).itertuples()
                },
                marks={
                    row.score: (row.method_chance, row.configuration_chance)
                    for row in head(part).itertuples()
                },
            ),
            title=str(dataset),
            alt=f"Shares of each score's variance on {dataset}: method, hyperparameter, seed",
            caption=f"R² of least squares on one-hots, {span(part['n'])} models.",
            table=csv(f"variance {dataset}", part),
        )
        for dataset, part in shares_of_variance.groupby("dataset")
    ]
    mean = shares_of_variance.mean(numeric_only=True)
    text = [
        f"On average over scores and data sets, the method explains {mean['method']:.0%} of the "
        f"variance (chance alone: {mean['method_chance']:.0%}), method and hyperparameter together "
        f"{mean['configuration']:.0%} (chance: {mean['configuration_chance']:.0%}). The rest is "
        "the seed's.",
        "Groups explain variance by chance, the more the fewer models a group has; corrected for "
        f"that (adjusted R²) it is {mean['method_adjusted']:.0%} and "
        f"{mean['configuration_adjusted']:.0%}.",
    ]
    return Section(anchor, name, text, drawings)
