"""gin files and parameters, parsed strictly: an unknown name is an error that names the nearest."""

import argparse
import functools
import logging
import os
import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO, Any

import gin

from disentlib import configs
from disentlib.cli import gin_errors
from disentlib.cli.console import UsageError, nearest

_MACRO = re.compile(r"\s*([A-Za-z_]\w*)\s*=")
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

    The directory comes last on the path, so that its modules do not shadow installed packages.
    """
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.append(here)


def parse(files: Sequence[str], parameters: Sequence[str]) -> None:
    """Clear gin's configuration and fill it from files and parameters.

    Raises:
        UsageError: for a missing file, an unknown name, a knob that no file has, bad syntax.
    """
    find_own_modules()
    gin.clear_config(clear_constants=False)
    try:
        paths = [str(configs.find(name)) for name in files]
    except FileNotFoundError as error:
        raise UsageError(str(error)) from error
    folder = str(configs.directory())
    if folder not in gin.config._LOCATION_PREFIXES:  # for `include`
        gin.add_config_file_search_path(folder)
    # Read files only: gin would also look for `runs/train.gin` in a Python package `runs`, and fail
    # where the working directory has a folder of that name.
    gin.config._FILE_READERS[:] = [(_open, os.path.isfile)]
    logging.disable(logging.ERROR)  # gin logs each folder that lacks an included file
    try:
        for path in paths:
            _parse_one(path, functools.partial(gin.parse_config_file, path))
        knobs = _macros()
        # A parameter may name whatever the files have imported.
        imports = [line for line in gin.config_str().splitlines() if _IMPORT.match(line)]
        for parameter in parameters:
            _check_knob(parameter, knobs)
            lines = [*imports, parameter]
            _parse_one(None, functools.partial(gin.parse_config, lines), parameter)
        if wrong := gin_errors.undefined(gin.config_str()):
            raise UsageError(wrong)
    finally:
        logging.disable(logging.NOTSET)


def configurable(function: Callable[..., Any], name: str) -> Callable[..., Any]:
    """Return a function with the arguments that the parsed files bind.

    Args:
        function: of disentlib.
        name: how gin files call it: `metrics.evaluate_encoder`.

    Raises:
        UsageError: if no file binds one.
    """
    try:
        bound = gin.get_bindings(function, resolve_references=False)
    except ValueError:  # no file so far has named it
        bound = {}
    if not bound:
        module = gin_errors.import_of(name.partition(".")[0])
        raise UsageError(
            f"no gin file binds {name}: expected one with the lines `{gin_errors.FIRST}`, "
            f"`{module}` and `{name}.PARAMETER = VALUE`"
        )
    bound_function: Callable[..., Any] = gin.get_configurable(function)
    return bound_function


def _open(path: str) -> IO[str]:
    """Open a gin file, with or without a byte order mark."""
    return open(path, encoding="utf-8-sig")  # noqa: PTH123


def _parse_one(path: str | None, parse: Callable[[], object], text: str = "") -> None:
    """Parse a file or a parameter; raise gin's errors as a UsageError that names the remedy."""
    try:
        parse()
    except Exception as error:  # importing a module of the user's may raise anything
        raise UsageError(gin_errors.explain(error, path, text)) from error


def _macros() -> list[str]:
    """Return the knobs that the parsed files define."""
    return [match[1] for line in gin.config_str().splitlines() if (match := _MACRO.match(line))]


def _check_knob(parameter: str, knobs: Sequence[str]) -> None:
    """Refuse a macro that no file defines: gin would accept it without any effect."""
    match = _MACRO.match(parameter)
    if match and match[1] not in knobs:
        known = f"; the files have {', '.join(sorted(knobs))}" if knobs else ""
        raise UsageError(f"no knob {match[1]!r}{nearest(match[1], knobs)}{known}")
    if "=" not in parameter:
        raise UsageError(f"expected --gin_param NAME=VALUE, got {parameter!r}")
