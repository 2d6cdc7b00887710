"""beta-VAE (Higgins et al., 2017), equation 4."""

import tensorflow as tf

from disentlib.losses.schedules import Schedule
from disentlib.models.configuration import ObjectiveWeight, serializable
from disentlib.models.vae import VAE, Code


@serializable
class BetaVAE(VAE):
    """L = E[-log p(x|z)] + beta KL(q(z|x) || p(z)).

    A larger weight asks for codes closer to the factorised prior, at the cost of reconstruction.

    Args:
        encoder: images (batch, h, w, c) -> mean, logvar, each (batch, latents).
        decoder: codes (batch, latents) -> the likelihood's parameters (batch, h, w, c).
        beta: the weight of the KL; 1 is the VAE. The study sweeps 1, 2, 4, 6, 8, 16.
        prior: see `VAE`.
        likelihood: see `VAE`.
        regularizers: see `VAE`.
        seed: see `VAE`.

    Reference: Higgins et al., "beta-VAE: Learning basic visual concepts with a constrained
    variational framework", ICLR 2017.
    """

    beta = ObjectiveWeight()

    def __init__(
        self,
        encoder,
        decoder,
        *,
        beta: float | Schedule = 4.0,
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
        self.beta = beta

    def objective(self, x, y, code: Code) -> tuple[tf.Tensor, dict[str, tf.Tensor]]:
        """Return the loss and its terms."""
        reconstruction = self.reconstruction(x, code)
        kl = self.kl(code, y)
        return reconstruction + self.beta * kl, {"reconstruction": reconstruction, "kl": kl}
