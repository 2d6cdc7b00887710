"""A slider per latent, and the traversals as files."""

from typing import Any

import numpy as np

from disentlib.visualization import encoding, grids, pages
from disentlib.visualization.pages import Section
from disentlib.visualization.report.reported_run import ReportedRun
from disentlib.visualization.traversals import (
    cycle_frames,
    cycle_values,
    decode_grid,
    fitted_gaussian,
    latent_traversal,
)

GAP = 3  # white pixels between tiles
ANIMATED = 5  # codes with animated cycles
BASES = 4  # images from which the sliders can start
FRAMES = 21  # positions of a slider


def section(run: ReportedRun) -> Section | None:
    """Return the sliders, where there are pictures."""
    if not run.has_pictures:
        return None
    run.tell("drawing traversals")
    save(run)
    return Section(
        "traversals",
        "Traversals",
        [
            "Each slider moves one latent and leaves the others at the code of the chosen image. "
            "Sorted by KL to the prior; a slider spans two standard deviations of the latent's "
            "average posterior to each side."
        ],
        body=pages.fragment("traversals.html", **sliders(run)),
    )


def save(run: ReportedRun) -> None:
    """Write traversals and animated cycles as files."""
    mean, logvar = run.encoded.mean, run.encoded.logvar
    shown = len(run.encoded.images)
    for number, code in enumerate(mean[: len(run.order)]):
        images = latent_traversal(run.decode, code, dimensions=run.order)
        encoding.save(
            run.folder / f"traversals_{number}.png", encoding.png(grids.tile(images, gap=GAP))
        )
    for number, code in enumerate(mean[:ANIMATED]):
        for kind, values in cycle_values(code, mean[:shown], logvar[:shown], frames=20).items():
            frames = cycle_frames(run.decode, code, values)[:, run.order]
            pictures = np.stack([grids.padded_grid(frame) for frame in frames])
            encoding.save(run.folder / f"{kind}_cycle_{number}.gif", encoding.gif(pictures, fps=10))


def sliders(run: ReportedRun) -> dict[str, Any]:
    """Return a sprite sheet per latent, its frames left to right, the starting images down."""
    encoded, matrix = run.encoded, run.information
    codes = encoded.mean[:BASES]
    centre, sd = fitted_gaussian(encoded.mean, encoded.logvar)
    low, high = centre - 2 * sd, centre + 2 * sd
    height, width = encoded.images.shape[1:3]
    latents = []
    for latent in run.order:
        values = np.linspace(low[latent], high[latent], FRAMES)
        moved = np.repeat(codes[:, None], FRAMES, axis=1)
        moved[:, :, latent] = values
        note = ""
        if not run.active[latent]:
            note = "inactive"
        elif matrix is not None and matrix[latent].max() > 0.1:
            note = f"knows {run.run.data.factor_names[matrix[latent].argmax()]}"
        latents.append(
            {
                "name": f"z{latent}",
                "note": note,
                "active": bool(run.active[latent]),
                "kl": f"{run.kl[latent]:.2f}",
                "share": round(100 * float(run.kl[latent] / (run.kl.max() or 1)), 1),
                "low": round(float(low[latent]), 4),
                "high": round(float(high[latent]), 4),
                "starts": [int(np.abs(values - code[latent]).argmin()) for code in codes],
                "sheet": pages.png_uri(grids.tile(decode_grid(run.decode, moved))),
            }
        )
    return {
        "latents": latents,
        "bases": [pages.png_uri(grids.to_uint8(image)) for image in encoded.images[:BASES]],
        "frames": FRAMES,
        "tile": {"width": width, "height": height},
    }
