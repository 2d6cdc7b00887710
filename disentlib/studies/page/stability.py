"""How alike codes are from seed to seed."""

from itertools import combinations, groupby

import pandas as pd

from disentlib import metrics
from disentlib.metrics.selection.seed_stability import SeedPairs
from disentlib.studies.page.results import Results, csv, table_of
from disentlib.studies.stability import Stability
from disentlib.visualization import pages, study_plots
from disentlib.visualization.pages import Section

MOST = 6  # configurations that are compared pair by pair
FEWEST = 3  # seeds that a comparison needs


def section(results: Results) -> Section | None:
    """Return figures and tests of stability; None where it was not measured."""
    if not results.stability:
        return None
    drawings, comparisons = [], []
    for dataset, group in groupby(results.stability, key=lambda one: one.dataset):
        measured = list(group)
        values = {
            f"{kind} MCC": {one.configuration: _pairs(one, kind).seed_means for one in measured}
            for kind in ("strong", "weak")
        }
        drawings.append(
            pages.drawing(
                study_plots.violins(values, study_plots.styles([*values["weak MCC"]]), columns=2),
                title=dataset,
                alt=f"MCC of each seed's codes with those of the other seeds on {dataset}",
                caption="A point a seed: the mean over the other seeds, on images that codes were "
                "not matched on.",
                table=csv(f"stability {dataset}", _table(measured)),
            )
        )
        comparisons += _comparisons(dataset, measured)
    rows = [
        [
            f"{one.configuration} on {one.dataset}",
            *(_mean(_pairs(one, kind)) for kind in ("strong", "weak")),
            f"{one.strong.active.mean():.1f}",
            f"{len(one.strong.seeds)} of {len(one.strong.seeds) + len(one.strong.skipped)}",
        ]
        for one in results.stability
    ]
    columns = ["configuration and data", "strong", "weak", "active codes", "usable seeds"]
    tables = [table_of("MCC between seeds, mean over pairs ± their deviation", columns, rows)]
    if comparisons:
        columns = ["weak MCC of", "difference", "95 %", "Mann-Whitney", "permutation", "equal"]
        tables.append(table_of("Tests over seeds", columns, comparisons))
    text = [
        "Strong: single codes are matched, up to order, sign and scale. Weak: codes are compared "
        "up to a linear map, which any good autoencoder of few latents does well; look at the "
        "difference from a plain VAE. The tests are over seeds, for pairs share them; "
        '"equal" is the p-value of a difference of 0.05 or more.'
    ]
    return Section("stability", "Stability under retraining", text, drawings, tables)


def _pairs(one: Stability, kind: str) -> SeedPairs:
    measured = one.strong if kind == "strong" else one.weak
    return measured.out_of_sample


def _mean(pairs: SeedPairs) -> str:
    return f"{pairs.mean:.3f} ± {pairs.deviation:.3f}"


def _table(measured: list[Stability]) -> pd.DataFrame:
    """Return the MCC of each seed with the others, and how many of its codes are active."""
    records = [
        (one.configuration, kind, seed, value, active)
        for one in measured
        for kind in ("strong", "weak")
        for seed, value, active in zip(
            one.strong.seeds, _pairs(one, kind).seed_means, one.strong.active, strict=True
        )
    ]
    return pd.DataFrame(records, columns=["configuration", "kind", "seed", "mcc", "active"])


def _comparisons(dataset: str, measured: list[Stability]) -> list[list[str]]:
    """Return a row for each two configurations, where they are few and have seeds enough."""
    enough = [one for one in measured if len(one.weak.seeds) >= FEWEST]
    rows = []
    for one, other in combinations(enough if len(enough) <= MOST else [], 2):
        test = metrics.compare_seed_stability(one.weak, other.weak)
        low, high = test.interval
        p_values = (test.mann_whitney, test.permutation, test.equivalence)
        rows.append(
            [
                f"{one.configuration} less {other.configuration} on {dataset}",
                f"{test.difference:+.3f}",
                f"{low:+.3f} to {high:+.3f}",
                *(f"p = {p:.3f}" for p in p_values),
            ]
        )
    return rows
