"""Training runs: resumed, refused, and unharmed by full disks."""

import functools
import json
import pickle
import resource
import zipfile

import keras
import numpy as np
import pytest
import tensorflow as tf

import disentlib
from disentlib import data, models
from disentlib.models import architectures as nets
from disentlib.training import NonFiniteError, directory, train

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


# Runs that go wrong, on the smallest images.
TINY = SMALL | {"data": data.MiniSprites}


@keras.saving.register_keras_serializable("tests")
class Breaking(models.BetaVAE):
    """Its KL is NaN at every step from `at` on."""

    at = 6

    def kl(self, code, y=None):
        return super().kl(code, y) + tf.where(self.step >= self.at, np.nan, 0.0)


@keras.saving.register_keras_serializable("tests")
class Rooted(models.BetaVAE):
    """Its loss is finite where the gradient of one weight is not: sqrt at 0."""

    def __init__(self, encoder, decoder, *, seed=0):
        super().__init__(encoder, decoder, seed=seed)
        self.root = self.add_weight(name="root", initializer="zeros")

    def objective(self, x, y, code):
        loss, terms = super().objective(x, y, code)
        return loss + 1e-30 * tf.sqrt(tf.convert_to_tensor(self.root)), terms


@keras.saving.register_keras_serializable("tests")
class Stopping(models.BetaVAE):
    """Asks to stop after three batches in all, or the first call after them."""

    def make_train_function(self, force=False):
        super().make_train_function(force)
        step = self.train_function

        def stopping(iterator):
            logs = step(iterator)
            self.stop_training = int(self.step) >= 3
            return logs

        self.train_function = stopping


@keras.saving.register_keras_serializable("tests")
class Uncounted(keras.optimizers.SGD):
    """Updates weights and counts nothing."""

    def apply(self, grads, trainable_variables=None):
        super().apply(grads, trainable_variables)
        self.variables[0].assign(0)


def test_the_first_nan_ends_a_run_and_keeps_the_last_finite_checkpoint(tmp_path):
    with pytest.raises(NonFiniteError, match=r"at step 7 in kl, loss: a smaller learning") as error:
        train(run_dir=tmp_path / "broken", steps=100, **TINY | {"model": Breaking})
    assert (error.value.step, error.value.names, error.value.checkpoint) == (7, ("kl", "loss"), 4)
    assert "model.keras is the last finite checkpoint, of step 4" in str(error.value)
    assert str(pickle.loads(pickle.dumps(error.value))) == str(error.value)
    assert not (tmp_path / "broken" / "metrics.json").exists()
    np.testing.assert_array_equal(disentlib.Run(tmp_path / "broken").history["step"], [2, 4, 6])
    train(run_dir=tmp_path / "whole", steps=4, **TINY)
    for a, b in zip(weights(tmp_path / "whole"), weights(tmp_path / "broken"), strict=True):
        np.testing.assert_array_equal(a, b)
    # Again, from the checkpoint: nothing is lost, nothing gets better.
    with pytest.raises(NonFiniteError, match="at step 7 "):
        train(run_dir=tmp_path / "broken", steps=100, **TINY | {"model": Breaking})


def test_nan_in_the_final_figures_is_no_result(tmp_path, monkeypatch):
    monkeypatch.setattr(Breaking, "at", 4)  # training ends one step before
    with pytest.raises(NonFiniteError, match="in loss of the evaluation, kl of the evaluation"):
        train(run_dir=tmp_path, steps=4, **TINY | {"model": Breaking})
    assert not (tmp_path / "metrics.json").exists()
    assert int(disentlib.Run(tmp_path).model.step) == 4


def test_a_weight_that_breaks_under_a_finite_loss_is_named_and_not_saved(tmp_path):
    options = TINY | {"model": Rooted, "log_every": 1, "checkpoint_every": 1}
    with pytest.raises(NonFiniteError, match=r"at step 1 in .*root.*no checkpoint was written"):
        train(run_dir=tmp_path, steps=1, **options)
    assert not (tmp_path / "model.keras").exists()


def test_accumulated_gradients_count_batches(tmp_path):
    accumulating = functools.partial(
        keras.optimizers.SGD, 1e-3, name="SGD", gradient_accumulation_steps=4
    )
    options = TINY | {"optimizer": accumulating}
    figures = train(run_dir=tmp_path / "whole", steps=12, **options)
    for steps in (3, 6, 12):  # stops within an accumulation
        train(run_dir=tmp_path / "parts", steps=steps, **options)
    assert figures["step"] == int(disentlib.Run(tmp_path / "whole").model.step) == 12
    for a, b in zip(weights(tmp_path / "whole"), weights(tmp_path / "parts"), strict=True):
        np.testing.assert_array_equal(a, b)
    losses = disentlib.Run(tmp_path / "parts").history["loss"]
    assert len(set(losses)) == len(losses)  # other noise and images at every step


@pytest.mark.parametrize("steps", [0, 1, 3])
def test_every_run_leaves_a_checkpoint(tmp_path, steps):
    figures = train(run_dir=tmp_path, steps=steps, **TINY | {"checkpoint_every": 1000})
    assert figures["step"] == int(disentlib.Run(tmp_path).model.step) == steps


