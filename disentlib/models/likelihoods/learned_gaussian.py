"""The Gaussian likelihood of a learned scale."""

from collections.abc import Sequence
from typing import Any

import tensorflow as tf
from tensorflow_probability import distributions as tfd

from disentlib.models.configuration import serializable
from disentlib.models.likelihoods.likelihood import Likelihood

#: Log-variances outside these limits are clipped, so that no density grows without bound.
LOGVAR_LIMITS = (-14.0, 14.0)


@serializable
class LearnedGaussian(Likelihood):
    """log p(x|z) = sum_p ln N(x_p; m_p, exp(s_p)), m the decoder's output, s learned with it.

    The log-variances s are the same for all observations, 0 at first, and clipped to [-14, 14].

    Args:
        shape: of s, broadcast over an observation: () is one for all, its own shape one for each
            element, (h, w, 1) one for each pixel, shared by the channels.

    Raises:
        ValueError: if the shape cannot be broadcast over an observation, when the model is built.

    Reference: Rybkin, Daniilidis and Levine, "Simple and effective VAE training with calibrated
    decoders", ICML 2021.
    """

    def __init__(self, shape: Sequence[int] = ()):
        super().__init__()
        self.shape = tuple(shape)
        self.logvar = self.add_weight(name="logvar", shape=self.shape, initializer="zeros")

    def elements(self, mean: tf.Tensor, *, x: Any = None) -> tfd.Distribution:  # type: ignore[override]
        """Return normal distributions."""
        logvar = tf.clip_by_value(tf.convert_to_tensor(self.logvar), *LOGVAR_LIMITS)
        return tfd.Normal(mean, tf.exp(logvar / 2))

    def decoder_shape(self, shape):
        """Return the shape of x, over which the log-variances can be broadcast."""
        check_broadcast(self.shape, shape, f"{type(self).__name__} of shape")
        return super().decoder_shape(shape)


def PixelGaussian(shape: Sequence[int]) -> LearnedGaussian:  # noqa: N802
    """Return a Gaussian likelihood with one learned variance a pixel, shared by the channels.

    Args:
        shape: of an observation, (..., channels).

    Reference: Jacobsen and Duraisamy, "Disentangling generative factors of physical fields using
    variational autoencoders", Frontiers in Physics 2022.
    """
    return LearnedGaussian((*shape[:-1], 1))


def check_broadcast(small: Sequence[int], shape: Sequence[int | None], label: str) -> None:
    """Raise a ValueError unless one shape broadcasts over another without making it larger."""
    tail = tuple(shape)[len(shape) - len(small) :]
    fits = len(small) <= len(shape) and all(
        ours in (1, theirs) for ours, theirs in zip(small, tail, strict=True)
    )
    if not fits:
        raise ValueError(
            f"expected {label} () or one that broadcasts over observations {tuple(shape)}, got "
            f"{tuple(small)}"
        )
