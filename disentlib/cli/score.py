"""`disentlib score`: score anyone's arrays."""

import argparse
import csv
import json
import sys
import warnings
import zipfile
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from disentlib import files, metrics
from disentlib.cli.console import Parser, UsageError, nearest, stdout
from disentlib.metrics.protocol import Protocol

EXAMPLE = """examples:
  disentlib score codes.npz                          # arrays `codes` and `factors`
  disentlib score codes.csv --factors shape,scale    # these columns, all others are codes
  disentlib score codes.csv --factors shape,x,y --continuous x,y      # and these are real-valued
  disentlib score codes.npz --metrics mig,modularity --protocol locatello2019 --json scores.json
  disentlib score codes.npz --plot plots/            # and draw what the scores are taken from

An NPZ file may also hold `factor_names`, and `test_codes` and `test_factors` for scores that fit a
predictor. numpy.savez("codes.npz", codes=codes, factors=factors) writes one.
"""


def parser() -> argparse.ArgumentParser:
    """Return the command's parser."""
    parser = Parser(
        prog="disentlib score",
        description="Score arrays of codes (samples, dims) and factors (samples, factors),\n"
        "and say what could fool the scores.",
        epilog=EXAMPLE,
    )
    parser.add_argument(
        "file", metavar="FILE", type=Path, help="an NPZ file, or a CSV with a header"
    )
    parser.add_argument("--factors", metavar="A,B,C", help="the factor columns of a CSV file")
    parser.add_argument(
        "--continuous",
        metavar="A,C",
        help="which factors are real-valued: names, or positions where factors have none",
    )
    add_score_flags(parser)
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="of splits and resampling")
    parser.add_argument(
        "--json",
        nargs="?",
        const="-",
        metavar="PATH",
        help="write all of it to PATH as JSON as well; without PATH print that instead",
    )
    parser.add_argument(
        "--plot",
        type=Path,
        metavar="DIR",
        help="draw importance and information of codes and factors, and IRS, as PNG files in DIR",
    )
    return parser


def add_score_flags(parser: argparse.ArgumentParser) -> None:
    """Give a parser the flags of every command that takes scores."""
    parser.add_argument(
        "--metrics",
        metavar="A,B,C",
        help=f"which scores, all that apply by default: {', '.join(metrics.SCORES)}",
    )
    parser.add_argument(
        "--protocol",
        choices=get_args(Protocol),
        help="follow the reference's choices to the digit; the sound ones by default",
    )
    parser.add_argument("--repeats", type=int, metavar="N", help="take scores N times for spreads")
    parser.add_argument(
        "--interval", type=float, metavar="P", help="with repeats, intervals of coverage P"
    )


def score_options(options: argparse.Namespace) -> dict[str, Any]:
    """Return what `add_score_flags` gathered, as arguments; those not given are absent.

    Raises:
        UsageError: for an unknown score.
    """
    chosen: dict[str, Any] = {
        name: value
        for name in ("protocol", "repeats", "interval")
        if (value := getattr(options, name)) is not None
    }
    if options.metrics is not None:
        chosen["metrics"] = names = options.metrics.split(",")
        for name in names:
            if name not in metrics.SCORES:
                raise UsageError(
                    f"no score {name!r} among {', '.join(metrics.SCORES)}"
                    f"{nearest(name, metrics.SCORES)}"
                )
    return chosen


def run(options: argparse.Namespace) -> None:
    """Read, score, diagnose, print, draw."""
    real = options.continuous.split(",") if options.continuous else []
    arrays = (
        read_csv(options.file, options.factors, real)
        if is_csv(options)
        else read_npz(options.file, real)
    )
    table = say_warnings(
        lambda: metrics.evaluate(
            arrays.codes,
            arrays.factors,
            continuous=arrays.continuous,
            factor_names=arrays.factor_names,
            test=arrays.test,
            rng=options.seed,
            **score_options(options),
        )
    )
    diagnosis = metrics.diagnose(
        arrays.codes,
        arrays.factors,
        continuous=arrays.continuous,
        factor_names=arrays.factor_names,
        rng=options.seed,
    )
    content = json.loads(table.to_json()) | {"diagnosis": diagnosis.to_dict()["findings"]}
    text = json.dumps(content, indent=1)
    if options.json == "-":
        print(text)
    else:
        console = stdout()
        console.print(table)
        console.print("\n[bold]what could fool these scores")
        for line in str(diagnosis).splitlines():
            console.print(f"- {line}", markup=False, soft_wrap=True)
        if options.json:
            files.write(options.json, text + "\n")
    if options.plot:
        for path in draw(arrays, options):
            if options.json != "-":
                console.print(str(path), markup=False, soft_wrap=True)


def draw(arrays: "Arrays", options: argparse.Namespace) -> list[Path]:
    """Draw the figures behind the scores, and return their paths."""
    from disentlib.visualization import save_score_figures  # matplotlib and Pillow, where needed

    return save_score_figures(
        arrays.codes,
        arrays.factors,
        options.plot,
        continuous=arrays.continuous,
        factor_names=arrays.factor_names,
        protocol=options.protocol,
        test=arrays.test,
        context=options.file.name,
        rng=options.seed,
    )


