"""Whether quantities without factors predict scores that need them."""

from disentlib.studies import analysis
from disentlib.studies.page.results import Results, maps, noise
from disentlib.visualization.pages import Section


def section(results: Results) -> Section:
    """Return a map of rank correlations a data set."""
    anchor, name = "unsupervised", "Do quantities without factors predict the scores?"
    correlations = analysis.rank_correlation(
        results.table, "unsupervised", "supervised", representation=results.codes
    )
    drawings = list(maps(results, correlations, "unsupervised"))
    if not drawings:
        return Section(
            anchor,
            name,
            ["The table has no quantity that needs no factors (reconstruction, kl, elbo, ...)."],
        )
    text = [
        "Rank correlation, times 100, of what can be measured without factors with the scores that "
        "need them. Losses and dependences are shown as they are: where less is better, a useful "
        "one is negative. " + noise(results, "quantity")
    ]
    return Section(anchor, name, text, drawings)
