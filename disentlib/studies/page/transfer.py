"""Whether good configurations are good elsewhere."""

from collections.abc import Iterator

from disentlib.studies import analysis
from disentlib.studies.page.results import Results, csv, flat, headlines, one_map, table_of
from disentlib.visualization import pages, study_plots
from disentlib.visualization.pages import Drawing, Section


def section(results: Results) -> Section:
    """Return what transfers between scores and data sets."""
    anchor, name = "transfer", "Do hyperparameters transfer?"
    random = analysis.random_transfer(results.table, representation=results.codes)
    if random.empty:
        return Section(
            anchor,
            name,
            ["A choice must be tried on another seed; no two configurations share two seeds."],
        )
    rows = [
        [
            f"{row.score} score, {row.dataset} data set",
            f"{row.probability:.1%}",
            f"{row.sources:,}",
            f"{row.comparisons:,}",
        ]
        for row in random.itertuples()
    ]
    columns = ["the choice is tried on the", "beats another configuration", "choices", "trials"]
    tables = [table_of("Random transfer", columns, rows)]
    text = [
        "Random transfer: draw a data set, a score and a seed and choose the best configuration. "
        "How often does it beat another configuration, on a seed that was not used? 50% is chance. "
        "All draws are counted, not a sample of them.",
    ]
    drawings: list[Drawing] = []
    if len(results.datasets) < 2:
        text.append("With one data set, transfer to another cannot be seen.")
    else:
        drawings += scatters(results)
        drawings += between_sets(results)
    if len(results.scores) < 2:
        text.append("With one score, transfer to another score cannot be seen.")
    return Section(anchor, name, text, drawings, tables)


def scatters(results: Results) -> Iterator[Drawing]:
    """Draw configurations on one data set against the others, by the first score they share."""
    means = analysis.configuration_means(results.table, representation=results.codes)
    first, *others = results.datasets
    for score in headlines(results):
        panels = {}
        for other in others:
            if {(first, score), (other, score)} <= set(means.columns):
                both = means[[(first, score), (other, score)]].dropna()
                if len(both):
                    panels[f"on {first}", f"on {other}"] = {
                        str(model): part.to_numpy() for model, part in both.groupby(level="model")
                    }
        if panels:
            yield pages.drawing(
                study_plots.scatters(panels, results.look),
                title=f"{score} of each configuration",
                alt=f"Mean {score} of each configuration on {first} against other data sets",
                caption="A point is a configuration, the mean over its seeds.",
                table=csv("configurations", flat(means)),
            )
            return


def between_sets(results: Results) -> Iterator[Drawing]:
    """Draw the rank correlation of configurations between data sets, by score."""
    correlations = analysis.hyperparameter_transfer(results.table, representation=results.codes)
    same = correlations[
        (correlations["score"] == correlations["other_score"])
        & correlations["score"].isin(headlines(results))
    ]
    same = same[same["dataset"] < same["other_dataset"]]
    pairs = same.assign(pair=same["dataset"] + " and " + same["other_dataset"])
    matrix = pairs.pivot(index="pair", columns="score", values="rho")
    if matrix.notna().any(axis=None):
        title = "Are the same configurations good on both?"
        yield one_map(matrix, title, "transfer", correlations, "configurations")