def say_warnings(work: Callable[[], metrics.ScoreTable]) -> metrics.ScoreTable:
    """Return what `work` returns, its warnings as lines on stderr."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        table = work()
    for text in dict.fromkeys(str(warning.message) for warning in caught):
        print(f"warning: {text}", file=sys.stderr)
    return table


@dataclass(frozen=True)
class Arrays:
    """What a file holds."""

    codes: NDArray[Any]
    factors: NDArray[Any]
    factor_names: list[str] | None = None
    continuous: tuple[bool, ...] | bool = False
    test: tuple[NDArray[Any], NDArray[Any]] | None = None


def is_csv(options: argparse.Namespace) -> bool:
    """Return whether the file is a CSV; a UsageError if its ending or the flags do not fit."""
    kind = options.file.suffix.lower()
    if kind not in (".npz", ".csv"):
        raise UsageError(f"expected a file .npz or .csv, got {options.file}")
    if kind == ".csv" and not options.factors:
        raise UsageError("expected --factors A,B,C: which columns of the CSV file are factors")
    if kind == ".npz" and options.factors:
        raise UsageError("--factors is for CSV files: an NPZ file has an array `factors`")
    return kind == ".csv"


def read_npz(path: Path, continuous: Sequence[str] = ()) -> Arrays:
    """Read codes and factors, never unpickling.

    Args:
        path: the file.
        continuous: which factors are real-valued, by name, or by position where they have none.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if it is damaged, no NPZ file, lacks an array, or has one of Python objects.
    """
    try:
        with path.open("rb") as file:
            if not zipfile.is_zipfile(file):
                raise ValueError("not the archive that numpy.savez writes")
            file.seek(0)
            with np.load(file, allow_pickle=False) as content:
                read = {name: content[name] for name in _KNOWN if name in content}
                held = ", ".join(content.files) or "nothing"
    except (ValueError, zipfile.BadZipFile, EOFError, zlib.error) as error:
        if "Object arrays" in str(error):
            raise ValueError(
                f"expected numbers and text in {path}, got Python objects, which are not read: "
                "they could run anything"
            ) from error
        raise ValueError(f"expected a whole NPZ file, {path} is damaged: {error}") from error
    for name in ("codes", "factors"):
        if name not in read:
            raise ValueError(f"expected arrays codes and factors in {path}, it holds {held}")
    arrays = Arrays(read["codes"], read["factors"])
    if "factor_names" in read:
        arrays = replace(arrays, factor_names=[str(name) for name in read["factor_names"].ravel()])
    if "test_codes" in read and "test_factors" in read:
        arrays = replace(arrays, test=(read["test_codes"], read["test_factors"]))
    if continuous:
        names = arrays.factor_names or [str(i) for i in range(arrays.factors.shape[-1])]
        arrays = replace(arrays, continuous=_chosen(continuous, names))
    return arrays


_KNOWN = ("codes", "factors", "factor_names", "test_codes", "test_factors")


def read_csv(path: Path, factors: str, continuous: Sequence[str] = ()) -> Arrays:
    """Read the named columns as factors, numbers or words, and all others as codes.

    Args:
        path: the file.
        factors: names of the factors' columns, separated by commas.
        continuous: names of those among them that are real-valued.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if a column is missing, a row has too many or too few, or a code is no number.
    """
    names = factors.split(",")
    known = _chosen(continuous, names)
    with path.open(newline="", encoding="utf-8-sig") as file:
        reader = csv.reader(file)
        header = [name.strip() for name in next(reader, [])]
        for name in names:
            if name not in header:
                raise ValueError(
                    f"no column {name!r} among {', '.join(header) or 'none'} of {path}"
                    f"{nearest(name, header)}"
                )
        rows = []
        for row in reader:
            if row and len(row) != len(header):
                raise ValueError(
                    f"expected {len(header)} values in line {reader.line_num} of {path}, "
                    f"got {len(row)}"
                )
            if row:
                rows.append(row)
    columns = dict(zip(header, zip(*rows, strict=True), strict=True)) if rows else {}
    codes = [name for name in header if name not in names]
    if not columns or not codes:
        raise ValueError(f"expected codes beside the factors in {path}, got none")
    return Arrays(
        np.stack([_numbers(columns[name], name, path) for name in codes], axis=1),
        np.stack(
            [
                _numbers(columns[name], name, path) if real else _labels(columns[name])
                for name, real in zip(names, known, strict=True)
            ],
            axis=1,
        ),
        names,
        known,
    )


def _chosen(continuous: Sequence[str], names: Sequence[str]) -> tuple[bool, ...]:
    """Return which factors are among the real-valued ones, or say which of those is none."""
    for name in continuous:
        if name not in names:
            raise UsageError(
                f"no factor {name!r} for --continuous among {', '.join(names)}"
                f"{nearest(name, names)}"
            )
    return tuple(name in continuous for name in names)


def _numbers(values: tuple[str, ...], name: str, path: Path) -> NDArray[np.float64]:
    try:
        return np.array(values, np.float64)
    except ValueError as error:
        raise ValueError(f"expected numbers in column {name!r} of {path}: {error}") from error


def _labels(values: tuple[str, ...]) -> NDArray[np.int64]:
    """Return whole numbers as they are; other values numbered in alphabetical order."""
    try:
        return np.array([int(value) for value in values], np.int64)
    except ValueError:
        words = [value.strip() for value in values]
        return np.unique(np.array(words), return_inverse=True)[1].astype(np.int64)
