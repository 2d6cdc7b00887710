"""`disentlib data`: list, describe, show, verify and compare data sets."""

import argparse
import importlib
import inspect
import json
import math
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Table

from disentlib import configs, data
from disentlib.cli.console import Parser, UsageError, add_common_flags, nearest, stderr, stdout
from disentlib.data import GroundTruthData
from disentlib.data.catalog import SETS, WITH_ARGUMENTS
from disentlib.screen import safe

DESCRIPTION = """List, describe, show, verify and compare data sets.

examples:
  disentlib data list                          # every set, and what it needs
  disentlib data info dsprites_rendered        # factors, sizes, and how to train on it
  disentlib data show dsprites_rendered --out pictures
  disentlib data show mine.npz --out pictures/ # also module:Class, a class of your own
  disentlib data import my_pictures/ --out mine.npz --side 64
  disentlib data prepare dsprites_rendered --data_dir ~/tensorflow_datasets
  disentlib data verify dsprites ~/data/dsprites_ndarray_co1sh3sc6or40x32y32_64x64.npz
  disentlib data compare ~/data                # published dSprites against dsprites_rendered"""

ADVICE = "See `disentlib data list`"


def parser() -> argparse.ArgumentParser:
    """Return the parser of `disentlib data`."""
    command = Parser(prog="disentlib data", description=DESCRIPTION)
    actions = command.add_subparsers(metavar="ACTION", required=True)
    # The common flags are allowed before and after the action; without SUPPRESS those after it
    # would reset those before it to their defaults.
    common = Parser(add_help=False, argument_default=argparse.SUPPRESS)
    add_common_flags(common)

    def add(run: Callable[[argparse.Namespace], int | None], what: str) -> argparse.ArgumentParser:
        name = run.__name__.rstrip("_")
        action = actions.add_parser(name, help=what, description=what, parents=[common])
        action.set_defaults(action=run)
        return action

    action = add(list_, "every set, its factors, and whether it needs a file")
    action.add_argument("--json", action="store_true", help="machine-readable output")

    action = add(info, "one set: factors, images, where its file is looked for, its gin file")
    action.add_argument("name", metavar="NAME", help="a name of `disentlib data list`")
    action.add_argument("--json", action="store_true", help="machine-readable output")

    action = add(show, "pictures of what each factor does: PNG sheets, GIF animations")
    action.add_argument(
        "name",
        metavar="NAME",
        help="a name of `disentlib data list`, a file that `disentlib data import` wrote, a folder "
        "that TensorFlow Datasets prepared, or module:Class for a class of your own",
    )
    action.add_argument(
        "--out", metavar="DIR", type=Path, default=Path("pictures"), help="default: pictures/"
    )
    action.add_argument("--path", metavar="PATH", type=Path, help="the set's file or folder")
    action.add_argument("--seed", metavar="N", type=int, default=0, help="of what is drawn")

    action = add(verify, "check a published file: checksum, layout, order, known counts")
    action.add_argument("name", metavar="NAME", help="a set that is read from a file")
    action.add_argument("path", metavar="PATH", type=Path, help="its file or folder")

    action = add(compare, "published dSprites against dsprites_rendered, pixel by pixel")
    action.add_argument("path", metavar="PATH", type=Path, help="the published file or its folder")

    action = add(import_, "bring your own observations and factors into one file for runs")
    action.add_argument(
        "source",
        metavar="SOURCE",
        type=Path,
        help="a .npz or HDF5 file with images (pictures or vectors) and factors, a folder with "
        "images.npy and factors.npy, or a folder of pictures with one .csv: file name, factors",
    )
    action.add_argument("--out", metavar="FILE", type=Path, required=True, help="the .npz to write")
    action.add_argument("--side", metavar="N", type=int, help="resize pictures to N x N")
    action.add_argument(
        "--drop_missing",
        action="store_true",
        help="leave out rows of the .csv that lack a value, and say how many; refused by default",
    )
    action.add_argument(
        "--background",
        choices=("black", "white"),
        help="what shows through transparent pictures; without it they are refused",
    )

    action = add(prepare, "write a set as shards that TensorFlow Datasets reads; resumes")
    action.add_argument("name", metavar="NAME", help="a set with a full grid of factors")
    action.add_argument("--data_dir", metavar="DIR", type=Path, required=True, help="TFDS's folder")
    action.add_argument("--path", metavar="PATH", type=Path, help="the set's file or folder")
    return command


def run(options: argparse.Namespace) -> int | None:
    """Run the chosen action."""
    return options.action(options)


