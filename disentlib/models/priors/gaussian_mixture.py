"""A mixture of Gaussians as prior (Jiang et al., 2017, VaDE)."""

import math

import keras
import tensorflow as tf
from tensorflow_probability import distributions as tfd

from disentlib.losses import normal
from disentlib.models.configuration import serializable
from disentlib.models.priors.prior import Prior

COVARIANCES = ("diagonal", "full")


@serializable
class GaussianMixture(Prior):
    """p(z) = sum_c pi_c N(z; mean_c, L_c L_c^T), learned with the model.

    L_c = diag exp(logvar_c / 2) for diagonal covariances; full ones have a unit triangular factor
    beside it, L_c = diag exp(logvar_c / 2) (I + lower_c), so that each is positive definite. The
    divergence is taken at one sample, with the cluster summed out: log q(z|x) - log p(z); that from
    a single cluster with a diagonal covariance is in closed form. All of it is in log space, so
    that empty clusters and narrow ones give no NaN.

    Args:
        clusters: number of components.
        latents: the length of z.
        spread: the standard deviation of the components' first means, around 0; 0 and one cluster
            is N(0, I) to begin with.
        learn: whether weights, means and covariances are trained.
        covariance: "diagonal" or "full".
        variance: of every latent in every component to begin with.
        learn_covariances: False keeps the covariances as they are while the rest is trained.

    Reference: Jiang et al., "Variational deep embedding", IJCAI 2017; full covariances: Falck et
    al., "Multi-facet clustering variational autoencoders", NeurIPS 2021.
    """

    def __init__(
        self,
        clusters: int,
        *,
        latents: int,
        spread: float = 1.0,
        learn: bool = True,
        covariance: str = "diagonal",
        variance: float = 1.0,
        learn_covariances: bool = True,
    ):
        super().__init__(latents)
        if clusters < 1:
            raise ValueError(f"expected clusters of at least 1, got {clusters}")
        if not spread >= 0:
            raise ValueError(f"expected a spread of at least 0, got {spread}")
        if covariance not in COVARIANCES:
            raise ValueError(f"expected covariance 'diagonal' or 'full', got {covariance!r}")
        if not 0 < variance < math.inf:
            raise ValueError(f"expected a positive variance, got {variance}")
        self.clusters, self.spread, self.learn = clusters, spread, learn
        self.covariance, self.variance = covariance, variance
        self.learn_covariances = learn_covariances
        self.logits = self.add_weight(
            name="logits", shape=(clusters,), initializer="zeros", trainable=learn and clusters > 1
        )
        self.means = self.add_weight(
            name="means",
            shape=(clusters, latents),
            initializer=keras.initializers.RandomNormal(stddev=spread),
            trainable=learn,
        )
        self.logvars = self.add_weight(
            name="logvars",
            shape=(clusters, latents),
            initializer=keras.initializers.Constant(math.log(variance)),
            trainable=learn and learn_covariances,
        )
        self.lower = None
        if covariance == "full":  # what lies on and above the diagonal is not used
            self.lower = self.add_weight(
                name="lower",
                shape=(clusters, latents, latents),
                initializer="zeros",
                trainable=learn and learn_covariances and latents > 1,
            )

    def distribution(self, condition=None) -> tfd.Distribution:
        """Return the mixture, or its component if there is one alone."""
        if self.clusters == 1:
            return self.components()[0]
        return tfd.MixtureSameFamily(
            tfd.Categorical(logits=tf.convert_to_tensor(self.logits)), self.components()
        )

    def latent_log_prob(self, z, condition=None) -> tf.Tensor:
        """Return log sum_c pi_c N(z_l; mean_cl, var_cl), var_c the diagonal of the covariance."""
        components = tfd.Normal(tf.convert_to_tensor(self.means), self.components().stddev())
        weights = tf.nn.log_softmax(tf.convert_to_tensor(self.logits))[:, None]
        return tf.reduce_logsumexp(weights + components.log_prob(z[..., None, :]), axis=-2)

    def components(self) -> tfd.Distribution:
        """Return N(mean_c, L_c L_c^T), batch shape (clusters,)."""
        means, logvars = tf.convert_to_tensor(self.means), tf.convert_to_tensor(self.logvars)
        if self.lower is None:
            return normal(means, logvars)
        unit = tf.linalg.set_diag(
            tf.linalg.band_part(tf.convert_to_tensor(self.lower), -1, 0), tf.ones_like(logvars)
        )
        return tfd.MultivariateNormalTriL(means, tf.exp(logvars / 2)[..., None] * unit)

    def log_responsibilities(self, z) -> tf.Tensor:
        """Return log p(c|z) (batch, clusters) of z (batch, latents)."""
        joint = self.components().log_prob(z[..., None, :]) + tf.nn.log_softmax(
            tf.convert_to_tensor(self.logits)
        )
        return joint - tf.reduce_logsumexp(joint, axis=-1, keepdims=True)
