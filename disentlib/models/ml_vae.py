"""ML-VAE (Bouchacourt et al., 2018): shared posteriors are products of Gaussians."""

import tensorflow as tf

from disentlib.models.configuration import serializable
from disentlib.models.pairs import PairVAE, labelled_changes


@serializable
class MLVAE(PairVAE):
    """1/variance' = mean of 1/variance_i, mean'/variance' = mean of mean_i/variance_i, by labels.

    The product of both posteriors, with its variance doubled so that equal ones stay as they are.
    Labels say which factors of a pair changed; factor j is tied to latent j.

    Args and objective: see `PairVAE`.

    Reference: Bouchacourt et al., "Multi-level variational autoencoder: Learning disentangled
    representations from grouped observations", AAAI 2018.
    """

    def changed(self, mean, logvar, y) -> tf.Tensor:
        """Return the labelled changes."""
        return labelled_changes(y, self.latents)

    def average(self, mean, logvar) -> tuple[tf.Tensor, tf.Tensor]:
        """Return the precision-weighted mean and the harmonic mean of variances."""
        precision = tf.exp(-logvar)
        shared = tf.reduce_mean(precision, axis=1, keepdims=True)
        weighted = tf.reduce_mean(mean * precision, axis=1, keepdims=True)
        return weighted / shared, -tf.math.log(shared)
