"""What every likelihood offers: the distribution that a decoder's output stands for."""

import abc
from collections.abc import Sequence
from typing import Any, ClassVar

import keras
import tensorflow as tf
from tensorflow_probability import distributions as tfd

from disentlib.models.configuration import SignatureConfig


class Likelihood(SignatureConfig, keras.layers.Layer, abc.ABC):
    """p(x|z): `VAE(..., likelihood=...)`, called with the decoder's output and what is observed.

    The reconstruction loss is `-likelihood(output, x).log_prob(x)`: a sum over the elements of an
    observation, in nats.

    A Keras layer only so that the weights that a likelihood learns are trained and saved with the
    model. It computes in float32 under every precision policy.

    Attributes:
        unit: whether x must lie in [0, 1].
        parameters: how many numbers the decoder gives for each element of x.
        reads_x: whether the distribution depends on what is observed, beside the decoder's output.
    """

    unit: ClassVar[bool] = False
    parameters: int = 1
    reads_x: bool = False

    def __init__(self):
        super().__init__(dtype="float32")
        self.built = True

    @abc.abstractmethod
    def elements(self, *parameters: tf.Tensor, x: Any = None) -> tfd.Distribution:
        """Return the distributions of the elements of x, which are independent given z.

        Args:
            parameters: `self.parameters` tensors of the shape of x, (batch, ...), float32.
            x: what is observed, (batch, ...), or a dictionary with "x"; None where codes are
                decoded without an observation.
        """

    def __call__(self, output: tf.Tensor, x: Any = None) -> tfd.Distribution:
        """Return p(x|z), with one observation as event.

        Args:
            output: of the decoder, (batch, ...) of the shape that `decoder_shape` says.
            x: what is observed, for likelihoods that read it; an array or a dictionary with "x".
        """
        output = tf.cast(output, tf.float32)
        parts = [output] if self.parameters == 1 else tf.split(output, self.parameters, axis=-1)
        elements = self.elements(*parts, x=x)
        return tfd.Independent(elements, reinterpreted_batch_ndims=len(elements.batch_shape) - 1)

    def decoder_shape(self, shape: Sequence[int | None]) -> tuple[int | None, ...]:
        """Return the shape of the decoder's output for x of a shape, both without the batch.

        With several parameters an element the last axis is that many times as long: the first
        parameter of all elements, then the second, and so on.

        Raises:
            ValueError: if the likelihood is not for x of this shape.
        """
        last = shape[-1]
        return (*shape[:-1], None if last is None else last * self.parameters)

    def check(self, x: tf.Tensor) -> tf.Tensor:
        """Return x (batch, ...); refuse values outside the support of the distribution.

        A step that XLA compiles is not checked; see `models.checks`.

        Raises:
            ValueError: for such values; from a compiled step within `checks.plain_errors`.
        """
        return x


def check_choice(name: str, value: str, choices: Sequence[str]) -> None:
    """Raise a ValueError unless an argument is one of its choices."""
    if value not in choices:
        raise ValueError(f"{name} must be one of {', '.join(map(repr, choices))}, got {value!r}")


def probability(output: tf.Tensor, activation: str) -> tf.Tensor:
    """Map a decoder's output to [0, 1]: sigmoid for "logits", tanh/2 + 1/2 for "tanh"."""
    if activation == "logits":
        return tf.sigmoid(output)
    return tf.tanh(output) / 2 + 0.5
