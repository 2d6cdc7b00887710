"""The Bernoulli likelihood, of numbers in [0, 1]."""

from typing import Any, ClassVar

import tensorflow as tf
from tensorflow_probability import distributions as tfd

from disentlib.losses.entropies import CLIP
from disentlib.models.configuration import serializable
from disentlib.models.likelihoods.likelihood import Likelihood, check_choice, probability


@serializable
class Bernoulli(Likelihood):
    """log p(x|z) = sum_p x_p ln q_p + (1 - x_p) ln(1 - q_p), q from the decoder's output.

    Pixels may be any real number in [0, 1]; they are not binarised (the field's convention).

    Args:
        activation: what the output is: "logits" (q = sigmoid) or "tanh" (q = tanh/2 + 1/2, clipped
            to [1e-6, 1 - 1e-6]).

    Reference: Locatello et al., 2019; their `bernoulli_loss`.
    """

    unit: ClassVar[bool] = True

    def __init__(self, activation: str = "logits"):
        super().__init__()
        check_choice("activation", activation, ("logits", "tanh"))
        self.activation = activation

    def elements(self, output: tf.Tensor, *, x: Any = None) -> tfd.Distribution:  # type: ignore[override]
        """Return Bernoulli distributions of the probabilities q."""
        if self.activation == "logits":
            return tfd.Bernoulli(logits=output, dtype=tf.float32)
        clipped = tf.clip_by_value(probability(output, self.activation), CLIP, 1 - CLIP)
        return tfd.Bernoulli(probs=clipped, dtype=tf.float32)
