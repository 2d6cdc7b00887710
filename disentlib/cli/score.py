"""`disentlib score`: score anyone's arrays."""

import argparse
import csv
import json
import sys
import warnings
import zipfile
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_args

import numpy as np
from rich.text import Text

from disentlib import files, limits, metrics
from disentlib.cli.console import Parser, UsageError, nearest, stdout
from disentlib.data import tables
from disentlib.metrics.protocol import Protocol
from disentlib.screen import safe

EXAMPLE = """examples:
  disentlib score codes.npz                          # arrays `codes` and `factors`
  disentlib score codes.csv --factors shape,scale    # these columns, all others are codes
  disentlib score codes.csv --factors shape,x,y --continuous x,y      # and these are real-valued
  disentlib score codes.csv --codes z0,z1 --factors shape             # or name both
  disentlib score --codes_file latents.csv --factors_file labels.csv  # or .tsv, .npy
  disentlib score dump.npz --keys codes=latents,factors=labels        # arrays of other names
  disentlib score codes.npz --metrics mig,modularity --protocol locatello2019 --json scores.json
  disentlib score codes.npz --plot plots/            # and draw what the scores are taken from

An NPZ file may also hold `factor_names` and `code_names`, and `test_codes` and `test_factors` for
scores that fit a predictor. numpy.savez("codes.npz", codes=codes, factors=factors) writes one.
Without factors, the scores that need none are taken.
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
        "file",
        metavar="FILE",
        type=Path,
        nargs="?",
        help="an NPZ file, or a CSV or TSV with a header",
    )
    parser.add_argument("--factors", metavar="A,B,C", help="the factor columns of a table")
    parser.add_argument(
        "--codes", metavar="A,B,C", help="its code columns; all that are no factors by default"
    )
    parser.add_argument(
        "--ignore", metavar="A,B", help="columns of a table, or arrays of an NPZ, to leave out"
    )
    parser.add_argument(
        "--continuous",
        metavar="A,C",
        help="which factors are real-valued: names, or positions where factors have none",
    )
    parser.add_argument(
        "--drop_missing",
        action="store_true",
        help="leave out rows of a table that lack a value, and say how many; refused by default",
    )
    parser.add_argument(
        "--codes_file", metavar="PATH", type=Path, help="codes alone: CSV, TSV or NPY"
    )
    parser.add_argument(
        "--factors_file", metavar="PATH", type=Path, help="their factors, row by row"
    )
    parser.add_argument(
        "--keys",
        metavar="codes=A,factors=B",
        help="how the arrays of an NPZ file are called",
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
    """Add the flags of every command that takes scores."""
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
    """Return the flags of `add_score_flags` as arguments, without those that were not given.

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
    content = read(options)
    codes = content.codes
    if options.plot and codes.factors is None:
        raise UsageError("--plot draws codes against factors: expected factors, got none")
    if not options.quiet:
        for note in content.notes:
            print(f"note: {safe(note)}", file=sys.stderr)
    table = print_warnings(
        lambda: metrics.evaluate(codes, rng=options.seed, **score_options(options))
    )
    diagnosis = metrics.diagnose(codes, rng=options.seed)
    report = json.loads(table.to_json()) | {"diagnosis": diagnosis.to_dict()["findings"]}
    report |= content.described()
    text = json.dumps(report, indent=1)
    if options.json == "-":
        print(text)
    else:
        console = stdout()
        for name in ("code", "factor"):
            names = report.get(f"{name}_names")
            if names:
                console.print(f"{name}s: {', '.join(names)}", soft_wrap=True)
        console.print(table)
        console.print(Text("\nwhat could fool these scores", style="bold"))
        for line in str(diagnosis).splitlines():
            console.print(f"- {line}", soft_wrap=True)
        if options.json:
            files.write(options.json, text + "\n")
    if options.plot:
        for path in draw(content, options):
            if options.json != "-":
                console.print(str(path), soft_wrap=True)


