"""`disentlib data`: list, describe, show, verify and compare data sets."""

import argparse
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from rich.table import Table

from disentlib import configs, data
from disentlib.cli.console import Parser, UsageError, add_common_flags, nearest, stderr, stdout
from disentlib.data.catalog import SETS

DESCRIPTION = """List, describe, show, verify and compare data sets.

examples:
  disentlib data list                          # every set, and what it needs
  disentlib data info dsprites_rendered        # factors, sizes, and how to train on it
  disentlib data show dsprites_rendered --out pictures
  disentlib data verify dsprites ~/data/dsprites_ndarray_co1sh3sc6or40x32y32_64x64.npz
  disentlib data compare ~/data                # published dSprites against dsprites_rendered"""


def parser() -> argparse.ArgumentParser:
    """Return the parser of `disentlib data`."""
    command = Parser(prog="disentlib data", description=DESCRIPTION)
    actions = command.add_subparsers(metavar="ACTION", required=True)
    # The flags of every command may follow the action too, without resetting those before it.
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
    action.add_argument("name", metavar="NAME", help="a name of `disentlib data list`")
    action.add_argument(
        "--out", metavar="DIR", type=Path, default=Path("pictures"), help="default: pictures/"
    )

    action = add(verify, "check a published file: checksum, layout, order, known counts")
    action.add_argument("name", metavar="NAME", help="a set that is read from a file")
    action.add_argument("path", metavar="PATH", type=Path, help="its file or folder")

    action = add(compare, "published dSprites against dsprites_rendered, pixel by pixel")
    action.add_argument("path", metavar="PATH", type=Path, help="the published file or its folder")
    return command


def run(options: argparse.Namespace) -> int | None:
    """Run the chosen action."""
    return options.action(options)


def list_(options: argparse.Namespace) -> None:
    """Print one line a set."""
    rows = [describe(name) for name in sorted(SETS)]
    if options.json:
        print(json.dumps(rows, indent=2))
        return
    table = Table(box=None)
    for heading in ("name", "images", "factors", "image", "needs"):
        table.add_column(heading, no_wrap=heading != "factors")
    for row in rows:
        table.add_row(
            row["name"],
            f"{row['images']:,}" if row["images"] else "-",
            " ".join(f"{name}:{size}" for name, size in row["factors"].items()),
            "x".join(map(str, row["image_shape"])),
            row["needs"],
        )
    stdout().print(table)


def info(options: argparse.Namespace) -> None:
    """Print what one set is, and how to get and use it."""
    kind = known(options.name)
    row = describe(options.name)
    if options.json:
        print(json.dumps(row, indent=2))
        return
    count = f"{row['images']:,} of " if row["images"] else "no full grid of factors, "
    lines = [f"{row['name']}: {row['summary']}", "", "factors:"]
    lines += [f"  {name:20}{size} values" for name, size in row["factors"].items()]
    lines += [
        "",
        f"images   {count}{'x'.join(map(str, row['image_shape']))}, {row['dtype']}",
        f"python   data.{kind.__name__}({'' if kind.needs == 'nothing' else 'path'})",
    ]
    if row["gin"]:
        lines.append(f"train    disentlib train --gin_file {row['gin']} ...")
    if kind.needs != "nothing":
        try:
            lines.append(f"file     {getattr(data.load(options.name), 'file', 'found')}")
        except FileNotFoundError as error:
            lines.append(f"file     missing: {error}")
    stdout().print("\n".join(lines), markup=False, soft_wrap=True)


def show(options: argparse.Namespace) -> None:
    """Draw what each factor does and print the files' names."""
    from disentlib import visualization

    known(options.name)
    with stderr(quiet=options.quiet).status(f"drawing {options.name}"):
        paths = visualization.save_pictures(data.load(options.name), options.out)
    stdout().print("\n".join(map(str, paths)), markup=False, soft_wrap=True)


def verify(options: argparse.Namespace) -> None:
    """Check a published file and print each thing found right."""
    kind = known(options.name)
    if not hasattr(kind, "verify"):
        raise UsageError(f"{options.name} is drawn, there is no file to verify")
    with stderr(quiet=options.quiet).status(f"reading {options.path}"):
        for fact in data.load(options.name, path=options.path).verify():  # type: ignore[attr-defined]
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


def known(name: str) -> type[data.GroundTruthData]:
    """Return the class of a set, or a usage error with the nearest name."""
    if name not in SETS:
        raise UsageError(f"no data set {name!r}{nearest(name, SETS)} See `disentlib data list`")
    return SETS[name]


def describe(name: str) -> dict[str, Any]:
    """Return what is known of a set without its file, as JSON holds it."""
    kind = SETS[name]
    sizes = kind.factor_sizes
    gin = configs.directory() / "data" / f"{name}.gin"
    return {
        "name": name,
        "summary": (kind.__doc__ or "").partition("\n")[0],
        "factors": dict(zip(kind.factor_names, sizes, strict=True)),
        "images": math.prod(size or 0 for size in sizes) if kind.has_full_grid else None,
        "image_shape": list(kind.image_shape),
        "dtype": str(np.dtype(kind.dtype)),
        "needs": kind.needs,
        "gin": f"data/{gin.name}" if gin.is_file() else None,
    }
