"""Every method trains from its gin file, on the data of its command, through the command line."""

import re

import pytest

import disentlib
from disentlib import configs
from disentlib.cli import main

FILES = sorted((configs.directory() / "models").glob("*.gin"))
SMALL = [
    "STEPS=200",
    "BATCH_SIZE=8",
    "LEARNING_RATE=1e-3",
    "training.train.log_every=100",
    "training.train.checkpoint_every=200",
    "training.train.evaluation_steps=2",
]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_method_trains_from_its_gin_file(path, tmp_path, capsys):
    data = re.search(r"--gin_file (data/\w+\.gin)", path.read_text(encoding="utf-8"))
    assert data, f"the command in {path.name} names no gin file of data"
    files = (data[1], f"models/{path.name}", "runs/train.gin")
    flags = [flag for file in files for flag in ("--gin_file", file)]
    flags += [flag for parameter in SMALL for flag in ("--gin_param", parameter)]
    assert main(["train", *flags, "--run_dir", str(tmp_path)]) == 0, capsys.readouterr().err
    run = disentlib.Run(tmp_path)
    assert int(run.model.step) == 200
    columns = [name for name in run.history if name != "stage"]  # of methods with several
    assert columns == ["step", "loss", *run.model.term_names]
    first, last = run.history["reconstruction"]
    assert last < first
