"""The negative binomial likelihood of counts of which some are lost, and seen as 0."""

from typing import Any

import tensorflow as tf
import tensorflow_probability as tfp
from tensorflow_probability import distributions as tfd

from disentlib.models.configuration import serializable
from disentlib.models.likelihoods.negative_binomial import NegativeBinomial
from disentlib.models.likelihoods.scalar import Scalar


@serializable
class ZeroInflatedNegativeBinomial(NegativeBinomial):
    """p(x|z) = prod_g pi_g 1[x_g = 0] + (1 - pi_g) NB(x_g; m_g, r_g), pi = sigmoid(second output).

    The decoder gives two numbers an element: what the mean m comes from, and the logit of the
    probability pi that a count is lost. Arguments as of `NegativeBinomial`.

    Args:
        shape: of the dispersion, broadcast over an observation: () is one for all, (genes,) one a
            gene.
        library: whether m = library * softmax(output), where the library is the sum of an
            observation's counts (or x["library"]); else m = exp(output).

    Reference: Lopez et al., "Deep generative modeling for single-cell transcriptomics", Nature
    Methods 2018.
    """

    parameters = 2

    def elements(self, output: tf.Tensor, dropout: tf.Tensor, *, x: Any = None) -> tfd.Distribution:  # type: ignore[override]
        """Return zero-inflated negative binomial distributions."""
        return ZeroInflated(self.of_mean(self.log_mean(output, x)), dropout)


class ZeroInflated(Scalar):
    """0 with probability sigmoid(logits), else a draw from a distribution of counts.

    Densities are computed in log space: no probability is formed that could round to 0 or 1. The
    class of TensorFlow Probability 0.25 loses counts with probability sigmoid(2 logits) instead.

    Args:
        distribution: of counts.
        logits: of the same batch shape.
    """

    def __init__(self, distribution: tfd.Distribution, logits, name: str = "ZeroInflated"):
        super().__init__(distribution.dtype, name, distribution=distribution, logits=logits)

    @classmethod
    def _parameter_properties(cls, dtype, num_classes=None):  # noqa: ARG003
        return {
            "distribution": tfp.util.BatchedComponentProperties(),
            "logits": tfp.util.ParameterProperties(),
        }

    def _log_prob(self, x):
        counted = self.distribution.log_prob(x) - tf.math.softplus(self.logits)
        lost = tf.math.log_sigmoid(self.logits)
        return tf.where(tf.equal(x, 0), tfp.math.log_add_exp(lost, counted), counted)

    def _mean(self):
        return tf.sigmoid(-self.logits) * self.distribution.mean()

    def _variance(self):
        kept, mean = tf.sigmoid(-self.logits), self.distribution.mean()
        return kept * (self.distribution.variance() + tf.sigmoid(self.logits) * mean**2)

    def _sample_n(self, n, seed=None):
        counts, mask = tfp.random.split_seed(seed, salt="zero_inflated")
        drawn = self.distribution.sample(n, seed=counts)
        lost = tfd.Bernoulli(logits=self.logits, dtype=tf.bool).sample(n, seed=mask)
        return tf.where(lost, tf.zeros_like(drawn), drawn)
