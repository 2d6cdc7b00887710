"""A live table of a running study, for the terminal."""

import contextlib
import datetime
import os
from collections.abc import Iterator, Mapping
from typing import Any

from rich.console import Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from disentlib.screen import Console
from disentlib.studies.engine import Progress
from disentlib.studies.grid import Job

SHOWN = 8  # lines of running and of failed jobs


@contextlib.contextmanager
def live(progress: Progress, jobs: Mapping[int, Job], *, quiet: bool = False) -> Iterator[None]:
    """Show jobs done, running, failed and the time left on a terminal; silent elsewhere."""
    # Jobs that run in this process redirect its stderr to their logs: keep the terminal's.
    with os.fdopen(os.dup(2), "w", encoding="utf-8") as stderr:
        console = Console(file=stderr, quiet=quiet)
        if quiet or not console.is_terminal:
            yield
            return
        with Live(
            get_renderable=lambda: table_of(progress, jobs),
            console=console,
            refresh_per_second=2,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        ):
            yield


def table_of(progress: Progress, jobs: Mapping[int, Job]) -> Group:
    """Return the table that shows the progress now."""
    running = progress.storage.running()
    head = Table.grid(padding=(0, 2))
    head.add_row(
        Text.assemble((f"{progress.done:,}", "bold"), f" of {progress.total:,} done"),
        f"{len(running):,} running",
        Text(f"{len(progress.failed):,} failed", style="red" if progress.failed else ""),
        f"left {duration(progress.seconds_left)}",
        ProgressBar(progress.total, progress.done + len(progress.failed), width=30),
    )
    table = Table(box=None, pad_edge=False, show_header=False)
    for number, note in sorted(running.items())[:SHOWN]:
        job = Text(describe(jobs.get(number)))
        table.add_row(f"{number}", job, since(note), Text(note["host"]))
    errors = failures(progress.failed, jobs)
    return Group(head, table, *([errors] if progress.failed else []))


def failures(failed: Mapping[int, str], jobs: Mapping[int, Job], *, shown: int = SHOWN) -> Table:
    """Return the failed jobs with their last errors, the newest last."""
    table = Table(box=None, pad_edge=False, show_header=False)
    for number, error in list(failed.items())[-shown:]:
        line = Text(error, style="red", no_wrap=True, overflow="ellipsis")
        table.add_row(f"{number}", Text(describe(jobs.get(number))), line)
    if len(failed) > shown:
        table.add_row("", f"... and {len(failed) - shown:,} more", "")
    return table


def describe(job: Job | None) -> str:
    """Return a short description of a job.

    >>> describe(Job(7, "mini", "sprites", "beta_vae", "beta", 4.0, 1, (), {}))
    'sprites beta_vae beta=4 seed 1'
    """
    if job is None:
        return "another's"
    return f"{job.dataset} {job.model} {job.hyperparameter}={job.strength:g} seed {job.seed}"


def duration(seconds: float | None) -> str:
    """Return a duration in hours, minutes and seconds.

    >>> duration(None), duration(75), duration(100_000)
    ('-', '0:01:15', '1 day, 3:46:40')
    """
    return "-" if seconds is None else str(datetime.timedelta(seconds=round(seconds)))


def since(note: Mapping[str, Any]) -> str:
    """Return for how long a job has been running."""
    started = datetime.datetime.fromisoformat(note["since"])
    return duration((datetime.datetime.now(datetime.UTC) - started).total_seconds())
