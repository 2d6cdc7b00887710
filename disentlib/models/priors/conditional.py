"""The conditional prior p(z|u) of identifiable VAEs (Khemakhem et al., 2020)."""

import keras
import tensorflow as tf
from tensorflow_probability import distributions as tfd

from disentlib.losses import normal
from disentlib.models.configuration import serializable
from disentlib.models.networks import mlp
from disentlib.models.priors.prior import Prior

#: Log-variances outside these limits are clipped, so that no exponential overflows.
LOGVAR_LIMITS = (-10.0, 10.0)


@serializable
class Conditional(Prior):
    """p(z|u) = N(mean(u), diag exp(logvar(u))): what makes the latents identifiable.

    Args:
        condition: the length of u, such as the number of segments or classes, one-hot.
        latents: the length of z.
        logvar: u (batch, condition) -> log-variances (batch, latents); a network of three layers,
            as published, by default. `networks.table` gives one row a class. Clipped to [-10, 10].
        mean: u -> means, likewise; 0 by default, as published. Learning it too makes the family
            richer, and identifiability stronger.

    Raises:
        ValueError: if a network's shapes do not fit.

    Reference: Khemakhem, Kingma, Monti and Hyvarinen, "Variational autoencoders and nonlinear ICA:
    a unifying framework", AISTATS 2020, equation 7.
    """

    conditional = True

    def __init__(
        self,
        condition: int,
        latents: int,
        *,
        logvar: keras.Model | None = None,
        mean: keras.Model | None = None,
    ):
        super().__init__(latents)
        self.condition = condition
        self.logvar = mlp(condition, latents, name="prior_logvar") if logvar is None else logvar
        self.mean = mean
        for name, network in (("logvar", self.logvar), ("mean", mean)):
            if network is not None and (
                network.input_shape != (None, condition) or network.output_shape != (None, latents)
            ):
                raise ValueError(
                    f"expected {name} of (batch, {condition}) -> (batch, {latents}), got "
                    f"{network.input_shape} -> {network.output_shape}"
                )

    def distribution(self, condition=None) -> tfd.Distribution:
        """Return p(z|u) of u (batch, condition), batch shape (batch,)."""
        u = tf.cast(condition, tf.float32)
        if u.shape.rank != 2 or u.shape[-1] != self.condition:
            raise ValueError(f"expected a condition (batch, {self.condition}), got {u.shape}")
        logvar = tf.clip_by_value(self.logvar(u), *LOGVAR_LIMITS)
        mean = tf.zeros_like(logvar) if self.mean is None else self.mean(u)
        return normal(mean, logvar)

    def latent_log_prob(self, z, condition=None) -> tf.Tensor:
        """Return log N(z_l; mean_l(u), exp(logvar_l(u)))."""
        prior = self(condition)
        return tfd.Normal(prior.mean(), prior.stddev()).log_prob(z)
