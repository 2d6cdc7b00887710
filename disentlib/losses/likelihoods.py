"""Likelihoods p(x|z): factories from the decoder's output to a TFP distribution over images.

Each is a small serialisable object, so that another kind of data needs another likelihood, not
another model. The reconstruction loss is `-likelihood(output).log_prob(x)`: a sum over pixels and
channels, in nats.
"""

import abc
import dataclasses
from typing import ClassVar

import keras
import tensorflow as tf
from tensorflow_probability import distributions as tfd

# The reference clips probabilities here, so that their logarithms stay finite.
CLIP = 1e-6


def _probability(output: tf.Tensor, activation: str) -> tf.Tensor:
    """Map a decoder's output to [0, 1] as the activation says."""
    if activation == "logits":
        return tf.sigmoid(output)
    return tf.tanh(output) / 2 + 0.5


def _check(activation: str, choices: tuple[str, ...]) -> None:
    if activation not in choices:
        raise ValueError(
            f"activation must be one of {', '.join(map(repr, choices))}, got {activation!r}"
        )


def _over_pixels(pixels: tfd.Distribution) -> tfd.Distribution:
    """Make one event of all axes but the batch."""
    return tfd.Independent(pixels, reinterpreted_batch_ndims=len(pixels.batch_shape) - 1)


@dataclasses.dataclass(frozen=True)
class Likelihood(abc.ABC):
    """A factory: decoder output (batch, ...) -> distribution over images of that shape."""

    #: Whether images must lie in [0, 1].
    unit: ClassVar[bool] = False

    @abc.abstractmethod
    def __call__(self, output: tf.Tensor) -> tfd.Distribution:
        """Return p(x|z)."""

    def get_config(self) -> dict:
        """Return the arguments, for Keras."""
        return dataclasses.asdict(self)

    @classmethod
    def from_config(cls, config: dict):
        """Build the likelihood that `get_config` describes."""
        return cls(**config)


@keras.saving.register_keras_serializable("disentlib")
@dataclasses.dataclass(frozen=True)
class Bernoulli(Likelihood):
    """log p(x|z) = sum_p x_p ln q_p + (1 - x_p) ln(1 - q_p), q from the decoder's output.

    Pixels may be any real number in [0, 1]; they are not binarised (the field's convention).

    Args:
        activation: what the output is: "logits" (q = sigmoid) or "tanh" (q = tanh/2 + 1/2, clipped
            to [1e-6, 1 - 1e-6]).

    Reference: Locatello et al., 2019; their `bernoulli_loss`.
    """

    unit: ClassVar[bool] = True

    activation: str = "logits"

    def __post_init__(self) -> None:
        _check(self.activation, ("logits", "tanh"))

    def __call__(self, output: tf.Tensor) -> tfd.Distribution:
        """Return p(x|z)."""
        output = tf.cast(output, tf.float32)
        if self.activation == "logits":
            return _over_pixels(tfd.Bernoulli(logits=output))
        probability = tf.clip_by_value(_probability(output, self.activation), CLIP, 1 - CLIP)
        return _over_pixels(tfd.Bernoulli(probs=probability))


@keras.saving.register_keras_serializable("disentlib")
@dataclasses.dataclass(frozen=True)
class Gaussian(Likelihood):
    """log p(x|z) = sum_p ln N(x_p; m_p, scale^2), m from the decoder's output.

    Args:
        scale: the standard deviation of a pixel. With `scale = sqrt(1/2)` the loss is the sum of
            squared errors plus a constant, the reference's `l2_loss`.
        activation: how the mean comes from the output: "linear" (m is the output), "logits"
            (m = sigmoid) or "tanh" (m = tanh/2 + 1/2).

    Reference: Locatello et al., 2019.
    """

    scale: float = 1.0
    activation: str = "linear"

    def __post_init__(self) -> None:
        if not self.scale > 0:
            raise ValueError(f"scale must be positive, got {self.scale}")
        _check(self.activation, ("linear", "logits", "tanh"))

    def __call__(self, output: tf.Tensor) -> tfd.Distribution:
        """Return p(x|z)."""
        mean = tf.cast(output, tf.float32)
        if self.activation != "linear":
            mean = _probability(mean, self.activation)
        return _over_pixels(tfd.Normal(mean, self.scale))


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
    return _over_pixels(tfd.Bernoulli(probs=clipped)).entropy()
