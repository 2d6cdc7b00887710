"""The `disentlib` command before any command runs: help, unknown names, errors, colours."""

import argparse
import contextlib
import subprocess
import sys
import types

import pytest
from rich.text import Text

from disentlib import __version__, cli
from disentlib.cli import console


@pytest.fixture
def failing(monkeypatch):
    """A command `fail` whose `run` raises what the test puts in `error`."""
    module = types.ModuleType("disentlib.cli.fail")
    module.error = None
    module.parser = lambda: argparse.ArgumentParser("disentlib fail")

    def run(options):
        if module.error:
            raise module.error

    module.run = run
    monkeypatch.setitem(sys.modules, "disentlib.cli.fail", module)
    monkeypatch.setitem(cli.COMMANDS, "fail", "raises")
    return module


@pytest.mark.parametrize("arguments", [[], ["--help"], ["-h"], ["help"]])
def test_help_fits_a_screen_and_says_what_to_try(arguments, capsys):
    with contextlib.suppress(SystemExit) if arguments else contextlib.nullcontext():
        assert cli.main(arguments) == 0
    text = capsys.readouterr().out
    lines = text.splitlines()
    assert len(lines) <= 24
    assert max(map(len, lines)) <= 100
    assert "Try first:" in text
    assert all(f"  {name}" in text for name in cli.COMMANDS)


def test_help_imports_no_arrays_and_no_tensorflow():
    program = (
        "import sys; from disentlib import cli; cli.main([]);"
        "print({'numpy', 'tensorflow', 'keras', 'gin'} & set(sys.modules), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stderr.strip() == "set()"


def test_version(capsys):
    with pytest.raises(SystemExit) as stopped:
        cli.main(["--version"])
    assert stopped.value.code == 0
    assert capsys.readouterr().out.strip() == __version__


@pytest.mark.parametrize("name", sorted(cli.COMMANDS))
def test_every_command_has_help_with_an_example(name, capsys):
    with pytest.raises(SystemExit) as stopped:
        cli.main([name, "--help"])
    assert stopped.value.code == 0
    text = capsys.readouterr().out
    assert f"disentlib {name} " in text.partition("options:")[2] + text.partition("\n\n")[2]
    assert "--debug" in text


def test_unknown_command_names_the_nearest(capsys):
    with pytest.raises(SystemExit) as stopped:
        cli.main(["scoer", "codes.npz"])
    assert stopped.value.code == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert "'score'" in told.err
    assert told.err.count("\n") == 1


@pytest.mark.parametrize("name", sorted(cli.COMMANDS))
def test_unknown_option_is_one_line(name, capsys):
    with pytest.raises(SystemExit) as stopped:
        cli.main([name, "--nonsense"])
    assert stopped.value.code == 2
    told = capsys.readouterr()
    assert told.err.startswith(f"disentlib {name}: ")
    assert told.err.count("\n") == 1


def test_success_is_zero(failing):
    assert cli.main(["fail"]) == 0


@pytest.mark.parametrize(
    ("error", "status", "line"),
    [
        (ValueError("expected 2-D codes,\n got 3-D"), 1, "expected 2-D codes, got 3-D"),
        (FileNotFoundError(2, "No such file", "codes.npz"), 1, "codes.npz"),
        (KeyError("codes"), 1, "KeyError: 'codes'"),
        (ZeroDivisionError(), 1, "ZeroDivisionError"),
        (console.UsageError("unknown score 'mgi'"), 2, "unknown score 'mgi'"),
        (KeyboardInterrupt(), 130, "interrupted"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else None,
)
def test_an_error_is_one_line_on_stderr(failing, capsys, error, status, line):
    failing.error = error
    assert cli.main(["fail"]) == status
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith("disentlib fail: ")
    assert line in told.err
    assert told.err.count("\n") == 1


def test_debug_shows_the_traceback(failing, capsys):
    failing.error = ValueError("expected so, got such")
    assert cli.main(["fail", "--debug"]) == 1
    assert "Traceback" in capsys.readouterr().err


def test_no_color_wins_over_a_terminal(monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    for expected in (True, False):
        if not expected:
            monkeypatch.setenv("NO_COLOR", "1")
        screen = console.stdout()
        with screen.capture() as captured:
            screen.print(Text("mig", style="red"))
        assert ("\x1b[" in captured.get()) == expected


def test_quiet_prints_nothing(capsys):
    console.stdout(quiet=True).print("mig")
    assert capsys.readouterr().out == ""


def test_a_pipe_hears_no_progress(capsys):
    console.stderr().print("working")  # pytest's capture is no terminal
    assert capsys.readouterr().err == ""
