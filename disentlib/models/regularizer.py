"""Terms that may be added to any method's objective."""

import abc
from typing import ClassVar

import keras
import tensorflow as tf

from disentlib.models.configuration import SignatureConfig


class Regularizer(SignatureConfig, keras.layers.Layer, abc.ABC):
    """A weighted term of the loss that reads codes and labels: `VAE(..., regularizers=[...])`.

    A Keras layer only so that the weights that a regularizer learns are trained and saved with the
    model. It computes in float32 under every precision policy.
    """

    #: The names that `penalty` gives to its terms, as logged.
    terms: ClassVar[tuple[str, ...]]

    def __init__(self):
        super().__init__(dtype="float32")
        self.built = True
        self.clock = lambda: tf.zeros((), tf.int64)

    @property
    def step(self) -> tf.Tensor:
        """The step of the model that the regularizer belongs to; weights on schedules read it."""
        return self.clock()

    @abc.abstractmethod
    def penalty(
        self, code, y, *, step: tf.Tensor, key: tf.Tensor
    ) -> tuple[tf.Tensor, dict[str, tf.Tensor]]:
        """Return the weighted penalty, which is added to the loss, and its raw terms.

        Args:
            code: the `Code` of the batch.
            y: labels or None.
            step: the number of updates made.
            key: for random draws.
        """
