"""`disentlib report`: one self-contained HTML page about a run."""

import argparse
from pathlib import Path

from rich.text import Text

from disentlib.cli import configuration
from disentlib.cli.console import Parser, stderr, stdout
from disentlib.screen import safe
from disentlib.training.run import Run
from disentlib.visualization import report

DESCRIPTION = """Write one self-contained HTML page about a run, finished or running.

It shows configuration, scores, curves, reconstructions, samples, which latent knows which factor,
and a slider per latent that plays its traversal. Nothing is loaded from elsewhere. The pictures
are written as PNG and GIF files, too, in RUN_DIR/pictures/.

example:
  disentlib report runs/demo"""


def parser() -> argparse.ArgumentParser:
    """Return the parser of `disentlib report`."""
    command = Parser(prog="disentlib report", description=DESCRIPTION)
    command.add_argument("run_dir", metavar="RUN_DIR", help="what `disentlib train` wrote")
    command.add_argument(
        "--out", metavar="PATH", type=Path, help="the page (default: RUN_DIR/report.html)"
    )
    command.add_argument(
        "--samples",
        metavar="N",
        type=int,
        default=10_000,
        help="images behind the statistics of the latents (default: 10,000)",
    )
    command.add_argument(
        "--seed", metavar="N", type=int, default=0, help="draws images and codes (default: 0)"
    )
    return command


def run(options: argparse.Namespace) -> None:
    """Write the page and print its path."""
    configuration.find_own_modules()
    with stderr(quiet=options.quiet).status("opening the run") as status:
        path = report.write(
            Run(options.run_dir),
            path=options.out,
            samples=options.samples,
            seed=options.seed,
            tell=lambda text: status.update(Text(safe(text))),
        )
    stdout().print(str(path), soft_wrap=True)
