"""Schedules at the steps that matter."""

import pytest
import tensorflow as tf

from disentlib.losses import schedules


@pytest.mark.parametrize(("step", "expected"), [(0, 0), (10, 10), (100, 100), (101, 100)])
def test_linear_grows_and_stays(step, expected):
    value = schedules.linear(tf.constant(step, tf.int64), last=100.0, steps=100)
    assert float(value) == pytest.approx(expected)


@pytest.mark.parametrize(("step", "expected"), [(0, 0), (100, 0), (101, 100)])
def test_late_waits(step, expected):
    assert float(schedules.late(tf.constant(step, tf.int64), last=100.0, steps=100)) == expected
