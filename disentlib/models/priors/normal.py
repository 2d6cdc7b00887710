"""The normal prior N(mean, diag variances)."""

from collections.abc import Sequence

import numpy as np
import tensorflow as tf
from tensorflow_probability import distributions as tfd

from disentlib.losses import normal
from disentlib.models.configuration import serializable
from disentlib.models.priors.prior import Prior


@serializable
class Normal(Prior):
    """p(z) = N(means, diag variances), fixed.

    With variances that differ, a rotation of the codes changes the KL: the variances identify the
    latents.

    Args:
        variances: one a latent (latents,), positive.
        means: one a latent; 0 by default.

    Raises:
        ValueError: if a variance is not positive, or means and variances differ in length.

    >>> float(Normal([1.0, 4.0]).log_prob([0.0, 0.0]))
    -2.531...
    """

    def __init__(self, variances: Sequence[float], *, means: Sequence[float] | None = None):
        scales = np.asarray(variances, np.float64)
        if scales.ndim != 1 or not (np.isfinite(scales).all() and (scales > 0).all()):
            raise ValueError(f"expected positive variances, one a latent, got {variances}")
        centres = np.zeros_like(scales) if means is None else np.asarray(means, np.float64)
        if centres.shape != scales.shape or not np.isfinite(centres).all():
            raise ValueError(f"expected {len(scales)} finite means, got {means}")
        super().__init__(len(scales))
        self.variances = [float(value) for value in scales]
        self.means = None if means is None else [float(value) for value in centres]

    def distribution(self, condition=None) -> tfd.Distribution:
        """Return N(means, diag variances)."""
        means = tf.zeros(self.latents) if self.means is None else tf.constant(self.means)
        return normal(means, tf.math.log(tf.constant(self.variances)))

    def latent_log_prob(self, z, condition=None) -> tf.Tensor:
        """Return log N(z_l; mean_l, variance_l)."""
        prior = self()
        return tfd.Normal(prior.mean(), prior.stddev()).log_prob(z)

    def draw(self, count, key, condition=None) -> tf.Tensor:
        """Return draws (count, latents): means + sqrt(variances) * noise."""
        prior = self()
        noise = tf.random.stateless_normal((count, self.latents), key, alg="philox")
        return prior.mean() + prior.stddev() * noise


def standard(latents: int) -> Normal:
    """Return N(0, I) over `latents` dimensions, the prior of a plain VAE."""
    return Normal([1.0] * latents)
