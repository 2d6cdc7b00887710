"""Every method trains from its gin file, on drawn dSprites mostly, through the command line."""

import pytest

import disentlib
from disentlib import configs
from disentlib.cli import main

FILES = sorted(path.name for path in (configs.directory() / "models").glob("*.gin"))
# Of methods for other data than images.
DATA = dict.fromkeys(("ivae.gin", "ivae_unconditional.gin"), "data/nonstationary.gin")
SMALL = [
    "STEPS=200",
    "BATCH_SIZE=8",
    "LEARNING_RATE=1e-3",
    "training.train.log_every=100",
    "training.train.checkpoint_every=200",
    "training.train.evaluation_steps=2",
]


@pytest.mark.parametrize("name", FILES)
def test_a_method_trains_from_its_gin_file(name, tmp_path, capsys):
    files = (DATA.get(name, "data/dsprites_rendered.gin"), f"models/{name}", "runs/train.gin")
    flags = [flag for file in files for flag in ("--gin_file", file)]
    flags += [flag for parameter in SMALL for flag in ("--gin_param", parameter)]
    assert main(["train", *flags, "--run_dir", str(tmp_path)]) == 0, capsys.readouterr().err
    run = disentlib.Run(tmp_path)
    assert int(run.model.step) == 200
    assert list(run.history) == ["step", "loss", *run.model.term_names]
    first, last = run.history["reconstruction"]
    assert last < first
