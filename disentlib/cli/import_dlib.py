"""`disentlib import-dlib`: results of disentanglement_lib as a table of results."""

import argparse
from pathlib import Path

from disentlib import files
from disentlib.cli.console import Parser, UsageError, stderr, stdout

DESCRIPTION = """Read the results that disentanglement_lib left into a table of results.

DIR is searched to any depth for its results/ folders and aggregated files; it may also be one file
of aggregated results. The table has a row per model x representation x score, as `disentlib study
collect` writes it, so that old and new results are analysed together. What cannot be read is named
and skipped.

example:
  disentlib import-dlib output/unsupervised_study_v1 --out dlib.parquet"""
SHOWN = 20
SUFFIXES = (".parquet", ".csv")


def parser() -> argparse.ArgumentParser:
    """Return the parser of `disentlib import-dlib`."""
    command = Parser(prog="disentlib import-dlib", description=DESCRIPTION)
    command.add_argument("path", metavar="DIR", type=Path, help="disentanglement_lib's output")
    command.add_argument(
        "--out", metavar="FILE", type=Path, required=True, help="the table: .parquet or .csv"
    )
    command.add_argument(
        "--study",
        metavar="NAME",
        default="disentanglement_lib",
        help="what the table calls the results (default: disentanglement_lib)",
    )
    return command


def run(options: argparse.Namespace) -> int:
    """Read, print what was skipped, write the table."""
    out: Path = options.out
    if out.suffix not in SUFFIXES:
        raise UsageError(f"expected --out to end in {' or '.join(SUFFIXES)}, got {out.name}")
    try:
        from disentlib.studies import dlib
    except ModuleNotFoundError as error:
        raise ImportError(f"tables need {error.name}: pip install 'disentlib[tables]'") from error

    with stderr(quiet=options.quiet).status("reading"):
        imported = dlib.read(options.path, study=options.study)
    table = imported.table
    _print_skipped(imported.skipped, out)
    if table.empty:
        raise ValueError(f"expected results of disentanglement_lib in {options.path}, found none")
    out.parent.mkdir(parents=True, exist_ok=True)
    with files.replacing(out) as partial:
        if out.suffix == ".csv":
            table.to_csv(partial, index=False)
        else:
            table.to_parquet(partial, index=False)
    stdout().print(
        f"{out}: {imported.evaluations:,} evaluations of {table['job'].nunique():,} models, "
        f"{len(table):,} rows; {len(imported.skipped):,} skipped",
        soft_wrap=True,
    )
    return 0


def _print_skipped(skipped: list, out: Path) -> None:  # type: ignore[type-arg]
    """Print the first files that were skipped; write the full list to a file if it is long."""
    console = stdout()
    for one in skipped[:SHOWN]:
        console.print(f"skipped {one.path}: {one.reason}", soft_wrap=True)
    if len(skipped) > SHOWN:
        file = out.with_name(f"{out.stem}.skipped.txt")
        file.parent.mkdir(parents=True, exist_ok=True)
        files.write(file, "".join(f"{one.path}: {one.reason}\n" for one in skipped))
        console.print(f"... {len(skipped):,} in all, in {file}", soft_wrap=True)
