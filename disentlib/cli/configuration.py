"""gin files and parameters, parsed strictly: an unknown name is an error that names the nearest."""

import argparse
import importlib
import inspect
import logging
import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import gin

from disentlib import configs
from disentlib.cli.console import UsageError, nearest

_MACRO = re.compile(r"\s*([A-Za-z_]\w*)\s*=")
_UNKNOWN = re.compile(
    r"(?:No configurable matching(?: reference)?|Couldn't resolve selector) '?@?([\w.]*\w)"
)
_IMPORT = re.compile(r"(from|import)\s")


def add_gin_flags(parser: argparse.ArgumentParser) -> None:
    """Give a parser `--gin_file` and `--gin_param`, by gin's convention."""
    parser.add_argument(
        "--gin_file",
        action="append",
        default=[],
        metavar="FILE",
        help="a gin file, a path or the name of a shipped one; later files win",
    )
    parser.add_argument(
        "--gin_param",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="a binding or an UPPER_CASE knob of the files; wins over every file",
    )


def find_own_modules() -> None:
    """Let gin files and runs import the user's modules from the working directory.

    It comes last on the path, so that nothing there hides a package.
    """
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.append(here)


def parse(files: Sequence[str], parameters: Sequence[str]) -> None:
    """Fill gin's configuration from files and parameters, having cleared what was there.

    Raises:
        UsageError: for a missing file, an unknown name, a knob that no file has, bad syntax.
    """
    find_own_modules()
    gin.clear_config(clear_constants=False)
    try:
        paths = [str(configs.find(name)) for name in files]
    except FileNotFoundError as error:
        raise UsageError(str(error)) from error
    gin.add_config_file_search_path(str(configs.directory()))  # for `include`
    # Files alone: gin would take the folder of `runs/train.gin` for a Python package as well, and
    # stumble over a folder `runs` where there is one.
    gin.config._FILE_READERS[:] = [(open, os.path.isfile)]
    logging.disable(logging.ERROR)  # gin logs each place where an included file is not
    try:
        for path in paths:
            gin.parse_config_file(path)
        knobs = _macros()
        # A parameter may name whatever the files have imported.
        imports = [line for line in gin.config_str().splitlines() if _IMPORT.match(line)]
        for parameter in parameters:
            _check_knob(parameter, knobs)
            gin.parse_config([*imports, parameter])
    except (ValueError, SyntaxError, AttributeError, ImportError, OSError) as error:
        raise UsageError(_explain(error)) from error
    finally:
        logging.disable(logging.NOTSET)


def _macros() -> list[str]:
    """Return the knobs that the parsed files define."""
    return [match[1] for line in gin.config_str().splitlines() if (match := _MACRO.match(line))]


def _check_knob(parameter: str, knobs: Sequence[str]) -> None:
    """Refuse a macro that no file defines: gin would take it and nothing would read it."""
    match = _MACRO.match(parameter)
    if match and match[1] not in knobs:
        known = f"; the files have {', '.join(sorted(knobs))}" if knobs else ""
        raise UsageError(f"no knob {match[1]!r}{nearest(match[1], knobs)}{known}")
    if "=" not in parameter:
        raise UsageError(f"expected --gin_param NAME=VALUE, got {parameter!r}")


def _explain(error: Exception) -> str:
    """Return gin's message on one line, with the nearest known name."""
    message = " ".join(str(error).split())
    if match := re.search(r"Configurable '(\S+)' doesn't have a parameter named '(\S+)'", message):
        owner, name = match.groups()
        known = nearest(name, inspect.signature(_resolve(owner)).parameters)
        return f"{owner} has no parameter {name!r}{known}: {message}"
    if match := _UNKNOWN.search(message):
        module, _, name = match[1].rpartition(".")
        try:
            known = nearest(name, dir(_resolve(module)))
        except (ImportError, AttributeError):
            known = ""
        return f"no {match[1]!r}{known}: {message}"
    return message


def _resolve(name: str) -> Any:
    """Return what a dotted name in a gin file means: `models.BetaVAE`, `keras.optimizers.Adam`."""
    top, *rest = name.split(".")
    try:
        found: Any = importlib.import_module(f"disentlib.{top}")
    except ImportError:
        found = importlib.import_module(top)
    for part in rest:
        found = getattr(found, part)
    return found