def draw(content: "Content", options: argparse.Namespace) -> list[Path]:
    """Draw the figures behind the scores, and return their paths."""
    from disentlib.visualization import save_score_figures  # matplotlib and Pillow, where needed

    return save_score_figures(
        content.codes,
        None,
        options.plot,
        protocol=options.protocol,
        context=content.source,
        rng=options.seed,
    )


def print_warnings(work: Callable[[], metrics.ScoreTable]) -> metrics.ScoreTable:
    """Return what `work` returns, and print its warnings on stderr."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        table = work()
    for text in dict.fromkeys(str(warning.message) for warning in caught):
        print(f"warning: {safe(text)}", file=sys.stderr)
    return table


@dataclass(frozen=True)
class Content:
    """The content of the files.

    Attributes:
        codes: codes, and factors where there are some, with names and test samples.
        source: the file's name.
        notes: messages on what was recognised or left out.
        words: for each factor given as words, its words in the order of its values.
    """

    codes: metrics.LabelledCodes
    source: str
    notes: tuple[str, ...] = ()
    words: dict[str, list[str]] = field(default_factory=dict)

    def described(self) -> dict[str, Any]:
        """Return the names and words, without empty ones, for JSON."""
        known = {
            "code_names": self.codes.code_names,
            "factor_names": self.codes.factor_names,
            "factor_words": self.words,
        }
        return {name: value for name, value in known.items() if value}


def read(options: argparse.Namespace) -> Content:
    """Read the file or files that were named.

    Raises:
        UsageError: if files and flags do not go together.
        FileNotFoundError: if a file is missing.
        ValueError: if what it holds cannot be read.
    """
    path: Path | None = options.file
    codes_file: Path | None = options.codes_file
    factors_file: Path | None = options.factors_file
    if codes_file is not None and path is not None:
        raise UsageError(f"expected FILE or --codes_file, got both: {path} and {codes_file}")
    path = codes_file or path
    if path is None:
        raise UsageError("expected a FILE, or --codes_file")
    kind = kind_of(path)
    names = {flag: split_names(getattr(options, flag)) for flag in ("codes", "factors", "ignore")}
    continuous = split_names(options.continuous) or []
    if kind == "npz":
        for flag in ("codes", "factors", "factors_file"):
            if getattr(options, flag):
                raise UsageError(
                    f"--{flag} is for tables: --keys {flag.partition('_')[0]}=NAME says how an "
                    "array of an NPZ file is called"
                )
        return read_npz(path, continuous, options.keys, names["ignore"] or [])
    if options.keys:
        raise UsageError(f"--keys is for NPZ files, got {path}")
    return read_tables(
        path, factors_file, **names, continuous=continuous, drop=options.drop_missing
    )


def kind_of(path: Path) -> str:
    """Return "npz", "npy" or "table" by a file's ending; a UsageError for another."""
    ending = path.suffix.lower()
    if ending == ".gz":
        ending = Path(path.stem).suffix.lower()
    if ending in (".npz", ".npy") and path.suffix.lower() != ".gz":
        return ending[1:]
    if ending in tables.SUFFIXES:
        return "table"
    raise UsageError(f"expected a file .npz, .npy, .csv, .tsv or .csv.gz, got {path}")


def split_names(text: str | None) -> list[str] | None:
    """Return names that commas separate; quotes keep a name that holds one.

    >>> split_names('shape, "x, y"')
    ['shape', 'x, y']
    """
    if text is None:
        return None
    (names,) = csv.reader([text], skipinitialspace=True)
    return [name.strip() for name in names]


KEYS = ("codes", "factors", "factor_names", "code_names", "test_codes", "test_factors")


