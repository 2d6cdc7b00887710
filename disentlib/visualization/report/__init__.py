"""One self-contained page about a run: nothing is loaded, everything is inlined and escaped.

A run is any object with the attributes of `disentlib.Run`. The same pictures are written as PNG and
GIF files beside the page, in `pictures/`. Each section is a function in a file of its own:
`section(run: ReportedRun) -> Section | None`.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from disentlib.visualization import encoding, pages
from disentlib.visualization.pages import Section
from disentlib.visualization.report import (
    clusters,
    codes,
    configuration,
    environment,
    latents,
    pictures,
    scores,
    training,
    traversals,
    vectors,
)
from disentlib.visualization.report.reported_run import ReportedRun

#: In the order of the page; a section that has nothing to show is left out.
SECTIONS: tuple[Callable[[ReportedRun], Section | None], ...] = (
    traversals.section,
    latents.section,
    codes.section,
    clusters.section,
    scores.section,
    training.section,
    pictures.section,
    vectors.section,
    configuration.section,
    environment.section,
)


def write(
    run: Any,
    *,
    path: str | Path | None = None,
    samples: int = 10_000,
    seed: int = 0,
    tell: Callable[[str], None] = lambda _: None,
) -> Path:
    """Write a run's page and its pictures, each file at once.

    Works on a running run, before its first checkpoint and without scores: the page then says what
    is missing.

    Args:
        run: a `disentlib.Run`, or an object with its attributes.
        path: of the page; ``report.html`` in the run directory by default.
        samples: images that are encoded for the statistics of the latents.
        seed: draws images and codes.
        tell: called with what is being done.

    Returns:
        The path of the page.

    Raises:
        ImportError: matplotlib or jinja2 is missing; the message names the extra.
        ValueError: `samples` is less than 64.
    """
    template = pages.template("page.html")
    tell("reading the run")
    reported = ReportedRun(run, samples=samples, seed=seed, tell=tell)
    sections = [part for write_section in SECTIONS if (part := write_section(reported))]
    tell("writing the page")
    page = pages.render(
        template,
        sections,
        kicker="disentlib report",
        title=reported.title,
        about=f"{run.path} · {reported.state}",
        notices=reported.notices,
        script=pages.script("report.js"),
    )
    return encoding.save(path or run.path / "report.html", page)
