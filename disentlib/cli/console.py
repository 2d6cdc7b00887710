"""What every command shares: output that respects pipes and NO_COLOR, and errors on one line."""

import argparse
import contextlib
import difflib
import os
import re
import sys
from collections.abc import Iterable, Iterator
from typing import Any, NoReturn

from disentlib.screen import Console, safe

# How argparse says that a word is none of those expected.
CHOICE = re.compile(r"invalid choice: '(.*?)' \(choose from (.*)\)")


class UsageError(Exception):
    """The command was typed wrongly: one line on stderr, exit code 2."""


class Parser(argparse.ArgumentParser):
    """An argument parser that keeps a command's description as written and its errors short."""

    def __init__(self, *args: Any, **options: Any) -> None:
        options.setdefault("formatter_class", argparse.RawDescriptionHelpFormatter)
        super().__init__(*args, **options)

    def error(self, message: str) -> NoReturn:
        """Print one line on stderr, without the usage, and exit with 2."""
        if choice := CHOICE.search(message):
            word, known = choice[1], re.findall(r"'(.*?)'", choice[2])
            message = (
                message[: choice.start()]
                + f"unknown {word!r}"
                + (nearest(word, known) or f"; expected one of {', '.join(known)}")
            )
        self.exit(2, f"{self.prog}: {safe(message)}; see {self.prog} --help\n")


def stdout(*, quiet: bool = False) -> Console:
    """Return the console for results. Rich drops colour for pipes and for NO_COLOR by itself.

    Pipes and files have no width; COLUMNS sets one.
    """
    width = None if sys.stdout.isatty() or "COLUMNS" in os.environ else 120
    return Console(quiet=quiet, width=width)


def stderr(*, quiet: bool = False) -> Console:
    """Return the console for progress and warnings: silent when stderr is not a terminal."""
    return Console(stderr=True, quiet=quiet or not sys.stderr.isatty())


@contextlib.contextmanager
def native_silence() -> Iterator[None]:
    """Discard what C++ libraries print on stderr as they load: TensorFlow's search for GPUs."""
    sys.stderr.flush()
    original = os.dup(2)
    try:
        with open(os.devnull, "w") as devnull:  # noqa: PTH123
            os.dup2(devnull.fileno(), 2)
        yield
    finally:
        os.dup2(original, 2)
        os.close(original)


def nearest(name: str, known: Iterable[str]) -> str:
    """Return ", did you mean 'x'?" for the known name closest to `name`, or an empty string."""
    close = difflib.get_close_matches(name, list(known), n=1)
    return f", did you mean {close[0]!r}?" if close else ""


def add_common_flags(parser: argparse.ArgumentParser) -> None:
    """Give a command's parser the flags that every command has."""
    parser.add_argument("--quiet", action="store_true", help="print results and errors only")
    parser.add_argument("--debug", action="store_true", help="show the traceback of an error")
