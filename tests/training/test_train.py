"""Training runs: resumed, refused, and unharmed by full disks."""

import resource

import keras
import numpy as np
import pytest

import disentlib
from disentlib import data, models
from disentlib.models import architectures as nets
from disentlib.training import directory, train

SMALL = {
    "data": data.DSpritesRendered,
    "model": models.BetaVAE,
    "encoder": nets.linear_encoder,
    "decoder": nets.linear_decoder,
    "latents": 3,
    "batch_size": 8,
    "log_every": 2,
    "checkpoint_every": 4,
    "evaluation_steps": 2,
}


def weights(run_dir):
    model = models.load(run_dir / "model.keras")
    return [np.asarray(variable) for variable in [*model.weights, *model.optimizer.variables]]


def assert_same_run(one, other):
    for a, b in zip(weights(one), weights(other), strict=True):
        np.testing.assert_array_equal(a, b)
    assert (one / "history.csv").read_text() == (other / "history.csv").read_text()


def test_a_run_leaves_what_it_promises(tmp_path):
    figures = train(run_dir=tmp_path, steps=6, **SMALL)
    run = disentlib.Run(tmp_path)
    assert figures["step"] == int(run.model.step) == 6
    assert list(run.history) == ["step", "loss", "reconstruction", "kl"]
    np.testing.assert_array_equal(run.history["step"], [2, 4, 6])
    assert run.metrics["evaluation"].keys() == {"loss", "reconstruction", "kl"}
    assert run.settings["environment"]["versions"]["keras"] == keras.__version__
    assert run.data.name == "dsprites_rendered"
    assert run.scores is None
    images = run.data.sample(5, 0)[1]
    mean, logvar = run.encode(images, batch_size=2)
    np.testing.assert_allclose(mean, run.model.encode(images)[0], rtol=1e-5, atol=1e-6)
    assert logvar.shape == (5, 3)
    assert len(list((tmp_path / "tensorboard").iterdir())) == 1


def test_the_logged_terms_are_means_over_the_interval(tmp_path):
    train(run_dir=tmp_path / "coarse", steps=4, **SMALL | {"log_every": 4})
    train(run_dir=tmp_path / "fine", steps=4, **SMALL | {"log_every": 1})
    coarse, fine = (disentlib.Run(tmp_path / name).history for name in ("coarse", "fine"))
    for name in ("loss", "reconstruction", "kl"):
        assert coarse[name][0] == pytest.approx(fine[name].mean(), rel=1e-5)


def test_more_steps_continue_a_run_as_if_it_had_never_stopped(tmp_path):
    train(run_dir=tmp_path / "whole", steps=12, **SMALL)
    for steps in (4, 12):
        train(run_dir=tmp_path / "parts", steps=steps, **SMALL)
    assert_same_run(tmp_path / "whole", tmp_path / "parts")


def test_steps_that_no_interval_divides_are_all_made(tmp_path):
    train(run_dir=tmp_path, steps=5, **SMALL)
    train(run_dir=tmp_path, steps=9, **SMALL)
    np.testing.assert_array_equal(disentlib.Run(tmp_path).history["step"], [2, 4, 5, 6, 8, 9])


def test_a_finished_run_stays_as_it_is(tmp_path):
    train(run_dir=tmp_path, steps=4, **SMALL)
    before = weights(tmp_path)
    train(run_dir=tmp_path, steps=4, **SMALL)
    for a, b in zip(before, weights(tmp_path), strict=True):
        np.testing.assert_array_equal(a, b)


def test_another_configuration_is_refused(tmp_path):
    train(run_dir=tmp_path, steps=4, **SMALL)
    with pytest.raises(ValueError, match=r"another configuration \(.*; seed: 0 before, 1 now\)"):
        train(run_dir=tmp_path, steps=4, **SMALL | {"seed": 1})
    with pytest.raises(ValueError, match="trained for 4 steps already, got steps=2"):
        train(run_dir=tmp_path, steps=2, **SMALL)


def test_a_second_process_is_refused(tmp_path):
    with (
        directory.lock(tmp_path),
        pytest.raises(RuntimeError, match="another process is training in"),
    ):
        train(run_dir=tmp_path, steps=2, **SMALL)


def test_a_dry_run_touches_nothing(tmp_path):
    plan = train(run_dir=tmp_path / "run", steps=2, dry_run=True, **SMALL)
    assert plan["configuration"]["data"] == {"name": "dsprites_rendered"}
    assert not (tmp_path / "run").exists()


def test_an_old_checkpoint_survives_a_full_disk(tmp_path):
    train(run_dir=tmp_path, steps=4, **SMALL)
    before = weights(tmp_path)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, limits[1]))  # a write beyond it fails
    try:
        with pytest.raises(OSError, match="the older file is untouched"):
            train(run_dir=tmp_path, steps=8, **SMALL)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    for a, b in zip(before, weights(tmp_path), strict=True):
        np.testing.assert_array_equal(a, b)
    assert not list(tmp_path.glob(".*partial*"))
    train(run_dir=tmp_path, steps=8, **SMALL)
    train(run_dir=tmp_path / "whole", steps=8, **SMALL)
    assert_same_run(tmp_path, tmp_path / "whole")


def test_rows_and_half_lines_after_the_checkpoint_are_cut(tmp_path):
    train(run_dir=tmp_path / "whole", steps=8, **SMALL)
    train(run_dir=tmp_path / "killed", steps=4, **SMALL)
    with (tmp_path / "killed" / "history.csv").open("a") as file:
        file.write("6,1,1,0\n8,1,")
    train(run_dir=tmp_path / "killed", steps=8, **SMALL)
    assert_same_run(tmp_path / "whole", tmp_path / "killed")


def test_wrong_numbers_and_places_are_named(tmp_path):
    with pytest.raises(ValueError, match="checkpoint_every must be a multiple of log_every=2"):
        train(run_dir=tmp_path, steps=4, **SMALL | {"checkpoint_every": 3})
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="file"):
        train(run_dir=tmp_path / "file" / "run", steps=4, **SMALL)
    with pytest.raises(FileNotFoundError, match=r"expected a run directory with run\.json"):
        disentlib.Run(tmp_path)
    (tmp_path / "run.json").write_text("{")
    with pytest.raises(ValueError, match=r"expected JSON in .*run\.json"):
        train(run_dir=tmp_path, steps=4, **SMALL)