def read_npz(
    path: Path,
    continuous: Sequence[str] = (),
    keys: str | None = None,
    ignore: Sequence[str] = (),
) -> Content:
    """Read codes and factors, never unpickling.

    Args:
        path: the file.
        continuous: which factors are real-valued, by name, or by position where they have none.
        keys: how its arrays are called: "codes=latents,factors=labels".
        ignore: arrays to leave out.

    Raises:
        UsageError: if it holds an array that has no meaning here, or half of a pair.
        FileNotFoundError: if there is no such file.
        ValueError: if it is damaged or too large, no NPZ file, lacks an array, or has one of Python
            objects.
    """
    array_names = {key: key for key in KEYS}
    for pair in split_names(keys) or []:
        key, equals, name = pair.partition("=")
        if not equals or key not in KEYS:
            raise UsageError(
                f"expected --keys such as codes=latents, for one of {', '.join(KEYS)}, "
                f"got {pair!r}{nearest(key, KEYS)}"
            )
        array_names[key] = name
    path = limits.check_regular(path)
    try:
        with path.open("rb") as file:
            if not zipfile.is_zipfile(file):
                raise ValueError("not the archive that numpy.savez writes")
            file.seek(0)
            with np.load(file, allow_pickle=False) as content:
                stored = list(content.files)
                unknown = [name for name in stored if name not in {*array_names.values(), *ignore}]
                if unknown and keys is None:
                    raise UsageError(
                        f"no use for array {unknown[0]!r} of {path}{nearest(unknown[0], KEYS)}; "
                        f"known are {', '.join(KEYS)}; --ignore leaves others out, --keys says "
                        "how these are called"
                    )
                wanted = {key: name for key, name in array_names.items() if name in stored}
                limits.check_npz(path, wanted.values())
                arrays = {key: content[name] for key, name in wanted.items()}
    except (ValueError, zipfile.BadZipFile, EOFError, zlib.error) as error:
        if "needs pickle" in str(error) or "Object arrays" in str(error):
            raise ValueError(
                f"expected numbers and text in {path}, got Python objects, which are not read: "
                "they could run anything"
            ) from error
        if str(limits.VARIABLE) in str(error):
            raise
        raise ValueError(f"expected a whole NPZ file, {path} is damaged: {error}") from error
    for key, name in array_names.items():
        if key not in arrays and (key == "codes" or name != key):
            raise ValueError(
                f"expected an array {name!r} in {path}, it holds {', '.join(stored) or 'nothing'}"
            )
    test_arrays = {"test_codes", "test_factors"} & set(arrays)
    if len(test_arrays) == 1 and "factors" in arrays:
        raise UsageError(
            f"expected test_codes and test_factors in {path}, got one: {test_arrays.pop()}"
        )
    if "factors" not in arrays and {"factor_names", "test_factors", "test_codes"} & set(arrays):
        raise UsageError(f"expected factors in {path} beside {', '.join(sorted(arrays))}")
    notes = [f"{path}: left out the arrays {', '.join(unknown)}"] if unknown else []
    if "factors" not in arrays:
        notes.append(f"{path}: no factors; scores of codes alone")
    code_names, factor_names = (
        [str(name) for name in arrays[key].ravel()] if key in arrays else None
        for key in ("code_names", "factor_names")
    )
    factors = arrays.get("factors")
    is_continuous: tuple[bool, ...] | bool = False
    if continuous:
        count = 0 if factors is None else (*factors.shape, 1)[1]
        is_continuous = are_continuous(continuous, factor_names or [str(i) for i in range(count)])
    labelled = metrics.LabelledCodes(
        arrays["codes"],
        factors,
        continuous=is_continuous,
        code_names=code_names,
        factor_names=factor_names,
        test=(arrays["test_codes"], arrays["test_factors"]) if test_arrays else None,
    )
    return Content(labelled, path.name, tuple(notes))


