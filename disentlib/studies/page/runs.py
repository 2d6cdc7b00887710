"""What was trained."""

from disentlib.studies.page.results import Results, table_of
from disentlib.visualization.pages import Section


def section(results: Results) -> Section:
    """Return what was trained, and what failed."""
    models = results.wide.reset_index()
    rows = []
    for (dataset, model, weight), part in models.groupby(["dataset", "model", "hyperparameter"]):
        values = ", ".join(f"{value:g}" for value in sorted(part["strength"].unique()))
        seeds = part.groupby("strength")["seed"].nunique()
        low, high = seeds.min(), seeds.max()
        rows.append(
            [
                f"{model} on {dataset}",
                f"{weight} = {values}" if weight else "–",
                str(low) if low == high else f"{low} to {high}",
                f"{len(part):,}",
            ]
        )
    columns = ["method and data", "swept weight", "seeds", "models"]
    text = [
        f"All figures are of {results.codes} codes unless stated otherwise. A model is one "
        "training: a method, a strength of its weight and a seed."
    ]
    tables = [table_of("What was trained", columns, rows)]
    if results.failed:
        errors = list(results.failed.items())
        tables.append(table_of("What failed, with the last error", ["job", "error"], errors))
    return Section("runs", "What was run", text, tables=tables)
