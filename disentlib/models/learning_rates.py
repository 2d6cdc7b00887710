"""Learning rates that Keras does not have."""

import math

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable("disentlib")
class StepDecay(keras.optimizers.schedules.LearningRateSchedule):
    """max(least, first * factor^floor((step - start) / every)), and `first` until `start`.

    Args:
        first: the learning rate at the start.
        every: steps between two decays.
        factor: of each decay, in (0, 1].
        least: the smallest learning rate.
        start: the step from which decays count, such as the end of a pretraining.

    Reference: Jiang et al., "Variational deep embedding", IJCAI 2017, whose program decays so.

    >>> rate = StepDecay(0.002, every=10, factor=0.5, least=0.0006, start=100)
    >>> [round(float(rate(step)), 4) for step in (0, 109, 110, 119, 120, 200)]
    [0.002, 0.002, 0.001, 0.001, 0.0006, 0.0006]
    """

    def __init__(
        self, first: float, *, every: int, factor: float, least: float = 0.0, start: int = 0
    ):
        super().__init__()
        if not (math.isfinite(first) and first > 0 and 0 < factor <= 1 and 0 <= least <= first):
            raise ValueError(
                "expected first > 0, factor in (0, 1] and least in [0, first], got "
                f"first={first}, factor={factor}, least={least}"
            )
        if every < 1 or start < 0:
            raise ValueError(
                f"expected every of at least 1 and start of at least 0, got {every} and {start}"
            )
        self.first, self.every, self.factor = first, every, factor
        self.least, self.start = least, start

    def __call__(self, step):
        """Return the learning rate at a step."""
        elapsed = tf.maximum(tf.cast(step, tf.int64) - self.start, 0)
        decays = tf.cast(elapsed // self.every, tf.float32)
        return tf.maximum(self.first * tf.pow(self.factor, decays), self.least)

    def get_config(self) -> dict:
        """Return the arguments, for Keras."""
        return {
            "first": self.first,
            "every": self.every,
            "factor": self.factor,
            "least": self.least,
            "start": self.start,
        }
