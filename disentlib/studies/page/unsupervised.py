"""Whether quantities without factors tell good models."""

from disentlib.studies import analysis
from disentlib.studies.page.study import Study, maps, noise
from disentlib.visualization.pages import Section


def section(study: Study) -> Section:
    """Return a map of rank correlations a data set."""
    anchor, name = "unsupervised", "Do quantities without factors tell?"
    found = analysis.rank_correlation(
        study.table, "unsupervised", "supervised", representation=study.codes
    )
    drawings = list(maps(study, found, "unsupervised"))
    if not drawings:
        return Section(
            anchor,
            name,
            ["The table has no quantity that needs no factors (reconstruction, kl, elbo, ...)."],
        )
    text = [
        "Rank correlation, times 100, of what can be measured without factors with the scores that "
        "need them. Losses and dependences are shown as they are: where less is better, a useful "
        "one is negative. " + noise(study, "quantity")
    ]
    return Section(anchor, name, text, drawings)
