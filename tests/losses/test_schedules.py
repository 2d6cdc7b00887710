"""Schedules at the steps that matter, against plain Python, and what they refuse."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from disentlib import losses
from disentlib.losses import schedules


@pytest.mark.parametrize(("step", "expected"), [(0, 0), (10, 10), (100, 100), (101, 100)])
def test_linear_grows_and_stays(step, expected):
    value = schedules.linear(tf.constant(step, tf.int64), last=100.0, steps=100)
    assert float(value) == pytest.approx(expected)


@pytest.mark.parametrize(("step", "expected"), [(0, 0), (100, 0), (101, 100)])
def test_late_waits(step, expected):
    assert float(schedules.late(tf.constant(step, tf.int64), last=100.0, steps=100)) == expected


def fu_et_al(step, *, total, cycles, ramp):
    """Fu et al., 2019, equation 6, with iterations counted from 0."""
    tau = (step % (total / cycles)) / (total / cycles)
    return tau / ramp if tau <= ramp else 1.0


def test_cycles_are_those_of_the_paper():
    schedule = losses.CyclicalSchedule(steps=400, cycles=4, ramp=0.5)
    expected = [fu_et_al(step, total=400, cycles=4, ramp=0.5) for step in range(400)]
    np.testing.assert_allclose([schedule(step) for step in range(400)], expected, rtol=1e-6)
    assert [float(schedule(step)) for step in (400, 10**12)] == [1, 1]


def test_a_warm_up_may_fall_and_start_late():
    schedule = losses.LinearSchedule(4.0, 1.0, steps=30, delay=10)
    expected = np.interp(np.arange(60), [10, 40], [4, 1])
    np.testing.assert_allclose([schedule(step) for step in range(60)], expected, rtol=1e-6)
    assert schedule.ends == (4.0, 1.0)


@pytest.mark.parametrize(
    "schedule",
    [losses.LinearSchedule(0.5, 2.0, 7, 3), losses.CyclicalSchedule(0.0, 2.0, 8, 2, 1.0)],
)
def test_keras_builds_them_again(schedule):
    config = keras.saving.serialize_keras_object(schedule)
    assert keras.saving.deserialize_keras_object(config) == schedule


@pytest.mark.parametrize(("make", "message"), [
    (lambda: losses.LinearSchedule(0.0, np.nan), "expected finite first and last"),
    (lambda: losses.LinearSchedule(steps=0), "expected steps >= 1 and delay >= 0, got 0 and 0"),
    (lambda: losses.CyclicalSchedule(steps=10, cycles=4), "positive multiple of cycles, got 10"),
    (lambda: losses.CyclicalSchedule(steps=8, cycles=0), "got 8 steps and 0 cycles"),
    (lambda: losses.CyclicalSchedule(steps=0, cycles=4), "got 0 steps and 4 cycles"),
    (lambda: losses.CyclicalSchedule(steps=8, ramp=0.0), r"expected ramp in \(0, 1\], got 0.0"),
])  # fmt: skip
def test_mistakes_are_named(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_the_shortest_schedules_are_schedules():
    assert losses.CyclicalSchedule(0.0, 1.0, steps=1, cycles=1)(0) == 0.0
    assert losses.LinearSchedule(0.0, 1.0, steps=1)(1) == 1.0
