"""Checks of the values in a batch, which a compiled step can only make while it runs."""

import contextlib
import contextvars
import re
from collections.abc import Callable, Iterator

import numpy as np
import tensorflow as tf

from disentlib import pixels

MARK = "refused"  # in the errors of compiled steps, before the message of a check

# What the rule for pixels makes of each byte.
_BYTES = pixels.as_input(np.arange(256, dtype=np.uint8))

# Whether values are checked; not under XLA, which cannot call Python.
_checks_values = contextvars.ContextVar("checks_values", default=True)


@contextlib.contextmanager
def under_xla(compiled: bool) -> Iterator[None]:
    """Leave checks of values out of a step that XLA compiles, which cannot call Python."""
    token = _checks_values.set(not compiled)
    try:
        yield
    finally:
        _checks_values.reset(token)


def as_input(images: tf.Tensor, *, unit: bool) -> tf.Tensor:
    """Return a batch as `pixels.as_input` does, in eager code and in graphs.

    Args:
        images: (batch, ...).
        unit: whether floats must lie in [0, 1].

    Raises:
        TypeError: for another type than uint8, bool or floats.
        ValueError: for values that the rule refuses; from a compiled step within `plain_errors`.
    """
    images = tf.convert_to_tensor(images)
    pixels.as_input(np.empty(0, images.dtype.as_numpy_dtype))  # the type alone
    if images.dtype == tf.uint8:
        checked = tf.gather(_BYTES, tf.cast(images, tf.int32))
        wrong = tf.equal(tf.reduce_max(images), 1)
    else:
        checked = tf.cast(images, tf.float32)
        # The extremes are NaN where there is one, and NaN compares as false.
        low, high = tf.reduce_min(checked), tf.reduce_max(checked)
        smallest, largest = (0.0, 1.0) if unit else (tf.float32.min, tf.float32.max)
        wrong = tf.logical_not(tf.logical_and(low >= smallest, high <= largest))
    return refused(checked, wrong, lambda array: pixels.as_input(array, unit=unit), images)


def labels(y: tf.Tensor) -> tf.Tensor:
    """Return labels (batch, factors) as float32, NaN where missing, in eager code and in graphs.

    Raises:
        TypeError: for labels that are no numbers.
        ValueError: for another number of axes, or infinite labels.
    """
    y = tf.convert_to_tensor(y)
    if not (y.dtype.is_floating or y.dtype.is_integer or y.dtype.is_bool):
        raise TypeError(f"expected labels of numbers, got {y.dtype.name}")
    if y.shape.rank != 2:
        raise ValueError(f"expected labels (batch, factors), got shape {tuple(y.shape)}")
    y = tf.cast(y, tf.float32)

    def explain() -> None:
        raise ValueError("expected finite labels, or NaN where one is missing, got infinity")

    return refused(y, tf.reduce_any(tf.math.is_inf(y)), explain)


def refused(
    value: tf.Tensor, wrong: tf.Tensor, explain: Callable[..., object], *tensors: tf.Tensor
) -> tf.Tensor:
    """Return `value`; where `wrong`, a boolean scalar, is true, let `explain(*arrays)` raise.

    `explain` raises a ValueError. A step that XLA compiles is not checked; see `under_xla`.
    """
    if not _checks_values.get():
        return value

    def message(*arrays: np.ndarray) -> str:
        try:
            explain(*arrays)
        except ValueError as error:
            return str(error)
        return "expected other values"

    def stop() -> tf.Tensor:
        # Python only words the message: TensorFlow prints tracebacks of errors raised in Python.
        text = tf.numpy_function(message, tensors, tf.string)
        with tf.control_dependencies([tf.debugging.Assert(False, [MARK, text])]):
            return tf.constant(True)

    if tf.executing_eagerly():
        if wrong:
            explain(*(tensor.numpy() for tensor in tensors))
        return value
    # The check runs before the rest of the step, or a NaN would reach the weights.
    with tf.control_dependencies([tf.cond(wrong, stop, lambda: tf.constant(True))]):
        return tf.identity(value)


@contextlib.contextmanager
def plain_errors() -> Iterator[None]:
    """Turn what a check raised inside a compiled step back into its ValueError of one line."""
    try:
        yield
    except tf.errors.InvalidArgumentError as error:
        match = re.search(rf"{MARK}\] \[(.*)\]", error.message or "")
        if match is None:
            raise
        raise ValueError(match[1]) from None
