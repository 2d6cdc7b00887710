"""`disentlib train`: train a model as gin files describe it."""

import argparse

import gin

from disentlib import training
from disentlib.cli import configuration
from disentlib.cli.console import Parser, UsageError, stdout

EXAMPLE = """example:
  disentlib train --gin_file data/dsprites_rendered.gin --gin_file models/beta_vae.gin \\
                  --gin_file runs/train.gin --gin_param 'BETA=8.0' --run_dir runs/b8

The same command again resumes, from the last checkpoint; a larger STEPS continues a finished run.
gin files are code: what they import and bind runs, under --dry_run too. Read those of others first.
"""


def parser() -> argparse.ArgumentParser:
    """Return the command's parser."""
    parser = Parser(
        prog="disentlib train",
        description="Train a model as gin files describe it, resumably.",
        epilog=EXAMPLE,
    )
    configuration.add_gin_flags(parser)
    parser.add_argument("--run_dir", metavar="DIR", help="where the run lives; made if absent")
    parser.add_argument(
        "--init_from",
        metavar="RUN_DIR",
        help="start from the weights of another run, or of a .keras file: fine-tuning",
    )
    parser.add_argument(
        "--dry_run", action="store_true", help="build everything, print the configuration, stop"
    )
    return parser


def run(options: argparse.Namespace) -> None:
    """Parse, train, print the final figures."""
    if not options.gin_file:
        raise UsageError("expected at least one --gin_file, such as runs/demo.gin")
    if not options.run_dir and not options.dry_run:
        raise UsageError("expected --run_dir DIR, the directory in which the run lives")
    parameters = list(options.gin_param)
    if options.init_from is not None:
        parameters.append(f"training.train.init_from = {options.init_from!r}")
    configuration.parse(options.gin_file, parameters)
    for part, folder in (("data", "data/"), ("model", "models/")):
        try:
            gin.query_parameter(f"training.train.{part}")
        except ValueError:
            raise UsageError(
                f"no file binds training.train.{part}: add a --gin_file from {folder}"
            ) from None

    train = gin.get_configurable(training.train)
    figures = train(
        run_dir=options.run_dir or ".",
        operative_config=gin.operative_config_str,
        dry_run=options.dry_run,
        quiet=options.quiet,
    )
    console = stdout(quiet=options.quiet)
    if options.dry_run:
        console.print(gin.operative_config_str(), soft_wrap=True)
        console.print(f"# {figures['parameters']:,} parameters; nothing was trained")
    else:
        terms = ", ".join(f"{name} {value:.4g}" for name, value in figures["evaluation"].items())
        speed = f"{figures['images_per_second']:,.0f} images/s"
        console.print(f"step {figures['step']:,}: {terms} ({speed})", soft_wrap=True)
        console.print(f"next: disentlib evaluate {options.run_dir}", soft_wrap=True)
