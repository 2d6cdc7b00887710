"""Reconstructions, and decoded draws from the prior."""

import numpy as np

from disentlib.visualization import encoding, grids, pages
from disentlib.visualization.pages import Section
from disentlib.visualization.report.reported_run import SHOWN, ReportedRun
from disentlib.visualization.report.traversals import GAP
from disentlib.visualization.traversals import decode_grid


def section(run: ReportedRun) -> Section | None:
    """Return both grids, where there are pictures."""
    if not run.has_pictures:
        return None
    images = run.encoded.images
    pairs = grids.side_by_side(images, decode_grid(run.decode, run.encoded.mean[: len(images)]))
    draws = run.draws(SHOWN)

    def picture(name: str, tiles: np.ndarray, alt: str, caption: str) -> pages.Drawing:
        return pages.picture(
            encoding.save(run.folder / name, encoding.png(grids.square_grid(tiles, gap=GAP))),
            alt=alt,
            caption=caption,
        )

    drawings = [
        picture(
            "reconstructions.png",
            pairs,
            f"{SHOWN} images, each with its reconstruction on the right",
            "Images and, to their right, the decoded means of their codes.",
        ),
        picture(
            "samples.png",
            decode_grid(run.decode, draws),
            f"{SHOWN} decoded draws from the prior",
            "Decoded draws from the prior.",
        ),
    ]
    return Section("pictures", "Reconstructions and samples", drawings=drawings)
