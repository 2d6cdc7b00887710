"""A mixture of Gaussians as prior (Jiang et al., 2017, VaDE)."""

import keras
import tensorflow as tf
from tensorflow_probability import distributions as tfd

from disentlib.losses import normal
from disentlib.models.configuration import serializable
from disentlib.models.priors.prior import Prior


@serializable
class GaussianMixture(Prior):
    """p(z) = sum_c pi_c N(z; mean_c, diag exp(logvar_c)), learned with the model.

    The divergence is taken at one sample, with the cluster summed out: log q(z|x) - log p(z). All
    of it is in log space, so that empty clusters and narrow ones give no NaN.

    Args:
        clusters: number of components.
        latents: the length of z.
        spread: the standard deviation of the components' first means, around 0; 0 and one cluster
            is N(0, I) to begin with.
        learn: whether weights, means and variances are trained.

    Reference: Jiang et al., "Variational deep embedding", IJCAI 2017.
    """

    def __init__(self, clusters: int, *, latents: int, spread: float = 1.0, learn: bool = True):
        super().__init__(latents)
        if clusters < 1:
            raise ValueError(f"expected clusters of at least 1, got {clusters}")
        if not spread >= 0:
            raise ValueError(f"expected a spread of at least 0, got {spread}")
        self.clusters, self.spread, self.learn = clusters, spread, learn
        self.logits = self.add_weight(
            name="logits", shape=(clusters,), initializer="zeros", trainable=learn
        )
        self.means = self.add_weight(
            name="means",
            shape=(clusters, latents),
            initializer=keras.initializers.RandomNormal(stddev=spread),
            trainable=learn,
        )
        self.logvars = self.add_weight(
            name="logvars", shape=(clusters, latents), initializer="zeros", trainable=learn
        )

    def distribution(self, condition=None) -> tfd.Distribution:
        """Return the mixture."""
        return tfd.MixtureSameFamily(
            tfd.Categorical(logits=tf.convert_to_tensor(self.logits)), self.components()
        )

    def latent_log_prob(self, z, condition=None) -> tf.Tensor:
        """Return log sum_c pi_c N(z_l; mean_cl, exp(logvar_cl))."""
        scales = tf.exp(tf.convert_to_tensor(self.logvars) / 2)
        components = tfd.Normal(tf.convert_to_tensor(self.means), scales)
        weights = tf.nn.log_softmax(tf.convert_to_tensor(self.logits))[:, None]
        return tf.reduce_logsumexp(weights + components.log_prob(z[..., None, :]), axis=-2)

    def components(self) -> tfd.Distribution:
        """Return N(mean_c, diag exp(logvar_c)), batch shape (clusters,)."""
        return normal(tf.convert_to_tensor(self.means), tf.convert_to_tensor(self.logvars))

    def log_responsibilities(self, z) -> tf.Tensor:
        """Return log p(c|z) (batch, clusters) of z (batch, latents)."""
        joint = self.components().log_prob(z[..., None, :]) + tf.nn.log_softmax(
            tf.convert_to_tensor(self.logits)
        )
        return joint - tf.reduce_logsumexp(joint, axis=-1, keepdims=True)
