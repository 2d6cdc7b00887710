"""AnnealedVAE (Burgess et al., 2018), equation 8."""

import tensorflow as tf

from disentlib.losses import schedules
from disentlib.losses.schedules import Schedule
from disentlib.models.configuration import ObjectiveWeight, serializable
from disentlib.models.vae import VAE, Code


@serializable
class AnnealedVAE(VAE):
    """L = E[-log p(x|z)] + gamma |KL(q(z|x) || p(z)) - C(t)|, C(t) = min(c_max, c_max t / steps).

    The code may carry more and more information, so that factors are learned one after another.
    The KL is that of the batch: the absolute value is taken of its mean, per replica on several
    devices.

    Args:
        encoder: images (batch, h, w, c) -> mean, logvar, each (batch, latents).
        decoder: codes (batch, latents) -> the likelihood's parameters (batch, h, w, c).
        c_max: the final capacity in nats. The study sweeps 5, 10, 25, 50, 75, 100.
        gamma: how strictly the KL follows the capacity; 1000 in the study.
        iteration_threshold: updates until the final capacity; 100,000 in the study.
        prior: see `VAE`.
        likelihood: see `VAE`.
        regularizers: see `VAE`.
        seed: see `VAE`.

    Reference: Burgess et al., "Understanding disentangling in beta-VAE", 2018.
    """

    terms = ("reconstruction", "kl", "capacity")

    c_max = ObjectiveWeight()
    gamma = ObjectiveWeight()

    def __init__(
        self,
        encoder,
        decoder,
        *,
        c_max: float | Schedule = 25.0,
        gamma: float | Schedule = 1000.0,
        iteration_threshold: int = 100_000,
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
        self.c_max = c_max
        self.gamma = gamma
        self.iteration_threshold = iteration_threshold

    def objective(self, x, y, code: Code) -> tuple[tf.Tensor, dict[str, tf.Tensor]]:
        """Return the loss and its terms."""
        reconstruction = self.reconstruction(x, code)
        kl = self.kl(code, y)
        capacity = schedules.linear(self.step, last=self.c_max, steps=self.iteration_threshold)
        loss = reconstruction + self.gamma * tf.abs(kl - capacity)
        return loss, {"reconstruction": reconstruction, "kl": kl, "capacity": capacity}
