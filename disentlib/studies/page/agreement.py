"""Whether scores rank models alike."""

from disentlib.studies import analysis
from disentlib.studies.page.study import Study, maps, noise
from disentlib.visualization.pages import Section


def section(study: Study) -> Section:
    """Return a map of rank correlations a data set."""
    anchor, name = "agreement", "Do the scores agree?"
    found = analysis.rank_correlation(study.table, representation=study.codes)
    found = found[found["score"] != found["other"]]
    drawings = list(maps(study, found, "agreement"))
    if not drawings:
        return Section(
            anchor, name, ["Two scores of the same three models are needed, which are not there."]
        )
    text = [
        "Spearman's rank correlation over all models of a data set, times 100. "
        + noise(study, "score")
    ]
    return Section(anchor, name, text, drawings)
