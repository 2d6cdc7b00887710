"""Several steps a call: the figures of single steps, bit for bit."""

import keras
import numpy as np
import pytest

import disentlib
from disentlib import data, models
from disentlib.models import architectures as nets
from disentlib.training import NonFiniteError, execution, train

TINY = {
    "data": data.MiniSprites,
    "encoder": nets.linear_encoder,
    "decoder": nets.linear_decoder,
    "latents": 3,
    "batch_size": 8,
    "log_every": 6,
    "checkpoint_every": 6,
    "evaluation_steps": 3,
    "quiet": True,
}


def small_factor_vae(encoder, decoder, *, seed):
    discriminator = models.architectures.fc_discriminator(latents=3, units=8)
    return models.FactorVAE(encoder, decoder, discriminator=discriminator, seed=seed)


@keras.saving.register_keras_serializable("tests.execution")
class BreaksAfter(models.BetaVAE):
    """Its KL is NaN in the fifth step."""

    def kl(self, code, y=None):
        return super().kl(code, y) / (1.0 - keras.ops.cast(self.step == 4, "float32"))


def state(run_dir):
    model = models.load(run_dir / "model.keras")
    return [np.asarray(one) for one in [*model.weights, *model.optimizer.variables]]


def assert_same(one, other):
    assert one.metrics["evaluation"] == other.metrics["evaluation"]
    for a, b in zip(state(one.path), state(other.path), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("method", [models.BetaVAE, small_factor_vae])
def test_the_figures_are_those_of_single_steps(method, tmp_path):
    options = TINY | {"model": method}
    train(run_dir=tmp_path / "single", steps=15, steps_per_execution=1, **options)
    train(run_dir=tmp_path / "several", steps=15, **options)
    single, several = (disentlib.Run(tmp_path / name) for name in ("single", "several"))
    np.testing.assert_array_equal(several.history["step"], [6, 12, 15])
    for name, column in single.history.items():
        np.testing.assert_array_equal(column, several.history[name])
    assert_same(single, several)


def test_so_are_those_of_a_run_that_stopped_anywhere(tmp_path):
    options = TINY | {"model": models.BetaVAE}
    train(run_dir=tmp_path / "single", steps=15, steps_per_execution=1, **options)
    for steps in (4, 13, 15):
        train(run_dir=tmp_path / "parts", steps=steps, **options)
    assert_same(*(disentlib.Run(tmp_path / name) for name in ("single", "parts")))


def test_the_step_that_broke_is_named_and_nothing_goes_on_from_it(tmp_path):
    with pytest.raises(NonFiniteError, match=r"at step 5 in kl, loss: ") as error:
        train(run_dir=tmp_path, steps=6, **TINY | {"model": BreaksAfter})
    assert (error.value.step, error.value.names) == (5, ("kl", "loss"))


def test_a_call_makes_the_steps_that_it_should():
    model = models.VAE(nets.linear_encoder((4,), latents=2), nets.linear_decoder((4,), latents=2))
    model.compile()
    function = execution.train_function(model)
    batches = iter(data.streams.images(vectors(), batch_size=4, seed=0))
    for count, expected in ((3, 3), (1, 4), (5, 9)):
        model.steps_per_execution = count
        logs = function(batches)
        assert int(model.step) == expected
    assert logs.keys() == {"loss", "reconstruction", "kl"}
    with pytest.raises(StopIteration):
        function(iter(data.streams.images(vectors(), batch_size=4, seed=0).take(3)))
    assert int(model.step) == 12  # the stream's batches, and not a step without one


def vectors():
    rng = np.random.default_rng(0)
    return data.ArrayData(rng.random((20, 4)), rng.integers(0, 3, (20, 2)))


@pytest.mark.parametrize(
    ("steps", "most", "expected"), [(100, 50, 50), (6, 50, 6), (625, 50, 25), (7, 6, 1), (1, 9, 1)]
)
def test_executions_divide_the_interval(steps, most, expected):
    assert execution.steps_per_execution(steps, most) == expected
