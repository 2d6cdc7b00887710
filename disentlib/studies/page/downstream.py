"""Whether scores go with accuracy on tasks."""

from disentlib.studies import analysis
from disentlib.studies.page.study import Study, maps, noise
from disentlib.visualization.pages import Section


def section(study: Study) -> Section:
    """Return a map of rank correlations a data set."""
    anchor, name = "downstream", "Are disentangled codes more useful?"
    found = analysis.rank_correlation(
        study.table, "supervised", "downstream", representation=study.codes
    )
    drawings = list(maps(study, found, "downstream"))
    if not drawings:
        return Section(anchor, name, ["No downstream task was measured on these models."])
    text = [
        "Rank correlation, times 100, of the scores with accuracy and efficiency (accuracy with "
        "few samples over accuracy with many) of predicting the factors from the codes. "
        + noise(study, "score")
    ]
    return Section(anchor, name, text, drawings)
