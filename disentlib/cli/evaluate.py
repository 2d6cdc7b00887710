"""`disentlib evaluate`: score a trained run."""

import argparse
import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from disentlib import Run, metrics
from disentlib.cli import configuration
from disentlib.cli.console import Parser, UsageError, stderr, stdout
from disentlib.cli.score import add_score_flags, print_warnings, score_options
from disentlib.data.split import PARTS, Split
from disentlib.training.directory import SCORES

EXAMPLE = """examples:
  disentlib evaluate runs/demo                                     # scores.json and a table
  disentlib evaluate runs/demo --metrics mig --samples 2000
  disentlib evaluate runs/demo --gin_file metrics/locatello2019.gin

Both representations are scored: the posterior's mean, and codes sampled from it.
"""


def parser() -> argparse.ArgumentParser:
    """Return the command's parser."""
    parser = Parser(
        prog="disentlib evaluate",
        description="Score the model of a run on its data set, into RUN_DIR/scores.json.",
        epilog=EXAMPLE,
    )
    parser.add_argument("run_dir", metavar="RUN_DIR", type=Path, help="what `train` wrote")
    add_score_flags(parser)
    configuration.add_gin_flags(parser)
    parser.add_argument("--samples", type=int, metavar="N", help="to fit on (default 10,000)")
    parser.add_argument("--test_samples", type=int, metavar="N", help="to test on (default 5,000)")
    parser.add_argument(
        "--part",
        choices=PARTS,
        help="of a run on one part of a split: score on this one, which training did not see",
    )
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="of all that is drawn")
    return parser


def run(options: argparse.Namespace) -> None:
    """Encode, score, write, print."""
    arguments = score_options(options)
    arguments |= {
        name: value
        for name in ("samples", "test_samples")
        if (value := getattr(options, name)) is not None
    }
    for name in ("samples", "test_samples"):
        if arguments.get(name, 2) < 2:
            raise UsageError(f"expected --{name} of at least 2, got {arguments[name]}")
    evaluate = metrics.evaluate_encoder
    if options.gin_file or options.gin_param:
        configuration.parse(options.gin_file, options.gin_param)
        evaluate = configuration.configurable(metrics.evaluate_encoder, "metrics.evaluate_encoder")
    configuration.find_own_modules()
    trained = Run(options.run_dir)
    data, encode = trained.data.evaluation, trained.encode
    if options.part is not None:
        if not isinstance(trained.data, Split):
            raise UsageError(
                f"expected a run on a part of a split for --part, {options.run_dir} has "
                f"{trained.data.name}: bind data.Split"
            )
        data = trained.data.other(options.part)
    start = time.perf_counter()
    with Progress(
        TextColumn("encoding {task.completed:,} images"),
        BarColumn(),
        TimeRemainingColumn(),
        console=stderr(quiet=options.quiet),
        transient=True,
    ) as progress:
        task = progress.add_task("encoding", total=None)

        def counted(images: NDArray[np.float32]) -> Any:
            progress.advance(task, len(images))
            return encode(images)

        table = print_warnings(lambda: evaluate(data, counted, rng=options.seed, **arguments))
    table.to_json(options.run_dir / SCORES)
    console = stdout(quiet=options.quiet)
    console.print(table)
    seconds = time.perf_counter() - start
    console.print(f"{options.run_dir / SCORES} ({seconds:.1f} s)", soft_wrap=True)
    console.print(f"next: disentlib report {options.run_dir}", soft_wrap=True)
