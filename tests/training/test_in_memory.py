"""Runs on arrays in memory: from Python as any other, refused by commands in one line."""

import numpy as np
import pytest

import disentlib
from disentlib import cli, data, metrics, models
from disentlib.models import networks as nets
from disentlib.training import train
from disentlib.visualization import report

rng = np.random.default_rng(0)
OBSERVED, FACTORS = rng.random((60, 4), np.float32), rng.integers(0, 3, (60, 2))

OPTIONS = {
    "model": models.BetaVAE,
    "encoder": nets.mlp_encoder,
    "decoder": nets.mlp_decoder,
    "latents": 2,
    "batch_size": 4,
    "log_every": 1,
    "checkpoint_every": 1,
    "evaluation_steps": 1,
    "quiet": True,
}


def mine(observed=OBSERVED, factors=FACTORS, **options):
    return data.ArrayData(observed, factors, **options)


def test_it_resumes_is_scored_and_reported_with_the_same_arrays(tmp_path, capsys):
    train(run_dir=tmp_path / "whole", steps=3, data=mine(), **OPTIONS)
    train(run_dir=tmp_path / "parts", steps=1, data=mine(), **OPTIONS)
    train(run_dir=tmp_path / "parts", steps=3, data=mine, **OPTIONS)  # another copy, made later
    assert (tmp_path / "parts/history.csv").read_text() == (
        tmp_path / "whole/history.csv"
    ).read_text()
    run = disentlib.Run(tmp_path / "parts", data=mine())
    assert run.settings["configuration"]["data"]["name"] == "array_data"
    table = metrics.evaluate_encoder(
        run.data, run.encode, metrics=["mig"], samples=50, test_samples=20
    )
    assert len(list(table)) == 2
    page = report.write(run, samples=64)
    assert "array_data" in page.read_text(encoding="utf-8")
    for command in ("evaluate", "report"):
        assert cli.main([command, str(run.path)]) == 1
        said = capsys.readouterr().err
        assert said.count("\n") == 1
        assert "was trained on arrays in memory, which no command can load" in said


def test_train_by_command_says_so_too(tmp_path, capsys):
    train(run_dir=tmp_path, steps=1, data=mine(), **OPTIONS)
    files = ("data/mini_sprites.gin", "models/beta_vae.gin", "runs/train.gin")
    flags = [flag for file in files for flag in ("--gin_file", file)]
    assert cli.main(["train", *flags, "--run_dir", str(tmp_path)]) == 1
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "was trained on arrays in memory" in said


def test_other_arrays_are_refused(tmp_path):
    train(run_dir=tmp_path, steps=1, data=mine(), **OPTIONS)
    moved = OBSERVED.copy()
    moved[59, 3] += 1
    with pytest.raises(ValueError, match=r"another configuration \(data.sha256: .* before"):
        train(run_dir=tmp_path, steps=2, data=mine(moved), **OPTIONS)
    with pytest.raises(ValueError, match=r"was trained on other data: sha256: "):
        disentlib.Run(tmp_path, data=mine(moved))
    with pytest.raises(ValueError, match="was trained on arrays in memory"):
        _ = disentlib.Run(tmp_path).data


def test_everything_that_was_given_is_in_the_digest():
    other = FACTORS.copy()
    other[0, 0] = (other[0, 0] + 1) % 3
    sets = [
        mine(),
        mine(factors=other),
        mine(names=["a", "b"]),
        mine(continuous=True),
        mine(condition=FACTORS[:, 0]),
        mine(condition=FACTORS[:, 1]),
        mine(OBSERVED.astype(np.float64)),
        mine(OBSERVED.reshape(60, 2, 2, 1), pictures=False),
        mine(factors=FACTORS + 10),
    ]
    digests = [one.config()["sha256"] for one in sets]
    assert len(set(digests)) == len(sets)
    assert mine().config() == sets[0].config()


def test_a_set_made_of_arrays_cannot_be_loaded_even_inside_another():
    config = data.Split(mine(), part="train").config()
    assert config["data"]["name"] == "array_data"
    with pytest.raises(ValueError, match="expected a data set that can be loaded, got arrays in"):
        data.from_config(config)
