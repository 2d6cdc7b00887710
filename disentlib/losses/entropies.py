"""Entropies that bound losses from below."""

import tensorflow as tf
from tensorflow_probability import distributions as tfd

# The reference clips probabilities here, so that their logarithms stay finite.
CLIP = 1e-6


def binary_entropy(images: tf.Tensor) -> tf.Tensor:
    """H_b(x) = -sum_p x_p ln x_p + (1 - x_p) ln(1 - x_p), x clipped to [1e-6, 1 - 1e-6].

    The least Bernoulli reconstruction loss that images between 0 and 1 allow: subtract it to see
    how far a reconstruction is from perfect. Its gradient with respect to a model is zero.

    Args:
        images: (batch, ...) in [0, 1].

    Returns:
        (batch,), in nats, >= 0.
    """
    clipped = tf.clip_by_value(tf.cast(images, tf.float32), CLIP, 1 - CLIP)
    pixels = tfd.Bernoulli(probs=clipped)
    return tfd.Independent(pixels, reinterpreted_batch_ndims=clipped.shape.rank - 1).entropy()
