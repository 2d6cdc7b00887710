"""The Poisson likelihood of counts."""

from typing import Any

import tensorflow as tf
from tensorflow_probability import distributions as tfd

from disentlib.models.configuration import serializable
from disentlib.models.likelihoods.counts import CountLikelihood


@serializable
class Poisson(CountLikelihood):
    """log p(x|z) = sum_g x_g ln m_g - m_g - ln x_g!, the mean m from the decoder's output.

    Args:
        library: whether m = library * softmax(output), where the library is the sum of an
            observation's counts (or x["library"]); else m = exp(output).
    """

    def elements(self, output: tf.Tensor, *, x: Any = None) -> tfd.Distribution:  # type: ignore[override]
        """Return Poisson distributions."""
        return tfd.Poisson(log_rate=self.log_mean(output, x))
