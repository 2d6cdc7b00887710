"""Whether mean and sampled codes are independent."""

from disentlib.studies import analysis
from disentlib.studies.page.results import Results, csv, lines_by_method, span
from disentlib.visualization import pages, study_plots
from disentlib.visualization.pages import Section

DEPENDENCE = ("gaussian_total_correlation", "mutual_information_score")


def section(results: Results) -> Section:
    """Return dependence of mean and sampled codes."""
    anchor, name = "dependence", "Are the codes independent?"
    drawings = []
    for score in DEPENDENCE:
        table = analysis.mean_and_sampled(results.table, score)
        for dataset, part in table.groupby("dataset"):
            panels = {
                f"{codes} codes": lines_by_method(part[part["representation"] == codes])
                for codes in analysis.REPRESENTATIONS
                if (part["representation"] == codes).any()
            }
            drawings.append(
                pages.drawing(
                    study_plots.strengths(panels, results.look, together=True),
                    title=f"{score} on {dataset}",
                    alt=f"{score} of mean and sampled codes on {dataset} against strength",
                    caption=f"Mean over {span(part['n'])} seeds; bars: its standard error. "
                    "Panels share their axis.",
                    table=csv(f"{score} {dataset}", part),
                )
            )
    if not drawings:
        return Section(
            anchor, name, [f"The table has neither {DEPENDENCE[0]} nor {DEPENDENCE[1]}."]
        )
    text = [
        "Regularisers of the total correlation act on sampled codes, whose dependence should fall "
        "with strength. The mean codes, which are used afterwards, need not follow: in Locatello "
        "et al. (2019) theirs rises for all methods but DIP-VAE-I, which regularises them directly."
    ]
    if set(results.table["representation"]) & set(analysis.REPRESENTATIONS) != {"mean", "sampled"}:
        text.append("Only one kind of codes was scored, so the comparison is missing.")
    return Section(anchor, name, text, drawings)
