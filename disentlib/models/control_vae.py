"""ControlVAE (Shao et al., 2020), algorithm 1."""

import math

import tensorflow as tf

from disentlib.losses.schedules import Schedule
from disentlib.models.configuration import ObjectiveWeight, serializable
from disentlib.models.vae import VAE, Code


@serializable
class ControlVAE(VAE):
    """L = E[-log p(x|z)] + beta_t KL(q(z|x) || p(z)), beta_t set so that the KL follows a target.

    A non-linear PI controller, before every update, with e = C_t - KL in nats and w the weight
    before its limits: P = k_p / (1 + exp(e)); I_t = I_{t-1} + k_i e, unless w_{t-1} lies outside
    the limits; w_t = P + I_t + beta_min; beta_t = w_t within [beta_min, beta_max]. k_i is negative:
    a KL above its target raises the weight. No gradient passes through the controller. On several
    devices it steps per replica and the weights are averaged.

    Args:
        encoder: images (batch, h, w, c) -> mean, logvar, each (batch, latents).
        decoder: codes (batch, latents) -> the likelihood's parameters (batch, h, w, c).
        target: the last KL to keep, in nats.
        first_target: the target at the first step.
        target_increment: added to the target every `increment_every` steps, up to `target`.
        increment_every: steps.
        k_p: proportional gain.
        k_i: integral gain, negative.
        beta_min: least weight; 1 for disentangling, 0 for generation.
        beta_max: largest weight; None is no limit. 1 for generation.
        prior: see `VAE`.
        likelihood: see `VAE`.
        regularizers: see `VAE`.
        seed: see `VAE`.

    Reference: Shao et al., "ControlVAE: Controllable variational autoencoder", ICML 2020.
    """

    terms = ("reconstruction", "kl", "beta", "target")

    target = ObjectiveWeight()
    first_target = ObjectiveWeight()
    target_increment = ObjectiveWeight()
    k_p = ObjectiveWeight()
    k_i = ObjectiveWeight(least=-math.inf)
    beta_min = ObjectiveWeight()
    beta_max = ObjectiveWeight(absent=math.inf)

    def __init__(
        self,
        encoder,
        decoder,
        *,
        target: float | Schedule = 18.0,
        first_target: float | Schedule = 0.5,
        target_increment: float | Schedule = 0.15,
        increment_every: int = 5000,
        k_p: float | Schedule = 0.01,
        k_i: float | Schedule = -0.001,
        beta_min: float | Schedule = 1.0,
        beta_max: float | Schedule | None = None,
        prior=None,
        likelihood=None,
        regularizers=(),
        seed: int = 0,
    ):
        super().__init__(
            encoder,
            decoder,
            prior=prior,
            likelihood=likelihood,
            regularizers=regularizers,
            seed=seed,
        )
        self.target = target
        self.first_target = first_target
        self.target_increment = target_increment
        self.increment_every = increment_every
        self.k_p = k_p
        self.k_i = k_i
        self.beta_min = beta_min
        self.beta_max = beta_max
        self.check_weights()
        self.integral = self.add_weight(
            name="integral", initializer="zeros", trainable=False, aggregation="mean"
        )
        self.unlimited_weight = self.add_weight(
            name="unlimited_weight", initializer="ones", trainable=False, aggregation="mean"
        )

    def check_weights(self) -> None:
        """Raise a ValueError for a gain of the wrong sign, or limits in the wrong order."""
        k_i = max(ControlVAE.k_i.ends(self))
        if k_i >= 0:
            raise ValueError(f"k_i must be negative, got {k_i}")
        low, high = max(ControlVAE.beta_min.ends(self)), min(ControlVAE.beta_max.ends(self))
        if low > high:
            raise ValueError(f"expected beta_min <= beta_max, got {low} and {high}")

    def objective(self, x, y, code: Code) -> tuple[tf.Tensor, dict[str, tf.Tensor]]:
        """Return the loss and its terms."""
        reconstruction = self.reconstruction(x, code)
        kl = self.kl(code, y)
        beta = self.limited(tf.convert_to_tensor(self.unlimited_weight))
        terms = {
            "reconstruction": reconstruction,
            "kl": kl,
            "beta": beta,
            "target": self.current_target(),
        }
        return reconstruction + beta * kl, terms

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        """Set the weight, in training, then compute the loss with it."""
        if training:
            self.control(self.kl(y_pred, y))
        return super().compute_loss(x, y, y_pred, sample_weight, training)

    def control(self, kl) -> None:
        """Take one step of the controller at a batch's KL."""
        error = self.current_target() - tf.stop_gradient(kl)
        previous = tf.convert_to_tensor(self.unlimited_weight)
        saturated = tf.not_equal(previous, self.limited(previous))
        integral = self.integral + tf.where(saturated, 0.0, self.k_i * error)
        self.integral.assign(integral)
        self.unlimited_weight.assign(self.k_p * tf.sigmoid(-error) + integral + self.beta_min)

    def current_target(self) -> tf.Tensor:
        """Return C_t = min(target, first_target + increments so far), in nats."""
        increments = tf.cast(self.step // self.increment_every, tf.float32)
        return tf.minimum(self.target, self.first_target + self.target_increment * increments)

    def limited(self, weight) -> tf.Tensor:
        """Return a weight within [beta_min, beta_max]."""
        limited = tf.maximum(weight, self.beta_min)
        most = self.beta_max
        return limited if most is None else tf.minimum(limited, most)