def read_tables(
    path: Path,
    factors_path: Path | None = None,
    *,
    codes: list[str] | None = None,
    factors: list[str] | None = None,
    ignore: list[str] | None = None,
    continuous: Sequence[str] = (),
    drop: bool = False,
) -> Content:
    """Read codes and factors from one table, or from two with the same rows.

    Args:
        path: of codes, or of both.
        factors_path: of the factors, where they have a file of their own.
        codes: names of the codes' columns; by default all that are named nowhere else.
        factors: names of the factors' columns; by default all of `factors_path`.
        ignore: names of columns to leave out.
        continuous: names of the factors that are real-valued.
        drop: whether rows that lack a value are left out.

    Raises:
        UsageError: if a name of `continuous` is no factor, or a column is named twice.
        FileNotFoundError: if a file is missing.
        ValueError: if a column is missing, rows do not fit, or a value is missing or no number.
    """
    named = [*(codes or ()), *(factors or ()), *(ignore or ())]
    twice = [name for name in dict.fromkeys(named) if named.count(name) > 1]
    if twice and factors_path is None:
        raise UsageError(f"expected a column as code, factor or ignored, got {twice[0]!r} twice")
    codes_table = load(path)
    factors_table = None if factors_path is None else load(factors_path)
    label_table = factors_table or codes_table
    notes: list[str] = []

    def others(table: tables.Table, taken: Sequence[str], *, anywhere: bool) -> list[str]:
        left = [name for name in table.names if name not in (*taken, *(ignore or ()))]
        numbering = [name for name in table.numbering(anywhere=anywhere) if name in left]
        if numbering and len(left) > len(numbering):
            left = [name for name in left if name not in numbering]
            shown = ", ".join(name or "without a name" for name in numbering)
            notes.append(f"{table.path}: left out the column {shown}, which numbers the rows")
        return left

    for name in ignore or ():
        if name not in (*codes_table.names, *label_table.names):
            codes_table.check([name])
    if factors is None:
        factors = [] if factors_table is None else others(factors_table, (), anywhere=False)
    label_table.check(factors)
    if codes is None:
        codes = others(codes_table, factors if factors_table is None else (), anywhere=True)
    codes_table.check(codes)
    if not codes or len(codes_table) < 1:
        raise ValueError(f"expected codes beside the factors in {path}, got none")
    is_continuous = are_continuous(continuous, factors)
    if factors_table is not None and len(codes_table) != len(factors_table):
        raise ValueError(
            f"expected as many rows in both files, got {len(codes_table):,} in {path} and "
            f"{len(factors_table):,} in {factors_path}"
        )
    advice = "fill it, or leave such rows out with --drop_missing"
    if factors_table is None:
        codes_table = label_table = codes_table.without_missing(
            [*factors, *codes], drop=drop, advice=advice
        )
    else:
        if drop:
            complete = ~(codes_table.missing(codes) | factors_table.missing(factors))
            if not complete.all():
                count = len(codes_table) - int(complete.sum())
                notes.append(f"left out {count:,} of {len(codes_table):,} rows, which lack a value")
            codes_table, factors_table = codes_table.rows(complete), factors_table.rows(complete)
        codes_table = codes_table.without_missing(codes, drop=False, advice=advice)
        label_table = factors_table.without_missing(factors, drop=False, advice=advice)
    values = codes_table.numbers(
        codes, advice="name it with --factors, or leave it out with --ignore"
    )
    code_names = codes if codes_table.has_names else None
    notes = [*codes_table.notes, *(label_table.notes if factors_table is not None else ()), *notes]
    if not factors:
        notes.append(f"no factors (--factors A,B names them): scores of {', '.join(codes)} alone")
        return Content(
            metrics.LabelledCodes(values, code_names=code_names), path.name, tuple(notes)
        )
    labels = label_table.labels(
        factors, continuous=continuous, advice="--continuous says that it is real-valued"
    )
    labelled = metrics.LabelledCodes(
        values,
        labels.values,
        continuous=is_continuous,
        code_names=code_names,
        factor_names=factors if label_table.has_names else None,
    )
    words = {
        name: list(words)
        for name, words in zip(factors, labels.words, strict=True)
        if words is not None
    }
    return Content(labelled, path.name, tuple(notes), words)


def load(path: Path) -> tables.Table:
    """Return a table from a text file, or from an array (rows, columns) or (rows,) in a .npy."""
    return tables.of_array(path) if kind_of(path) == "npy" else tables.read(path)


def are_continuous(continuous: Sequence[str], names: Sequence[str]) -> tuple[bool, ...]:
    """Return for each factor whether it is continuous; raise for a name of no factor."""
    for name in continuous:
        if name not in names:
            raise UsageError(
                f"no factor {name!r} for --continuous among {', '.join(names) or 'none'}"
                f"{nearest(name, names)}"
            )
    return tuple(name in continuous for name in names)
