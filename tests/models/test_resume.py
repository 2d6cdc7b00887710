"""A run of a method with two optimizers, stopped and started again, is the run never stopped."""

import keras
import numpy as np
import pytest

import disentlib
from disentlib import data, models
from disentlib.models import architectures as nets
from disentlib.training import train


def reference_factor_vae(encoder, decoder, *, seed):
    codes = keras.Input((3,), name="codes")
    logits = keras.layers.Dense(2, name="logits")(codes)
    return models.FactorVAE(
        encoder,
        decoder,
        discriminator=keras.Model(codes, logits, name="discriminator"),
        step_counting="reference",
        seed=seed,
    )


SMALL = {
    "data": data.MiniSprites,
    "model": reference_factor_vae,
    "encoder": nets.linear_encoder,
    "decoder": nets.linear_decoder,
    "latents": 3,
    "batch_size": 8,
    "log_every": 2,
    "checkpoint_every": 4,
    "evaluation_steps": 2,
}


def state(run_dir):
    model = models.load(run_dir / "model.keras")
    second = model.discriminator_optimizer
    variables = [*model.variables, *model.optimizer.variables, *second.variables]
    assert int(second.iterations) == int(model.optimizer.iterations) == 6
    return {variable.path: np.asarray(variable) for variable in variables}


def test_both_optimizers_resume_and_reference_steps_count_twice(tmp_path):
    train(run_dir=tmp_path / "whole", steps=12, **SMALL)
    for steps in (4, 12):
        train(run_dir=tmp_path / "parts", steps=steps, **SMALL)
    whole, parts = (state(tmp_path / name) for name in ("whole", "parts"))
    np.testing.assert_equal(list(whole.values()), list(parts.values()))
    runs = [disentlib.Run(tmp_path / name) for name in ("whole", "parts")]
    np.testing.assert_equal(runs[0].history, runs[1].history)
    np.testing.assert_array_equal(runs[0].history["step"], [2, 4, 6, 8, 10, 12])
    with pytest.raises(ValueError, match="must be multiples of 2"):
        train(run_dir=tmp_path / "odd", steps=5, **SMALL)
