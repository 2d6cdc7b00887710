"""The negative binomial likelihood of counts that vary more than a Poisson variable does."""

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf
from tensorflow_probability import distributions as tfd

from disentlib.models.configuration import serializable
from disentlib.models.likelihoods.counts import CountLikelihood
from disentlib.models.likelihoods.learned_gaussian import check_broadcast

#: Log-dispersions outside these limits are clipped. At the upper one the distribution is Poisson's
#: for counts far below 1e6; beyond it float32 loses the digits of the density.
LOG_DISPERSION_LIMITS = (-16.0, 14.0)


@serializable
class NegativeBinomial(CountLikelihood):
    """p(x|z) = prod_g NB(x_g; mean m_g, inverse dispersion r_g), variance m + m^2 / r.

    The mean comes from the decoder's output, the inverse dispersion is learned with the model: its
    logarithm is the same for all observations, drawn from N(0, 1) at first, and clipped to
    [-16, 14].

    Args:
        shape: of the dispersion, broadcast over an observation: () is one for all, (genes,) one a
            gene.
        library: whether m = library * softmax(output), where the library is the sum of an
            observation's counts (or x["library"]); else m = exp(output).

    Raises:
        ValueError: if the shape cannot be broadcast over an observation, when the model is built.

    Reference: Lopez et al., "Deep generative modeling for single-cell transcriptomics", Nature
    Methods 2018.
    """

    def __init__(self, shape: int | Sequence[int] = (), *, library: bool = False):
        super().__init__(library=library)
        self.shape = (shape,) if isinstance(shape, int) else tuple(shape)
        self.log_dispersion = self.add_weight(
            name="log_dispersion",
            shape=self.shape,
            initializer=keras.initializers.RandomNormal(stddev=1.0),
        )

    def elements(self, output: tf.Tensor, *, x: Any = None) -> tfd.Distribution:  # type: ignore[override]
        """Return negative binomial distributions."""
        return self.of_mean(self.log_mean(output, x))

    def of_mean(self, log_mean: tf.Tensor) -> tfd.Distribution:
        """Return negative binomial distributions of given means."""
        log_dispersion = tf.clip_by_value(
            tf.convert_to_tensor(self.log_dispersion), *LOG_DISPERSION_LIMITS
        )
        return tfd.NegativeBinomial(
            total_count=tf.exp(log_dispersion),
            logits=log_mean - log_dispersion,
            require_integer_total_count=False,
        )

    def decoder_shape(self, shape):
        """Return the shape of the decoder's output; the dispersion is broadcast over x."""
        check_broadcast(self.shape, shape, f"{type(self).__name__} of shape")
        return super().decoder_shape(shape)
