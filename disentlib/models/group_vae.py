"""GroupVAE (Hosoya, 2019): shared posteriors are arithmetic means."""

import tensorflow as tf

from disentlib.models.configuration import serializable
from disentlib.models.pairs import PairVAE, labelled_changes


@serializable
class GroupVAE(PairVAE):
    """mean' = (mean_1 + mean_2) / 2, variance' = (variance_1 + variance_2) / 2, by labels.

    Labels say which factors of a pair changed; factor j is tied to latent j.

    Args and objective: see `PairVAE`.

    Reference: Hosoya, "Group-based learning of disentangled representations with generalizability
    for novel contents", IJCAI 2019.
    """

    def changed(self, mean, logvar, y) -> tf.Tensor:
        """Return the labelled changes."""
        return labelled_changes(y, self.latents)

    def average(self, mean, logvar) -> tuple[tf.Tensor, tf.Tensor]:
        """Return the means of means and of variances."""
        variance = tf.reduce_mean(tf.exp(logvar), axis=1, keepdims=True)
        return tf.reduce_mean(mean, axis=1, keepdims=True), tf.math.log(variance)
