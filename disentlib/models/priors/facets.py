"""Several independent mixtures, each over latents of its own (Falck et al., 2021)."""

from collections.abc import Sequence

import tensorflow as tf
from tensorflow_probability import distributions as tfd

from disentlib.models.configuration import serializable
from disentlib.models.priors.gaussian_mixture import GaussianMixture
from disentlib.models.priors.prior import Prior


@serializable
class Facets(Prior):
    """p(z) = prod_j sum_c pi_jc N(z_j; mean_jc, covariance_jc): z is made of facets z_j.

    Each facet clusters the data by itself. The divergence is the sum of the mixtures'.

    Args:
        mixtures: one a facet, over the latents z_1, ..., z_J in this order.

    Raises:
        ValueError: if there is none.
        TypeError: if one is no `GaussianMixture`.

    Reference: Falck et al., "Multi-facet clustering variational autoencoders", NeurIPS 2021.

    >>> prior = Facets([GaussianMixture(25, latents=5), GaussianMixture(10, latents=2)])
    >>> prior.latents
    7
    """

    def __init__(self, mixtures: Sequence[GaussianMixture]):
        mixtures = list(mixtures)
        if not mixtures:
            raise ValueError("expected at least one of mixtures, one a facet, got none")
        for mixture in mixtures:
            if not isinstance(mixture, GaussianMixture):
                kind = type(mixture).__name__
                raise TypeError(f"expected mixtures of the class GaussianMixture, got {kind}")
        super().__init__(sum(mixture.latents for mixture in mixtures))
        self.mixtures = mixtures

    def split(self, z) -> list[tf.Tensor]:
        """Return the facets (..., latents_j) of z (..., latents)."""
        return tf.split(z, [mixture.latents for mixture in self.mixtures], axis=-1)

    def distribution(self, condition=None) -> tfd.Distribution:
        """Return the product."""
        return tfd.Blockwise([mixture() for mixture in self.mixtures])

    def latent_log_prob(self, z, condition=None) -> tf.Tensor:
        """Return log p(z_l), each under the mixture of its facet."""
        parts = zip(self.mixtures, self.split(z), strict=True)
        return tf.concat([mixture.latent_log_prob(part) for mixture, part in parts], axis=-1)

    def divergence(self, posterior, z, condition=None, key=None) -> tf.Tensor:
        """Return KL(q(z|x) || p(z)) (batch,) in nats, the sum of the facets' divergences."""
        return tf.reduce_sum(self.divergences(posterior, z), axis=-1)

    def divergences(self, posterior, z) -> tf.Tensor:
        """Return KL(q(z_j|x) || p(z_j)) (batch, facets) in nats, as each mixture takes it.

        Args:
            posterior: q(z|x), of independent normal latents, batch shape (batch,).
            z: (batch, latents), a sample of it.
        """
        moments = (posterior.mean(), posterior.stddev())
        parts = zip(self.mixtures, *(self.split(part) for part in (*moments, z)), strict=True)
        return tf.stack(
            [
                mixture.divergence(tfd.Independent(tfd.Normal(mean, stddev), 1), sample)
                for mixture, mean, stddev, sample in parts
            ],
            axis=-1,
        )

    def log_responsibilities(self, z) -> list[tf.Tensor]:
        """Return log p(c_j|z_j) (batch, clusters_j), one a facet, of z (batch, latents)."""
        parts = zip(self.mixtures, self.split(z), strict=True)
        return [mixture.log_responsibilities(part) for mixture, part in parts]
