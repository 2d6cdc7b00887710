"""The categorical likelihood of class numbers."""

from typing import Any

import tensorflow as tf
from tensorflow_probability import distributions as tfd

from disentlib.models.configuration import serializable
from disentlib.models.likelihoods.counts import check_whole
from disentlib.models.likelihoods.likelihood import Likelihood


@serializable
class Categorical(Likelihood):
    """log p(x|z) = sum_p log_softmax(output_p)[x_p], of classes 0, 1, ..., classes - 1.

    The decoder gives `classes` numbers an element, the logits.

    Args:
        classes: how many values an element of x has, at least 2.
    """

    def __init__(self, classes: int):
        super().__init__()
        if classes < 2:
            raise ValueError(f"expected classes of at least 2, got {classes}")
        self.classes = classes
        self.parameters = classes

    def elements(self, *logits: tf.Tensor, x: Any = None) -> tfd.Distribution:
        """Return categorical distributions."""
        return ClassNumber(tf.stack(logits, axis=-1))

    def check(self, x: tf.Tensor) -> tf.Tensor:
        """Refuse what is not the number of a class."""
        return check_whole(x, most=self.classes - 1)


class ClassNumber(tfd.Categorical):
    """A categorical distribution of class numbers as floats, with their mean.

    Args:
        logits: (..., classes).
    """

    def __init__(self, logits, name: str = "ClassNumber"):
        super().__init__(logits=logits, dtype=tf.float32, name=name)

    def _mean(self):
        probabilities = self.probs_parameter()
        return tf.linalg.matvec(probabilities, tf.range(probabilities.shape[-1], dtype=tf.float32))
