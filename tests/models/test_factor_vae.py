"""FactorVAE: two optimizers that must not reach into each other."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from disentlib import models
from disentlib.models import factor_vae


@pytest.fixture
def model(build):
    codes = keras.Input((3,))
    hidden = keras.layers.Dense(16, activation="tanh", name="hidden")(codes)
    discriminator = keras.Model(codes, keras.layers.Dense(2, name="logits")(hidden))
    model = build(models.FactorVAE, gamma=20.0, discriminator=discriminator)
    model.compile(keras.optimizers.Adam(1e-3))
    return model


def test_the_objective_is_its_equation(model, images):
    code = model(images)
    loss, terms = model.objective(images, None, code)
    logits = model.discriminator(code.z).numpy()
    tc = (logits[:, 0] - logits[:, 1]).mean()
    assert float(terms["total_correlation"]) == pytest.approx(tc, rel=1e-5)
    assert float(loss) == pytest.approx(
        float(terms["reconstruction"] + terms["kl"]) + 20 * tc, rel=1e-5
    )


def test_an_undecided_discriminator_loses_ln_2(model, images):
    for variable in model.discriminator.trainable_variables:
        variable.assign(tf.zeros_like(variable))
    terms = model.objective(images, None, model(images))[1]
    assert float(terms["discriminator"]) == pytest.approx(np.log(2), rel=1e-6)
    assert float(terms["total_correlation"]) == pytest.approx(0, abs=1e-6)


def test_every_column_of_the_permuted_batch_keeps_its_values(model):
    z = np.random.default_rng(0).normal(size=(50, 3)).astype(np.float32)
    permuted = model.permute(tf.constant(z)).numpy()
    np.testing.assert_array_equal(np.sort(permuted, axis=0), np.sort(z, axis=0))
    orders = [
        np.argsort(permuted[:, column].argsort()[z[:, column].argsort().argsort()])
        for column in range(3)
    ]
    assert not np.array_equal(permuted, z)
    assert not np.array_equal(orders[0], orders[1])
    assert not np.array_equal(orders[1], orders[2])


def test_the_discriminators_loss_never_reaches_the_encoder(model, images):
    with tf.GradientTape(persistent=True) as tape:
        terms = model.objective(images, None, model(images))[1]
    loss = terms["discriminator"]
    others = model.encoder.trainable_variables + model.decoder.trainable_variables
    assert all(gradient is None for gradient in tape.gradient(loss, others))
    own = tape.gradient(loss, model.discriminator.trainable_variables)
    assert all(float(tf.reduce_max(abs(gradient))) > 0 for gradient in own)


def test_each_optimizer_updates_its_own_by_the_gradients_before_the_step(model, images):
    before = [variable.numpy() for variable in model.trainable_variables]
    with tf.GradientTape(persistent=True) as tape:
        loss, terms = model.objective(images, None, model(images))
    own = model.discriminator.trainable_variables
    names = {id(variable) for variable in own}
    model.train_on_batch(images)
    for variable, old in zip(model.trainable_variables, before, strict=True):
        target, rate = (terms["discriminator"], 1e-4) if id(variable) in names else (loss, 1e-3)
        gradient = tape.gradient(target, variable).numpy()
        # Adam's first step is rate * sign(gradient), where the gradient is not tiny.
        clear = abs(gradient) > 1e-5
        step = (old - variable.numpy())[clear]
        np.testing.assert_allclose(step, rate * np.sign(gradient[clear]), rtol=2e-2)
    assert len(model.discriminator_optimizer.variables) == 2 + 2 * len(own)
    assert len(model.optimizer.variables) == 2 + 2 * len(model.main_variables)


def test_a_second_batch_is_the_half_that_is_permuted(build, model, images):
    halves = build(
        models.FactorVAE, gamma=20.0, discriminator=model.discriminator, second_batch=True
    )
    halves.compile("adam")
    code = halves(images)
    first = models.Code(*(part[:4] for part in code))
    terms = halves.objective(images, None, code)[1]
    expected = model.objective(images[:4], None, first)[1]
    for name in ("reconstruction", "kl", "total_correlation"):
        assert float(terms[name]) == pytest.approx(float(expected[name]), rel=1e-5)
    real = halves.discriminator_loss(first.z, code.z[4:])
    assert float(terms["discriminator"]) == pytest.approx(float(real), rel=1e-6)


def test_reference_steps_count_twice(build, images):
    model = build(models.FactorVAE, step_counting="reference")
    assert model.steps_per_update == 2
    with pytest.raises(ValueError, match="step_counting must be 'paper' or 'reference'"):
        build(models.FactorVAE, step_counting="double")


def test_probabilities_of_the_discriminator_are_clipped():
    logs = factor_vae._log_probability(np.array([[100.0, 0.0]], np.float32))
    expected = np.log([np.float32(1 - 1e-6), np.float32(1e-6)])
    np.testing.assert_allclose(logs[0], expected, rtol=1e-5)
