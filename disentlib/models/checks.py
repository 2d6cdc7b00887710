"""Checks of the values in a batch, which a compiled step can only make while it runs."""

import contextlib
import contextvars
import re
from collections.abc import Callable, Iterator

import numpy as np
import tensorflow as tf

from disentlib import pixels

MARK = "refused"  # in the errors of compiled steps, before what a check said

# Of every byte, the number that the rule for pixels makes of it.
_BYTES = pixels.as_input(np.arange(256, dtype=np.uint8))


# Whether values are looked at; XLA cannot.
_looked_at = contextvars.ContextVar("looked_at", default=True)


@contextlib.contextmanager
def under_xla(compiled: bool) -> Iterator[None]:
    """Leave checks of values out of a step that XLA compiles; it knows no Python."""
    token = _looked_at.set(not compiled)
    try:
        yield
    finally:
        _looked_at.reset(token)


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
        seen = tf.gather(_BYTES, tf.cast(images, tf.int32))
        wrong = tf.equal(tf.reduce_max(images), 1)
    else:
        seen = tf.cast(images, tf.float32)
        # The extremes are NaN where there is one, and NaN compares as false.
        low, high = tf.reduce_min(seen), tf.reduce_max(seen)
        least, most = (0.0, 1.0) if unit else (tf.float32.min, tf.float32.max)
        wrong = tf.logical_not(tf.logical_and(low >= least, high <= most))
    return refused(seen, wrong, lambda array: pixels.as_input(array, unit=unit), images)


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
    """Return `value`; but where `wrong`, a truth, holds, `explain(*arrays)` raises a ValueError.

    Not in a step that XLA compiles; see `under_xla`.
    """
    if not _looked_at.get():
        return value

    def message(*arrays: np.ndarray) -> str:
        try:
            explain(*arrays)
        except ValueError as error:
            return str(error)
        return "expected other values"

    def complain() -> tf.Tensor:
        # Python says what is wrong, TensorFlow stops: a Python error would be printed as well.
        said = tf.numpy_function(message, tensors, tf.string)
        with tf.control_dependencies([tf.debugging.Assert(False, [MARK, said])]):
            return tf.constant(True)

    if tf.executing_eagerly():
        if wrong:
            explain(*(tensor.numpy() for tensor in tensors))
        return value
    # Nothing of the step runs before the check: a NaN would reach the weights.
    with tf.control_dependencies([tf.cond(wrong, complain, lambda: tf.constant(True))]):
        return tf.identity(value)


@contextlib.contextmanager
def plain_errors() -> Iterator[None]:
    """Turn what a check raised inside a compiled step back into its ValueError of one line."""
    try:
        yield
    except tf.errors.InvalidArgumentError as error:
        found = re.search(rf"{MARK}\] \[(.*)\]", error.message or "")
        if found is None:
            raise
        raise ValueError(found[1]) from None
