"""The `disentlib` command. The only package that imports gin."""

import importlib
import os
import re
import sys
import traceback
from collections.abc import Sequence

from disentlib import __version__
from disentlib.cli.console import UsageError, add_common_flags, native_silence, nearest
from disentlib.screen import safe

__all__ = ["main"]

# One module per command, imported when it is called: `disentlib score` never waits for TensorFlow.
COMMANDS = {
    "score": "score arrays of codes and factors: NPZ or CSV in, a table out",
    "train": "train a model as gin files describe it; the same command again resumes",
    "evaluate": "score a trained run: scores.json and a table",
    "report": "one self-contained HTML page of a run: curves, scores, traversals",
    "import-dlib": "results of disentanglement_lib as a table, to plot beside yours",
    "data": "list, describe, verify and compare data sets",
    "study": "a grid of models: plan, run, resume, status, collect, report",
}

GIN_ADDS = re.compile(
    r"\s*(In call to configurable|No values supplied by Gin|Gin had values|Caller supplied)"
)

OVERVIEW = """usage: disentlib COMMAND ...

Train, measure and study disentangled representations.

commands:
{commands}

Try first:
  disentlib score codes.npz                                        # arrays `codes` and `factors`
  disentlib train --gin_file runs/demo.gin --run_dir runs/demo     # a small beta-VAE, then
  disentlib report runs/demo                                       # look at it

`disentlib COMMAND --help` explains a command with an example. `disentlib --version` says {version}.
"""


def overview() -> str:
    """Return the text of `disentlib --help`."""
    lines = "\n".join(f"  {name:13}{what}" for name, what in COMMANDS.items())
    return OVERVIEW.format(commands=lines, version=__version__)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 0 good, 1 failure, 2 wrong usage."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    if not arguments or arguments[0] in ("-h", "--help", "help"):
        print(overview(), end="")
        return 0
    if arguments[0] == "--version":
        print(__version__)
        return 0
    name, *rest = arguments
    if name not in COMMANDS:
        guess = nearest(name, COMMANDS) or f"; the commands are {', '.join(COMMANDS)}"
        print(f"disentlib: unknown command {name!r}{guess}", file=sys.stderr)
        return 2

    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # its errors arrive as exceptions
    with native_silence():
        command = importlib.import_module(f"disentlib.cli.{name.replace('-', '_')}")
    parser = command.parser()
    add_common_flags(parser)
    options = parser.parse_args(rest)
    try:
        status: int = command.run(options) or 0
        sys.stdout.flush()
        return status
    except KeyboardInterrupt:
        print(f"disentlib {name}: interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:  # `disentlib ... | head` has read enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as error:  # every mistake becomes one line; --debug shows where it came from
        if options.debug:
            traceback.print_exc()
        else:
            print(f"disentlib {name}: {safe(explain(error))}", file=sys.stderr)
        return 2 if isinstance(error, UsageError) else 1


def explain(error: Exception) -> str:
    """Return an error as one line: its message, after its kind where the message alone is dark."""
    # gin adds where a call came from and what it bound; --debug shows that.
    lines = [line for line in str(error).splitlines() if not GIN_ADDS.match(line)]
    message = " ".join(" ".join(lines).split())
    if "In call to configurable" in str(error) and "missing" in message:
        message += "; bind what is missing in a gin file, or write @name without ()"
    expected = isinstance(error, (UsageError, ValueError, TypeError, OSError, RuntimeError))
    return message if expected and message else f"{type(error).__name__}: {message}"
