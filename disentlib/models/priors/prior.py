"""What every prior offers: a distribution, and the divergence of a posterior from it."""

import abc
from typing import ClassVar

import keras
import numpy as np
import tensorflow as tf
from tensorflow_probability import distributions as tfd

from disentlib.models.configuration import SignatureConfig

# Nodes and weights of integrals over N(0, 1), by the trapezoidal rule: exact to rounding for smooth
# densities, to some 1e-4 for those with an edge, where Gauss-Hermite's rule is 100 times worse.
NODES = np.linspace(-8.0, 8.0, 401)
NODE_WEIGHTS = np.exp(-(NODES**2) / 2)


class Prior(SignatureConfig, keras.layers.Layer, abc.ABC):
    """p(z), or p(z | u) of a condition u: `VAE(..., prior=...)`.

    A Keras layer only so that the weights that a prior learns are trained and saved with the model.
    It computes in float32 under every precision policy.

    Args:
        latents: the length of z.

    Attributes:
        conditional: whether the distribution needs a condition.
    """

    conditional: ClassVar[bool] = False

    #: The names that `penalty` gives to its terms, as logged.
    terms: ClassVar[tuple[str, ...]] = ()

    def __init__(self, latents: int):
        super().__init__(dtype="float32")
        if latents < 1:
            raise ValueError(f"expected latents of at least 1, got {latents}")
        self.latents = latents
        self.built = True

    @abc.abstractmethod
    def distribution(self, condition=None) -> tfd.Distribution:
        """Return p(z | condition), event shape (latents,).

        Args:
            condition: (batch, ...) for a conditional prior, which gives one distribution a row;
                None for the others.
        """

    def __call__(self, condition=None) -> tfd.Distribution:
        """Return p(z | condition), event shape (latents,).

        Raises:
            ValueError: if a conditional prior gets no condition.
        """
        if self.conditional and condition is None:
            raise ValueError(
                f"expected the condition of {type(self).__name__}, got None: give batches "
                '({"x": ..., "u": ...}, {"u": ...}), as data.streams.batches does'
            )
        return self.distribution(condition if self.conditional else None)

    def divergence(self, posterior, z, condition=None, key=None) -> tf.Tensor:
        """Return KL(q(z|x) || p(z|u)) (batch,) in nats.

        In closed form where TFP has one, else log q(z|x) - log p(z|u) at one sample, whose mean it
        is.

        Args:
            posterior: q(z|x), batch shape (batch,).
            z: (batch, latents), a sample of it.
            condition: see `distribution`.
            key: for estimates that draw samples of their own, as `tf.random.stateless_*` take it.
        """
        prior = self(condition)
        try:
            return tfd.kl_divergence(posterior, prior)
        except NotImplementedError:  # TFP knows no closed form for this pair
            return posterior.log_prob(z) - prior.log_prob(z)

    @abc.abstractmethod
    def latent_log_prob(self, z, condition=None) -> tf.Tensor:
        """Return log p(z_l | condition) (..., latents), the marginal density of each latent alone.

        Args:
            z: (..., latents), or (..., batch, latents) for a conditional prior.
            condition: see `distribution`.
        """

    def latent_divergence(self, mean, logvar, condition=None) -> tf.Tensor:
        """Return KL(q(z_l|x) || p(z_l|u)) (batch, latents) in nats, by quadrature.

        Of a prior with independent latents the sum over latents is the divergence; of others it is
        not.

        Args:
            mean: (batch, latents) of the posterior.
            logvar: (batch, latents) of the posterior.
            condition: see `distribution`.
        """
        mean, logvar = (tf.cast(part, tf.float32) for part in (mean, logvar))
        nodes = tf.constant(NODES, tf.float32)[:, None, None]
        weights = tf.constant(NODE_WEIGHTS / NODE_WEIGHTS.sum(), tf.float32)
        z = mean + tf.exp(logvar / 2) * nodes
        cross_entropy = -tf.tensordot(weights, self.latent_log_prob(z, condition), 1)
        entropy = (np.log(2 * np.pi * np.e) + logvar) / 2
        return tf.maximum(cross_entropy - entropy, 0.0)

    def draw(self, count, key, condition=None) -> tf.Tensor:
        """Return draws (count, latents) that depend on a key, as `tf.random.stateless_*` take it.

        Args:
            count: how many; the rows of the condition, where there is one.
            key: of the random numbers.
            condition: see `distribution`.
        """
        shape = () if self.conditional else (count,)
        return self(condition).sample(shape, seed=tf.cast(key, tf.int32))  # no other type is taken

    def penalty(
        self, code, y, *, step: tf.Tensor, key: tf.Tensor
    ) -> tuple[tf.Tensor, dict[str, tf.Tensor]]:
        """Return the penalty that is added to the loss beside the divergence, and its raw terms.

        Args:
            code: the `Code` of the batch.
            y: what only the loss sees, or None.
            step: the number of steps made.
            key: for random draws.
        """
        return tf.zeros(()), {}

    # A prior without a condition may be used as the distribution that it is.

    @property
    def event_shape(self) -> tf.TensorShape:
        """(latents,)."""
        return tf.TensorShape([self.latents])

    def sample(self, sample_shape=(), *, condition=None, seed=None) -> tf.Tensor:
        """Return draws (*sample_shape, [batch,] latents)."""
        return self(condition).sample(sample_shape, seed=seed)

    def log_prob(self, z, condition=None) -> tf.Tensor:
        """Return log p(z | condition) of z (..., latents), in nats."""
        return self(condition).log_prob(z)
