"""What can be shown of observations that are no pictures: codes, and each variable's decoding."""

from functools import partial

import numpy as np

from disentlib.visualization import plots
from disentlib.visualization.pages import Section
from disentlib.visualization.report.reported_run import ReportedRun

POINTS = 1000
MOST = 8  # latents, factors and variables that have panels


def section(run: ReportedRun) -> Section | None:
    """Return codes against factors and variables against their decoded means, for vectors."""
    encoded = run.encoded if run.is_finite else None
    if encoded is None or encoded.images.ndim != 2:
        return None
    observed = encoded.images[:POINTS]
    decoded = run.decode(encoded.mean[: len(observed)]).reshape(len(observed), -1)
    context = f"{run.context} · mean codes"
    drawings = []
    if run.information is not None:
        latents = run.order[:MOST]
        names = list(run.run.data.factor_names)[:MOST]
        # The latent that knows most of a factor stands in the factor's own row.
        best = run.information[latents, : len(names)].argmax(axis=0)
        latents = latents[np.array(list(dict.fromkeys([*best, *range(len(latents))])))]
        drawings.append(
            run.drawing(
                partial(
                    plots.scatters,
                    encoded.mean[:POINTS, latents],
                    encoded.factors[:POINTS, : len(names)],
                    vertical_names=[f"z{latent}" for latent in latents],
                    horizontal_names=names,
                ),
                "codes_and_factors.png",
                title="Codes against factors",
                context=context,
                alt=f"Scatter of {len(latents)} latents against {len(names)} factors",
                caption="Codes against factors. Disentangled: one panel of each row is a curve, "
                "the others are clouds.",
            )
        )
    if decoded.shape[1] == observed.shape[1]:
        shown = min(MOST, observed.shape[1])
        drawings.append(
            run.drawing(
                partial(plots.reconstructions, observed[:, :shown], decoded[:, :shown]),
                "reconstructions.png",
                title="Reconstructions",
                context=context,
                alt=f"Decoded means of {shown} variables against what was observed",
                caption="Each variable's decoded mean against its observed value; the line is "
                f"equality. {shown} of {observed.shape[1]} variables.",
            )
        )
    return Section("vectors", "Codes and reconstructions", drawings=drawings) if drawings else None
