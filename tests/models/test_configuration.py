"""Weights of objectives that are moved while training, and arguments that are not."""

import inspect

import keras
import numpy as np
import pytest
import tensorflow as tf

from disentlib import losses, models


class Move(keras.callbacks.Callback):
    """Set a weight before an epoch, as users do."""

    def __init__(self, owner, name, value, epoch):
        super().__init__()
        self.owner, self.weight, self.value, self.epoch = owner, name, value, epoch

    def on_epoch_begin(self, epoch, logs=None):
        if epoch == self.epoch:
            setattr(self.owner, self.weight, self.value)


def test_a_weight_moved_in_a_callback_is_saved_and_resumed(build, images, tmp_path):
    def model(beta):
        made = build(models.BetaVAE, beta=beta)
        made.compile(keras.optimizers.Adam(1e-2))
        return made

    def fit(made, epochs, *callbacks):
        return made.fit(images, epochs=epochs, verbose=0, callbacks=[*callbacks]).history

    moved = model(0.5)
    history = fit(moved, 4, Move(moved, "beta", 30.0, 2))
    np.testing.assert_allclose(
        history["loss"],
        np.array(history["reconstruction"]) + [0.5, 0.5, 30, 30] * np.array(history["kl"]),
        rtol=1e-5,
    )
    parts = model(0.5)
    fit(parts, 2)
    parts.beta = 30.0
    fit(parts, 1)
    models.save(parts, tmp_path / "model.keras")
    again = models.load(tmp_path / "model.keras")
    assert again.beta == 30.0
    assert again.get_config()["beta"] == 30.0
    last = fit(again, 1)
    np.testing.assert_allclose(last["kl"], history["kl"][3:], rtol=1e-5)
    np.testing.assert_allclose(last["loss"], history["loss"][3:], rtol=1e-5)


def test_a_weight_reads_back_as_it_was_given(build):
    model = build(models.BetaVAE, beta=0.1)
    assert model.beta == 0.1  # not the float32 nearest to it
    assert type(model.beta) is float
    model.beta = np.float32(2)
    assert model.beta == 2
    model.beta = tf.constant(3)
    assert model.beta == 3
    controller = build(models.ControlVAE)
    assert controller.beta_max is None
    controller.beta_max = 1.5
    assert controller.get_config()["beta_max"] == 1.5
    controller.beta_max = None
    assert controller.get_config()["beta_max"] is None


def test_impossible_weights_are_refused_and_change_nothing(build):
    model = build(models.BetaVAE, beta=2.0)
    for wrong in (-1.0, np.nan, np.inf):
        with pytest.raises(
            ValueError, match=r"finite number \(at least 0\) for BetaVAE\.beta, got"
        ):
            model.beta = wrong
        with pytest.raises(
            ValueError, match=r"finite number \(at least 0\) for BetaVAE\.beta, got"
        ):
            build(models.BetaVAE, beta=wrong)
    for wrong in ("4", True, None, [1.0]):
        with pytest.raises(TypeError, match=r"a number or a losses\.Schedule for BetaVAE\.beta"):
            model.beta = wrong
    assert model.beta == 2
    info = build(models.InfoVAE, alpha=0.0, scale=2.0)
    with pytest.raises(ValueError, match=r"alpha \+ scale >= 1, got 0\.0 \+ 0\.5"):
        info.scale = 0.5
    assert info.scale == 2
    control = build(models.ControlVAE, beta_max=4.0)
    with pytest.raises(ValueError, match=r"beta_min <= beta_max, got 5\.0 and 4\.0"):
        control.beta_min = 5.0
    with pytest.raises(ValueError, match="k_i must be negative"):
        control.k_i = 0.0
    assert (control.beta_min, control.k_i) == (1.0, -0.001)


@pytest.mark.parametrize("schedule", [
    losses.LinearSchedule(0.0, 8.0, steps=3, delay=1),
    losses.CyclicalSchedule(1.0, 5.0, steps=4, cycles=2, ramp=0.5),
])  # fmt: skip
def test_a_weight_follows_its_schedule_and_goes_on_after_loading(build, images, tmp_path, schedule):
    model = build(models.BetaVAE, beta=schedule)
    model.compile("adam")
    found = []
    for step in range(6):
        if step == 3:
            models.save(model, tmp_path / "model.keras")
            model = models.load(tmp_path / "model.keras")
        expected = model.beta
        terms = model.train_on_batch(images, return_dict=True)
        assert terms["loss"] == pytest.approx(terms["reconstruction"] + expected * terms["kl"])
        found.append(expected)
    if isinstance(schedule, losses.LinearSchedule):
        np.testing.assert_allclose(found, [0, 0, 8 / 3, 16 / 3, 8, 8], rtol=1e-6)
    else:
        assert found == [1, 5, 1, 5, 5, 5]
    assert models.BetaVAE.from_config(model.get_config()).get_config() == model.get_config()
    for wrong in (3.0, losses.LinearSchedule()):
        with pytest.raises(AttributeError, match="schedules are given when the model is built"):
            model.beta = wrong


def test_schedules_of_regularizers_read_the_models_step(build, images):
    support = models.HausdorffSupport(gamma=losses.LinearSchedule(0.0, 10.0, steps=10))
    model = build(models.BetaVAE, beta=1.0, regularizers=[support])
    model.compile("adam")
    model.optimizer.iterations.assign(4)
    assert support.gamma == 4
    terms = model.train_on_batch(images, return_dict=True)
    expected = terms["reconstruction"] + terms["kl"] + 4 * terms["support_distance"]
    assert terms["loss"] == pytest.approx(expected)
    with pytest.raises(ValueError, match="expected one schedule, got 'anneal' and gamma="):
        models.LabelCovariance(gamma=losses.LinearSchedule(), schedule="anneal")


def test_a_weight_moved_under_a_schedule_of_labels_is_its_last_value(build, images):
    loss = models.LabelSquaredError(gamma=2.0, schedule="anneal", schedule_steps=4)
    model = build(models.S2VAE, label_loss=loss, beta=1.0)
    model.compile(keras.optimizers.SGD(0.0))
    labels = np.ones((len(images), 2), np.float32)
    model.train_on_batch(images, labels)
    model.optimizer.iterations.assign(2)
    loss.gamma = 10.0
    terms = model.train_on_batch(images, labels, return_dict=True)
    expected = terms["reconstruction"] + terms["kl"] + 5 * terms["labels"]
    assert terms["loss"] == pytest.approx(expected)


def test_a_class_of_the_users_own_has_weights_that_move(build, images):
    class Own(models.BetaVAE):
        def objective(self, x, y, code):
            _, terms = super().objective(x, y, code)
            return terms["reconstruction"] + self.beta**2 * terms["kl"], terms

    model = build(Own, beta=1.0)
    model.compile("sgd")
    model.train_on_batch(images)
    model.beta = 3.0
    terms = model.train_on_batch(images, return_dict=True)
    assert terms["loss"] == pytest.approx(terms["reconstruction"] + 9 * terms["kl"])


@pytest.mark.parametrize("method", [models.AdaGVAE, models.BetaVAE, models.priors.Normal])
def test_signatures_are_those_of_init(method):
    assert (
        list(inspect.signature(method).parameters)
        == list(inspect.signature(method.__init__).parameters)[1:]
    )
