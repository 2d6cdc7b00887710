"""Weights that change with the number of updates, a pure function of it: nothing to save."""

import tensorflow as tf


def linear(step: tf.Tensor, *, last: float, steps: int) -> tf.Tensor:
    """min(last, last * step / steps): from 0 to `last` over `steps` updates, then constant.

    AnnealedVAE's capacity, and the `anneal` schedule of the few-labels study.
    """
    return last * tf.minimum(tf.cast(step, tf.float32) / steps, 1.0)


def late(step: tf.Tensor, *, last: float, steps: int) -> tf.Tensor:
    """0 while step <= `steps`, then `last`: the `fine_tune` schedule of the few-labels study."""
    return tf.where(step > steps, last, 0.0)
