"""The `disentlib` command. The only package that imports gin."""

import argparse
import functools
import importlib
import os
import re
import sys
import traceback
from collections.abc import Sequence

from disentlib import __version__
from disentlib.cli.console import Parser, UsageError, add_common_flags, native_silence
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

EXAMPLE = """Try first:
  disentlib score codes.npz                                        # arrays `codes` and `factors`
  disentlib train --gin_file runs/demo.gin --run_dir runs/demo     # a small beta-VAE, then
  disentlib report runs/demo                                       # look at it

`disentlib COMMAND --help` explains a command with an example.
"""


class Command(Parser):
    """A command whose module, which knows its flags, is imported when it is called."""

    def parse_known_args(  # type: ignore[override]
        self, args: Sequence[str] | None = None, namespace: argparse.Namespace | None = None
    ) -> tuple[argparse.Namespace, list[str]]:
        """Parse what follows the command's name as its own module says."""
        name = self.prog.split()[-1]
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # its errors arrive as exceptions
        with native_silence():
            module = importlib.import_module(f"disentlib.cli.{name.replace('-', '_')}")
        parser = module.parser()
        add_common_flags(parser)
        parser.set_defaults(run_command=module.run)
        return parser.parse_args(args, namespace), []


def parser() -> argparse.ArgumentParser:
    """Return the parser of `disentlib`."""
    top = Parser(
        prog="disentlib",
        description="Train, measure and study disentangled representations.",
        epilog=EXAMPLE,
        add_help=False,
        formatter_class=functools.partial(
            argparse.RawDescriptionHelpFormatter, max_help_position=20, width=100
        ),
    )
    top.add_argument("-h", "--help", action="help", help=argparse.SUPPRESS)
    top.add_argument("--version", action="version", version=__version__, help=argparse.SUPPRESS)
    commands = top.add_subparsers(
        dest="command", metavar="COMMAND", title="commands", parser_class=Command
    )
    for name, what in COMMANDS.items():
        commands.add_parser(name, help=what, add_help=False)
    return top


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 0 good, 1 failure, 2 wrong usage."""
    top = parser()
    arguments = list(sys.argv[1:] if argv is None else argv)
    options = top.parse_args(["--help"] if arguments == ["help"] else arguments)
    if options.command is None:
        top.print_help()
        return 0
    name = options.command
    try:
        status: int = options.run_command(options) or 0
        sys.stdout.flush()
        return status
    except KeyboardInterrupt:
        print(f"disentlib {name}: interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:  # the reader of a pipe has ended, as `disentlib ... | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as error:  # errors are printed on one line; --debug shows the traceback
        if options.debug:
            traceback.print_exc()
        else:
            print(f"disentlib {name}: {safe(explain(error))}", file=sys.stderr)
        return 2 if isinstance(error, UsageError) else 1


def explain(error: Exception) -> str:
    """Return an error as one line: its message, after its type where that is needed to read it."""
    # Leave out gin's lines on the call and its bindings, which --debug shows.
    lines = [line for line in str(error).splitlines() if not GIN_ADDS.match(line)]
    message = " ".join(" ".join(lines).split())
    if "In call to configurable" in str(error) and "missing" in message:
        message += "; bind what is missing in a gin file, or write @name without ()"
    expected = isinstance(error, (UsageError, ValueError, TypeError, OSError, RuntimeError))
    return message if expected and message else f"{type(error).__name__}: {message}"