def list_(options: argparse.Namespace) -> None:
    """Print one line a set."""
    rows = [describe(name) for name in sorted({*SETS, *generated()})]
    if options.json:
        print(json.dumps(rows, indent=2))
        return
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0))
    for heading in ("name", "images", "factors", "image", "needs"):
        table.add_column(heading, overflow="fold", no_wrap=heading == "name")
    for row in rows:
        sizes = list(row["factors"].values())
        table.add_row(
            row["name"],
            f"{row['images']:,}" if row["images"] else "-",
            " ".join("real" if size is None else str(size) for size in sizes)
            if len(sizes) <= 8
            else f"{len(sizes)} factors",
            "x".join(map(str, row["image_shape"])),
            row["needs"],
        )
    stdout().print(table)


def info(options: argparse.Namespace) -> None:
    """Print what one set is, and how to get and use it."""
    kind = set_class(options.name, (*SETS, *generated()))
    row = describe(options.name)
    if options.json:
        print(json.dumps(row, indent=2))
        return
    count = f"{row['images']:,} of " if row["images"] else "no full grid of factors, "
    lines = [f"{row['name']}: {row['summary']}", "", "factors:"]
    lines += [f"  {name:20}{_values(size)}" for name, size in row["factors"].items()]
    kinds = "images" if len(row["image_shape"]) == 3 else "vectors"
    lines += [
        "",
        f"{kinds:9}{count}{'x'.join(map(str, row['image_shape']))}, {row['dtype']}",
        f"python   data.{kind.__name__}({'' if kind.needs == 'nothing' else 'path'})",
    ]
    if row["gin"]:
        lines.append(f"train    disentlib train --gin_file {row['gin']} ...")
    if kind.needs != "nothing":
        try:
            lines.append(f"file     {getattr(data.load(options.name), 'file', 'found')}")
        except FileNotFoundError as error:
            lines.append(f"file     missing: {error}")
    stdout().print("\n".join(lines), soft_wrap=True)


def verify(options: argparse.Namespace) -> None:
    """Check a published file and print each fact that holds."""
    kind = set_class(options.name)
    if not hasattr(kind, "verify"):
        raise UsageError(f"{options.name} is drawn, there is no file to verify")
    source = chosen_set(options)
    with stderr(quiet=options.quiet).status(f"reading {options.path}"):
        for fact in source.verify():  # type: ignore[attr-defined]
            stdout().print(f"good: {fact}", soft_wrap=True)


def compare(options: argparse.Namespace) -> int:
    """Count the pixels that the published dSprites and the drawn ones do not share."""
    from disentlib.ops import drawing

    published = data.DSprites(options.path)
    with stderr(quiet=options.quiet).status(f"reading {published.file}"):
        bits = published.bits
        images = pixels = 0
        examples: list[str] = []
        for start in range(0, published.grid_size, 8192):
            factors = published.grid_factors(range(start, min(start + 8192, published.grid_size)))
            differing = np.bitwise_count(
                drawing.dsprites_bits(factors) ^ bits[start : start + len(factors)]
            ).sum(axis=(1, 2), dtype=int)
            images += int((differing > 0).sum())
            pixels += int(differing.sum())
            examples += [str(row.tolist()) for row in factors[differing > 0]]
    out = stdout()
    out.print(f"images that differ: {images:,} of {published.grid_size:,}")
    out.print(f"pixels that differ: {pixels:,} of {64 * 64 * published.grid_size:,}")
    if examples:
        out.print(f"for example factors {', '.join(examples[:3])}", soft_wrap=True)
    return 0


def show(options: argparse.Namespace) -> None:
    """Write pictures of one set."""
    from disentlib.visualization import encoding, grids
    from disentlib.visualization.datasets import save_pictures

    source = chosen_set(options)
    source.require_pictures("drawn")
    with stderr(quiet=options.quiet).status(f"drawing {options.name}"):
        paths = save_pictures(source, options.out, rng=options.seed) if source.has_full_grid else []
        sheet = grids.square_grid(source.sample(64, options.seed)[1])
        paths.append(encoding.save(options.out / "samples.png", encoding.png(sheet)))
    stdout().print("\n".join(map(str, paths)), soft_wrap=True)


