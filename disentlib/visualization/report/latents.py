"""Which latents are used, and which factors they know."""

from collections.abc import Iterator
from functools import partial

import numpy as np

from disentlib.visualization import encoding, plots
from disentlib.visualization.pages import Drawing, Numbers, Section
from disentlib.visualization.posteriors import ACTIVE_VARIANCE
from disentlib.visualization.report.reported_run import BINS, ReportedRun
from disentlib.visualization.scores import effects_figure


def section(run: ReportedRun) -> Section | None:
    """Return the KL of each latent, and its mutual information with each factor."""
    if not run.is_finite:
        return None
    run.tell("plotting the latents")
    kl, active = run.kl, run.active
    names = [f"z{latent}" for latent in run.order]
    context = f"{run.context} · mean codes"
    drawings = [
        run.drawing(
            partial(plots.kl_bars, kl, active),
            "kl.png",
            title="KL per latent",
            context=context,
            alt=f"Bars of the KL per latent, from {kl.max():.2f} down to {kl.min():.2f} nats",
            caption="KL to the prior per latent. Grey: inactive.",
        )
    ]
    tables = []
    matrix = run.information
    if matrix is not None:
        drawings += information_drawings(run, matrix[run.order], names, context)
        save_effects(run, context)
        rows = [
            [name, *(f"{value:.3f}" for value in matrix[latent])]
            for name, latent in zip(names, run.order, strict=True)
        ]
        columns = ["latent", *run.run.data.factor_names]
        caption = "Mutual information in nats as numbers"
        tables = [Numbers(caption, columns, rows, folded=True, style="numbers")]
    text = (
        f"{active.sum()} of {len(active)} latents are active: their posterior mean varies over "
        f"{run.samples:,} observations with a variance above {ACTIVE_VARIANCE}. "
        f"The KL of all latents to the prior adds up to {kl.sum():.2f} nats."
    )
    facts = [("active latents", f"{active.sum()} of {len(active)}")]
    return Section("latents", "Latents and factors", [text], drawings, tables, facts=facts)


def save_effects(run: ReportedRun, context: str) -> None:
    """Write what changing one factor does to the active latents as a file."""
    effects = effects_figure(
        run.encoded.mean,
        run.discrete_factors,
        factor_names=run.run.data.factor_names,
        order=[latent for latent in run.order if run.active[latent]],
        context=context,
    )
    if effects is not None:
        encoding.save(run.folder / "interventional_effects.png", plots.png(effects))


def information_drawings(
    run: ReportedRun, matrix: np.ndarray, names: list[str], context: str
) -> Iterator[Drawing]:
    """Yield the matrix, what it recovers as a threshold falls, and when factors fall together."""
    factor_names = list(run.run.data.factor_names)
    label = "mutual information (nats)"
    context = f"{context} · {BINS} equal-width bins, {run.samples:,} samples"
    best = ", ".join(
        f"{factor} in {names[row]}"
        for factor, row in zip(factor_names, matrix.argmax(axis=0), strict=True)
    )
    yield run.drawing(
        partial(
            plots.heat_square, matrix, factor_names=factor_names, code_names=names, label=label
        ),
        "mutual_information.png",
        title="Which latent knows which factor",
        context=context,
        alt=f"Mutual information of latents and factors; largest: {best}",
        caption=f"Mutual information of latents and factors, {BINS} equal-width bins. "
        "Disentangled: one large square per factor, no two in a row.",
    )
    yield run.drawing(
        partial(plots.recovered_vs_independent, matrix, label=label),
        "mutual_information_pr.png",
        title="Recovered and independent factors",
        context=context,
        alt="Number of discovered factors and of independent groups as the threshold falls",
        caption="Disentangled: both curves rise together to the number of factors.",
    )
    yield run.drawing(
        partial(plots.dendrogram, matrix, factor_names=factor_names, label=label),
        "mutual_information_dendrogram.png",
        title="When factors fall together",
        context=context,
        alt="Dendrogram of the factors, joined where an entry of the matrix connects them",
        caption="Factors that join early share a latent.",
    )
