import numpy as np
import pytest
import tensorflow as tf

from disentlib import models
from disentlib.losses.mean_discrepancy import maximum_mean_discrepancy


def test_without_a_discrepancy_it_is_the_vae(build, images):
    info, vae = build(models.InfoVAE, alpha=0.0, scale=1.0), build(models.VAE)
    losses = [model.objective(images, None, model(images))[0] for model in (info, vae)]
    assert float(losses[0]) == pytest.approx(float(losses[1]), rel=1e-6)


def test_the_weights_are_the_papers(build, images):
    model = build(models.InfoVAE, alpha=0.25, scale=10.0)
    loss, terms = model.objective(images, None, model(images))
    expected = terms["reconstruction"] + 0.75 * terms["kl"] + 9.25 * terms["mean_discrepancy"]
    assert float(loss) == pytest.approx(float(expected), rel=1e-6)


def test_a_weight_that_would_push_the_discrepancy_up_is_refused(build):
    with pytest.raises(ValueError, match=r"expected alpha \+ scale >= 1, got 0.0 \+ 0.001"):
        build(models.InfoVAE, scale=1e-3)


def test_one_code_has_no_discrepancy():
    one = tf.random.stateless_normal((1, 3), [0, 1])
    with tf.GradientTape() as tape:
        tape.watch(one)
        value = maximum_mean_discrepancy(one, one + 1.0)
    assert float(value) == 0
    assert not np.any(tape.gradient(value, one))
