"""Whether scores rank models alike."""

from disentlib.studies import analysis
from disentlib.studies.page.results import Results, maps, noise
from disentlib.visualization.pages import Section


def section(results: Results) -> Section:
    """Return a map of rank correlations a data set."""
    anchor, name = "agreement", "Do the scores agree?"
    correlations = analysis.rank_correlation(results.table, representation=results.codes)
    correlations = correlations[correlations["score"] != correlations["other"]]
    drawings = list(maps(results, correlations, "agreement"))
    if not drawings:
        return Section(
            anchor, name, ["Two scores of the same three models are needed, which are not there."]
        )
    text = [
        "Spearman's rank correlation over all models of a data set, times 100. "
        + noise(results, "score")
    ]
    return Section(anchor, name, text, drawings)
