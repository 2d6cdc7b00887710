import numpy as np
import pytest

from disentlib import models

# (target, KL) -> beta, one step after the other.
STEPS = [
    (0.5, 0.1, 1.0036131234),
    (0.5, 0.4, 1.0042502081),
    (0.5, 2.0, 1.0091757447),
    (0.5, 20.0, 1.0305),
    (0.5, 5.0, 1.0348901306),
    (18.0, 20.0, 1.0358079708),
    (18.0, 25.0, 1.0439908895),
]


def test_the_controller_has_the_golden_values(build):
    model = build(models.ControlVAE)
    for target, kl, beta in STEPS:
        model.first_target = target
        model.control(np.float32(kl))
        assert float(model.limited(model.unlimited_weight)) == pytest.approx(beta, abs=2e-6)


def test_a_weight_beyond_its_limits_stops_the_integral(build):
    model = build(models.ControlVAE, beta_min=0.0, beta_max=1.0)
    model.unlimited_weight.assign(1.5)
    model.control(np.float32(30.0))
    assert float(model.integral) == 0
    model.unlimited_weight.assign(0.5)
    model.control(np.float32(30.5))
    assert float(model.integral) == pytest.approx(0.03, rel=1e-5)
    assert float(model.limited(1.5)) == 1
    assert float(model.limited(-0.5)) == 0


def test_the_target_grows_in_steps(build):
    model = build(models.ControlVAE, target=0.7)
    model.compile("adam")
    for step, target in ((0, 0.5), (4999, 0.5), (5000, 0.65), (10_000, 0.7), (10**6, 0.7)):
        model.optimizer.iterations.assign(step)
        assert float(model.current_target()) == pytest.approx(target)


def test_evaluation_leaves_the_controller_alone(build, images):
    model = build(models.ControlVAE)
    model.compile("adam")
    model.evaluate(images, verbose=0)
    assert float(model.unlimited_weight) == 1
    model.train_on_batch(images)
    assert float(model.unlimited_weight) != 1


def test_a_gain_of_the_wrong_sign_is_refused(build):
    with pytest.raises(ValueError, match=r"k_i must be negative, got 0\.001"):
        build(models.ControlVAE, k_i=0.001)
