"""A mixture of Gaussians as prior (Jiang et al., 2017, VaDE)."""

import math
import warnings

import keras
import numpy as np
import tensorflow as tf
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture as Estimator
from tensorflow_probability import distributions as tfd
from threadpoolctl import threadpool_limits

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
        least_variance: a smaller exp(logvar_c) counts as this one.

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
        least_variance: float = 1e-4,
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
        if not least_variance > 0:
            raise ValueError(f"expected a positive least_variance, got {least_variance}")
        self.clusters, self.spread, self.learn = clusters, spread, learn
        self.covariance, self.variance = covariance, variance
        self.learn_covariances, self.least_variance = learn_covariances, least_variance
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
        weights = self.log_weights()[:, None]
        return tf.reduce_logsumexp(weights + components.log_prob(z[..., None, :]), axis=-2)

    def components(self) -> tfd.Distribution:
        """Return N(mean_c, L_c L_c^T), batch shape (clusters,)."""
        least = math.log(self.least_variance)
        means, logvars = tf.convert_to_tensor(self.means), tf.maximum(self.logvars, least)
        if self.lower is None:
            return normal(means, logvars)
        unit = tf.linalg.set_diag(
            tf.linalg.band_part(tf.convert_to_tensor(self.lower), -1, 0), tf.ones_like(logvars)
        )
        return tfd.MultivariateNormalTriL(means, tf.exp(logvars / 2)[..., None] * unit)

    def log_weights(self) -> tf.Tensor:
        """Return log pi_c (clusters,)."""
        return tf.nn.log_softmax(tf.convert_to_tensor(self.logits))

    def log_responsibilities(self, z) -> tf.Tensor:
        """Return log p(c|z) (batch, clusters) of z (batch, latents)."""
        joint = self.components().log_prob(z[..., None, :]) + self.log_weights()
        return joint - tf.reduce_logsumexp(joint, axis=-1, keepdims=True)

    def fit(self, z, *, seed: int = 0) -> None:
        """Set means and covariances to those of a mixture fitted to codes, with equal weights.

        Covariances that are not learned stay as they are.

        By scikit-learn's expectation maximisation from k-means, on one thread, so that the same
        codes and seed give the same mixture bit for bit.

        Args:
            z: codes (n, latents).
            seed: of k-means.

        Raises:
            ValueError: if there are fewer codes than clusters, or some are not finite.
        """
        z = np.asarray(z, np.float64)
        if z.ndim != 2 or z.shape[1] != self.latents:
            raise ValueError(f"expected codes (n, {self.latents}), got shape {z.shape}")
        if not np.isfinite(z).all():
            raise ValueError("expected finite codes to fit a mixture to, got NaN or infinity")
        if len(z) < self.clusters:
            raise ValueError(
                f"expected at least {self.clusters} observations for as many clusters, got {len(z)}"
            )
        estimator = Estimator(
            self.clusters,
            covariance_type="diag" if self.lower is None else "full",
            reg_covar=self.least_variance,
            n_init=5,
            max_iter=200,
            random_state=seed,
        )
        with threadpool_limits(1), warnings.catch_warnings():
            # Neither too few different codes nor too few steps of EM spoil a starting point.
            warnings.simplefilter("ignore", ConvergenceWarning)
            estimator.fit(z)
        self.means.assign(estimator.means_)
        if self.learn_covariances:
            covariances = estimator.covariances_
            if self.lower is None:
                self.logvars.assign(np.log(covariances))
            else:
                lower = np.linalg.cholesky(covariances)
                scales = np.diagonal(lower, axis1=1, axis2=2)
                self.logvars.assign(2 * np.log(scales))
                self.lower.assign(lower / scales[:, :, None])
        self.logits.assign(np.zeros(self.clusters))
