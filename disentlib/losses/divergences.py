"""The Gaussians of a VAE: q(z|x) = N(mean, diag exp(logvar)) and p(z) = N(0, I).

Their divergence is `tfd.kl_divergence(q, p)`, in nats, which TFP has in closed form:
KL = 1/2 sum_l (mean_l^2 + exp(logvar_l) - logvar_l - 1).
"""

import tensorflow as tf
from tensorflow_probability import distributions as tfd


def normal(mean: tf.Tensor, logvar: tf.Tensor) -> tfd.Distribution:
    """Return N(mean, diag exp(logvar)) over the last axis.

    Args:
        mean: (..., latents).
        logvar: (..., latents), the logarithm of the variance.

    Returns:
        A distribution with event shape (latents,); `.distribution` is the one of each latent.
    """
    return tfd.Independent(tfd.Normal(mean, tf.exp(logvar / 2)), reinterpreted_batch_ndims=1)


def standard_normal(latents: int) -> tfd.Distribution:
    """Return N(0, I) over `latents` dimensions."""
    return normal(tf.zeros(latents), tf.zeros(latents))
