"""Whether scores go with accuracy on tasks."""

from disentlib.studies import analysis
from disentlib.studies.page.results import Results, maps, noise
from disentlib.visualization.pages import Section


def section(results: Results) -> Section:
    """Return a map of rank correlations a data set."""
    anchor, name = "downstream", "Are disentangled codes more useful?"
    correlations = analysis.rank_correlation(
        results.table, "supervised", "downstream", representation=results.codes
    )
    drawings = list(maps(results, correlations, "downstream"))
    if not drawings:
        return Section(anchor, name, ["No downstream task was measured on these models."])
    text = [
        "Rank correlation, times 100, of the scores with accuracy and efficiency (accuracy with "
        "few samples over accuracy with many) of predicting the factors from the codes. "
        + noise(results, "score")
    ]
    return Section(anchor, name, text, drawings)