def import_(options: argparse.Namespace) -> None:
    """Bring a user's images and factors into one file."""
    notes: list[str] = []
    with stderr(quiet=options.quiet).status(f"reading {options.source}"):
        imported = data.import_data(
            options.source,
            options.out,
            side=options.side,
            background=options.background,
            drop_missing=options.drop_missing,
            say=notes.append,
        )
    if not options.quiet:
        for note in notes:
            print(f"note: {safe(note)}", file=sys.stderr)
    sizes = zip(imported.factor_names, imported.factor_sizes, strict=True)
    out = stdout()
    kind = "images" if imported.are_pictures else "observations"
    shape = "x".join(map(str, imported.shape))
    out.print(f"{len(imported.rows):,} {kind} of {shape}, {imported.dtype}")
    for name, size in sizes:
        out.print(f"  {name:20}{_values(size)}")
    grid = "every combination occurs" if imported.has_full_grid else "not every combination occurs"
    out.print(f"{grid}; use it as data.ImportedData({str(options.out)!r})", soft_wrap=True)


def prepare(options: argparse.Namespace) -> None:
    """Write a set for TensorFlow Datasets."""
    source = chosen_set(options)
    import_tfds()
    bar = Progress(
        TextColumn(options.name, markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=stderr(quiet=options.quiet),
    )
    with bar:
        task = bar.add_task("", total=source.grid_size)
        folder = data.prepare(
            source,
            options.data_dir,
            progress=lambda done, total: bar.update(task, completed=done, total=total),
        )
    stdout().print(f"{source.grid_size:,} images in {folder}", soft_wrap=True)
    load = f"tfds.load({folder.parent.name!r}, data_dir={str(options.data_dir)!r})"
    stdout().print(load, soft_wrap=True)


def chosen_set(options: argparse.Namespace) -> data.GroundTruthData:
    """Return the data set of `options.name`, read from `options.path` if there is one."""
    arguments = {"path": options.path} if options.path else {}
    if options.name in SETS:
        source = data.load(options.name, **arguments)
    elif options.name in WITH_ARGUMENTS or ":" in options.name:
        from disentlib.cli.configuration import find_own_modules

        find_own_modules()
        try:
            source = data.from_config({"name": options.name, **arguments})
        except TypeError as error:
            raise UsageError(
                f"{options.name} takes a --path, or cannot be made: {error}"
            ) from error
    elif Path(options.name).expanduser().exists():  # an imported file or a prepared folder
        kind = "tfds" if Path(options.name).expanduser().is_dir() else "imported"
        source = data.from_config({"name": kind, "path": options.name})
    else:
        raise UsageError(unknown(options.name, SETS))
    file = getattr(source, "file", None)
    if file is not None and (file / "dataset_info.json").is_file():
        import_tfds()
    return source


def import_tfds() -> None:
    """Import TensorFlow Datasets before any progress bar or spinner starts.

    Its import replaces Python's import function for all threads, those of bars and spinners too.
    """
    importlib.import_module("tensorflow_datasets")


def set_class(name: str, known: Iterable[str] = SETS) -> type[data.GroundTruthData]:
    """Return the class of a set, or a usage error with the nearest of the known names."""
    if name not in known:
        raise UsageError(unknown(name, known))
    return SETS[name] if name in SETS else WITH_ARGUMENTS[name]


def unknown(name: str, known: Iterable[str]) -> str:
    """Return what to say where no data set has this name."""
    return f"no data set {name!r}{nearest(name, known)}. {ADVICE}"


def _values(size: int | None) -> str:
    return f"{size} values" if size else "real-valued"


def generated() -> list[str]:
    """Return the names of the sets of numbers that are drawn from their arguments' defaults."""
    return [
        name
        for name, kind in WITH_ARGUMENTS.items()
        if all(one.default is not one.empty for one in inspect.signature(kind).parameters.values())
    ]


def describe(name: str) -> dict[str, Any]:
    """Return the properties of a set that are known without its file, for JSON."""
    kind: type[GroundTruthData] | GroundTruthData
    shape: tuple[int, ...]
    if name in SETS:
        kind = SETS[name]
        shape = kind.image_shape
    else:
        kind = generated_set = WITH_ARGUMENTS[name]()
        shape = generated_set.shape
    sizes = kind.factor_sizes
    gin = configs.directory() / "data" / f"{name}.gin"
    return {
        "name": name,
        "summary": (kind.__doc__ or "").partition("\n")[0],
        "factors": dict(zip(kind.factor_names, sizes, strict=True)),
        "images": math.prod(size or 0 for size in sizes) if kind.has_full_grid else None,
        "image_shape": list(shape),
        "dtype": str(np.dtype(kind.dtype)),
        "needs": kind.needs,
        "gin": f"data/{gin.name}" if gin.is_file() else None,
    }
