"""The Gaussian likelihood of a fixed scale."""

from typing import Any

import tensorflow as tf
from tensorflow_probability import distributions as tfd

from disentlib.models.configuration import serializable
from disentlib.models.likelihoods.likelihood import Likelihood, check_choice, probability


@serializable
class Gaussian(Likelihood):
    """log p(x|z) = sum_p ln N(x_p; m_p, scale^2), m from the decoder's output.

    Args:
        scale: the standard deviation of an element. With `scale = sqrt(1/2)` the loss is the sum
            of squared errors plus a constant, the reference's `l2_loss`.
        activation: how the mean comes from the output: "linear" (m is the output), "logits"
            (m = sigmoid) or "tanh" (m = tanh/2 + 1/2).

    Reference: Locatello et al., 2019.
    """

    def __init__(self, scale: float = 1.0, activation: str = "linear"):
        super().__init__()
        if not scale > 0:
            raise ValueError(f"scale must be positive, got {scale}")
        check_choice("activation", activation, ("linear", "logits", "tanh"))
        self.scale = scale
        self.activation = activation

    def elements(self, output: tf.Tensor, *, x: Any = None) -> tfd.Distribution:  # type: ignore[override]
        """Return normal distributions of the means m."""
        linear = self.activation == "linear"
        mean = output if linear else probability(output, self.activation)
        return tfd.Normal(mean, self.scale)
