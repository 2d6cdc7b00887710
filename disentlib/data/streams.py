"""Endless `tf.data` streams of training batches.

Batch number `step` of a stream depends on its seed and `step` alone, so `start=k` continues a
stream exactly where an interrupted run left it, and nothing needs to be saved.
"""

from collections.abc import Callable

import numpy as np
import tensorflow as tf

from disentlib.data.ground_truth import GroundTruthData
from disentlib.data.randomness import counter

__all__ = ["images"]


def images(data: GroundTruthData, *, batch_size: int, seed: int, start: int = 0) -> tf.data.Dataset:
    """Return x_1, x_2, ... ~ p(x): batches of images drawn with replacement.

    Args:
        data: where to draw from; `data.sample` is all that is asked of it.
        batch_size: images a batch.
        seed: 0 or more; every seed is another stream.
        start: number of the first batch, 0 for a new stream.

    Returns:
        A dataset of float32 batches (batch_size, height, width, channels) in [0, 1].

    Raises:
        ValueError: if `batch_size` is not positive, or `seed` or `start` is negative.
    """

    def draw(rng: np.random.Generator) -> np.ndarray:
        return data.sample(batch_size, rng)[1]

    return _stream(
        draw,
        shape=(batch_size, *data.image_shape),
        dtype=data.dtype,
        seed=seed,
        start=start,
    )


def _stream(
    draw: Callable[[np.random.Generator], np.ndarray],
    *,
    shape: tuple[int, ...],
    dtype: np.dtype,
    seed: int,
    start: int,
) -> tf.data.Dataset:
    """Return the dataset of draw(counter(seed, step)) for step = start, start + 1, ..."""
    if shape[0] < 1:
        raise ValueError(f"expected a batch_size of at least 1, got {shape[0]}")
    if seed < 0 or start < 0:
        raise ValueError(f"expected seed and start of at least 0, got {seed} and {start}")

    def batch(step: tf.Tensor) -> tf.Tensor:
        drawn = tf.numpy_function(
            lambda step: draw(counter(seed, step)), [step], dtype, stateful=False
        )
        drawn = tf.ensure_shape(drawn, shape)
        return drawn if dtype == np.float32 else tf.cast(drawn, tf.float32) / 255.0

    # The kernels draw outside Python's lock, so batches are made beside the training step.
    steps = tf.data.Dataset.counter(start)
    return steps.map(batch, num_parallel_calls=2, deterministic=True).prefetch(tf.data.AUTOTUNE)
