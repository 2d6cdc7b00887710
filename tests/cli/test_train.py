"""`disentlib train` as a process: killed, resumed, mistyped."""

import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from disentlib import cli, models

FLAGS = [
    "--gin_file=runs/smoke.gin",
    "--gin_param=training.train.encoder=@models.architectures.linear_encoder",
    "--gin_param=training.train.decoder=@models.architectures.linear_decoder",
]


def command(*arguments, flags=FLAGS):
    return [sys.executable, "-m", "disentlib", "train", *flags, *map(str, arguments)]


def run(*arguments, flags=FLAGS):
    return subprocess.run(
        command(*arguments, flags=flags), capture_output=True, text=True, check=False
    )


def weights(run_dir):
    model = models.load(run_dir / "model.keras")
    return [np.asarray(variable) for variable in [*model.weights, *model.optimizer.variables]]


def rows(run_dir):
    path = run_dir / "history.csv"
    return path.read_text().count("\n") if path.exists() else 0


def test_killed_and_started_again_a_run_ends_as_an_uninterrupted_one(tmp_path):
    long = "--gin_param=STEPS=300"
    whole = run(long, "--run_dir", tmp_path / "whole")
    assert whole.returncode == 0, whole.stderr
    kills = 0
    for lines in (2, 25, 41):  # before the first checkpoint, and later
        process = subprocess.Popen(
            command(long, "--run_dir", tmp_path / "killed"),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        while rows(tmp_path / "killed") < lines and process.poll() is None:
            time.sleep(0.001)
        kills += process.poll() is None
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert kills == 3
    last = run(long, "--run_dir", tmp_path / "killed")
    assert last.returncode == 0, last.stderr
    for a, b in zip(weights(tmp_path / "whole"), weights(tmp_path / "killed"), strict=True):
        np.testing.assert_array_equal(a, b)
    assert (tmp_path / "whole" / "history.csv").read_text() == (
        tmp_path / "killed" / "history.csv"
    ).read_text()


def test_the_operative_file_gives_the_same_run(tmp_path):
    first = run("--gin_param=BETA=2.5", "--run_dir", tmp_path / "first")
    assert first.returncode == 0, first.stderr
    operative = (tmp_path / "first" / "operative.gin").read_text()
    assert "BETA = 2.5" in operative
    second = run(
        "--run_dir", tmp_path / "second", flags=[f"--gin_file={tmp_path}/first/operative.gin"]
    )
    assert second.returncode == 0, second.stderr
    for a, b in zip(weights(tmp_path / "first"), weights(tmp_path / "second"), strict=True):
        np.testing.assert_array_equal(a, b)
    assert (tmp_path / "second" / "operative.gin").read_text() == operative


def mistake(capsys, *arguments):
    """Run in process, where TensorFlow is loaded already; return exit code and error line."""
    from disentlib.cli import main

    code = main(["train", *map(str, arguments)])
    return code, capsys.readouterr().err


@pytest.mark.parametrize(
    ("parameter", "message"),
    [
        ("STPES=3", "no knob 'STPES', did you mean 'STEPS'?"),
        ("models.BetaVAE.bta=3", "models.BetaVAE has no parameter 'bta', did you mean 'beta'?"),
        ("training.train.model=@models.BetaVEA", "did you mean 'BetaVAE'?"),
        ("training.train.stepz=3", "has no parameter 'stepz', did you mean 'steps'?"),
        ("STEPS", "expected --gin_param NAME=VALUE, got 'STEPS'"),
        ("STEPS=", "--gin_param 'STEPS=': expected a value, got nothing"),
    ],
)
def test_unknown_names_are_errors_with_the_nearest_known(parameter, message, tmp_path, capsys):
    code, error = mistake(
        capsys, "--gin_file=runs/smoke.gin", "--gin_param", parameter, "--run_dir", tmp_path
    )
    assert code == 2
    assert message in error
    assert error.count("\n") == 1


def test_missing_pieces_are_named(tmp_path, capsys):
    assert mistake(capsys, "--run_dir", tmp_path) == (
        2,
        "disentlib train: expected at least one --gin_file, such as runs/demo.gin\n",
    )
    code, error = mistake(capsys, "--gin_file=runs/train.gin", "--run_dir", tmp_path)
    assert code == 2
    assert "no file binds training.train.data: add a --gin_file from data/" in error
    code, error = mistake(capsys, "--gin_file=runs/nothing.gin", "--run_dir", tmp_path)
    assert code == 2
    assert "no gin file 'runs/nothing.gin'; the shipped ones are" in error
    code, error = mistake(capsys, "--gin_file=runs/smoke.gin")
    assert code == 2
    assert "expected --run_dir" in error


def test_an_unwritable_run_directory_is_named(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    code, error = mistake(
        capsys, "--gin_file=runs/smoke.gin", "--run_dir", tmp_path / "file" / "run"
    )
    assert code == 1
    assert os.fspath(tmp_path / "file") in error


def test_a_dry_run_prints_the_configuration(tmp_path, capsys):
    from disentlib.cli import main

    code = main(
        ["train", "--gin_file=runs/smoke.gin", "--dry_run", "--run_dir", str(tmp_path / "run")]
    )
    assert code == 0
    assert "models.BetaVAE.beta = %BETA" in capsys.readouterr().out
    assert not (tmp_path / "run").exists()


def test_what_is_bound_of_the_stream_is_in_the_operative_text(capsys):
    flags = ["--gin_file=data/mini_sprites.gin", "--gin_file=models/group_vae.gin"]
    flags += ["--gin_file=runs/train.gin", "--gin_param=CHANGED=2"]
    networks = [flag.replace("models.arch", "arch") for flag in FLAGS[1:]]
    assert cli.main(["train", "--dry_run", *flags, *networks]) == 0, capsys.readouterr().err
    assert "streams.pairs.changed = %CHANGED" in capsys.readouterr().out