@pytest.mark.parametrize(("at_once", "expected"), [(1, 3), (2, 4)])
def test_a_model_that_asks_to_stop_is_saved_where_it_stopped(tmp_path, at_once, expected):
    options = TINY | {"model": Stopping, "steps_per_execution": at_once}
    figures = train(run_dir=tmp_path, steps=9, **options)
    assert figures["step"] == figures["trained_steps"] == expected
    assert int(disentlib.Run(tmp_path).model.step) == expected


@pytest.mark.filterwarnings("ignore:Your input ran out of data")
def test_steps_that_do_not_add_up_are_refused(tmp_path):
    with pytest.raises(RuntimeError, match=r"expected step 2 after 2 batches .* Uncounted counts"):
        train(run_dir=tmp_path, steps=4, **TINY | {"optimizer": Uncounted})

    def short(*arguments, **options):
        return data.streams.images(*arguments, **options).take(3)

    with pytest.raises(RuntimeError, match="the stream ended after 1 of 2 batches from step 2"):
        train(run_dir=tmp_path / "short", steps=4, **TINY | {"stream": short})
    averaging = functools.partial(keras.optimizers.SGD, use_ema=True)
    with pytest.raises(ValueError, match=r"SGD\.use_ema puts averages in place of the weights"):
        train(run_dir=tmp_path / "ema", steps=4, **TINY | {"optimizer": averaging})


@pytest.mark.parametrize(
    ("option", "value", "error", "message"),
    [
        ("steps", 1e4, TypeError, "expected a whole number of steps, got 10000.0"),
        ("steps", -1, ValueError, "expected steps of at least 0, got -1"),
        ("log_every", 0, ValueError, "expected log_every of at least 1, got 0"),
        ("evaluation_steps", 0, ValueError, "expected evaluation_steps of at least 1, got 0"),
    ],
)
def test_counts_are_whole_and_positive(tmp_path, option, value, error, message):
    with pytest.raises(error, match=message):
        train(run_dir=tmp_path, **{"steps": 4} | TINY | {option: value})


def test_another_runs_weights_are_a_start(tmp_path):
    train(run_dir=tmp_path / "first", steps=4, **TINY)
    tuned = TINY | {"init_from": tmp_path / "first", "seed": 1}
    train(run_dir=tmp_path / "tuned", steps=0, **tuned)
    old, new = (disentlib.Run(tmp_path / name) for name in ("first", "tuned"))
    for a, b in zip(old.model.weights, new.model.weights, strict=True):
        np.testing.assert_array_equal(a, b)
    assert int(new.model.step) == 0
    noted = new.settings["init_from"]
    assert noted["step"] == 4
    assert noted["sha256"] == disentlib.files.sha256(tmp_path / "first" / "model.keras")
    # Again: resumes, whatever has become of the first run.
    train(run_dir=tmp_path / "first", steps=6, **TINY)
    train(run_dir=tmp_path / "tuned", steps=4, **tuned)
    assert disentlib.Run(tmp_path / "tuned").settings["init_from"] == noted
    with pytest.raises(ValueError, match=r"\(init_from: .* before, None now\)"):
        train(run_dir=tmp_path / "tuned", steps=4, **tuned | {"init_from": None})


def test_the_start_of_another_method_is_its_networks(tmp_path):
    train(run_dir=tmp_path / "first", steps=2, **TINY)
    start = tmp_path / "first" / "model.keras"
    other = TINY | {"model": models.FactorVAE, "init_from": start}
    train(run_dir=tmp_path / "other", steps=0, **other)
    old, new = (disentlib.Run(tmp_path / name).model for name in ("first", "other"))
    for part in ("encoder", "decoder"):
        for a, b in zip(getattr(old, part).weights, getattr(new, part).weights, strict=True):
            np.testing.assert_array_equal(a, b)
    with pytest.raises(ValueError, match=r"expected encoder of .*model\.keras to have weights of"):
        train(run_dir=tmp_path / "wide", steps=0, **other | {"latents": 4})
    assert not (tmp_path / "wide" / "run.json").exists()


def test_a_value_that_follows_the_steps_is_said_to(tmp_path):
    def run(steps):
        model = functools.partial(models.AnnealedVAE, iteration_threshold=steps)
        train(run_dir=tmp_path, steps=steps, **TINY | {"model": model})

    run(2)
    with pytest.raises(ValueError, match=r"model\.iteration_threshold: 2 before, 4 now\): a value"):
        run(4)


def test_the_options_of_the_stream_belong_to_the_run(tmp_path):
    def run(steps, changed):
        stream = functools.partial(data.streams.pairs, changed=changed)
        train(run_dir=tmp_path, steps=steps, **TINY | {"model": models.AdaGVAE, "stream": stream})

    run(2, 1)
    with pytest.raises(ValueError, match=r"\(stream_options\.changed: 1 before, 2 now\)"):
        run(4, 2)
    # A run from before options were noted goes on, and notes them.
    settings = json.loads((tmp_path / "run.json").read_text())
    del settings["configuration"]["stream_options"]
    settings["checkpoints"] = [disentlib.files.digest(settings["configuration"]), None]
    (tmp_path / "run.json").write_text(json.dumps(settings))
    with zipfile.ZipFile(tmp_path / "model.keras", "a") as archive:
        archive.comment = b""
    run(4, 1)
    now = disentlib.Run(tmp_path).settings["configuration"]
    assert now["stream"] == "disentlib.data.streams.pairs"
    assert now["stream_options"] == {"changed": 1, "protocol": None}
