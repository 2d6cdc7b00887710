"""InfoVAE (Zhao et al., 2017), equation 6."""

import math

import tensorflow as tf

from disentlib.losses.mean_discrepancy import maximum_mean_discrepancy
from disentlib.losses.schedules import Schedule
from disentlib.models.configuration import ObjectiveWeight, serializable
from disentlib.models.vae import VAE, Code

PRIOR_DRAWS = -1  # their noise stream


@serializable
class InfoVAE(VAE):
    """L = E[-log p(x|z)] + (1 - alpha) KL(q(z|x) || p(z)) + (alpha + lambda - 1) MMD(q(z), p(z)).

    The aggregated posterior is pulled to the prior, while the code of each image stays informative.
    alpha = 0, scale = 1 is the VAE; alpha = 1 is the MMD-VAE. On several devices the discrepancy is
    taken per replica.

    Args:
        encoder: images (batch, h, w, c) -> mean, logvar, each (batch, latents).
        decoder: codes (batch, latents) -> the likelihood's parameters (batch, h, w, c).
        alpha: how much of the KL is left out.
        scale: the paper's lambda; alpha + scale >= 1, or the discrepancy would be maximised.
        kernel: see `losses.maximum_mean_discrepancy`.
        prior: see `VAE`.
        likelihood: see `VAE`.
        regularizers: see `VAE`.
        seed: see `VAE`.

    Reference: Zhao et al., "InfoVAE: Balancing learning and inference in variational autoencoders",
    AAAI 2019.
    """

    terms = ("reconstruction", "kl", "mean_discrepancy")

    alpha = ObjectiveWeight(least=-math.inf, most=1.0)
    scale = ObjectiveWeight(least=-math.inf)

    def __init__(
        self,
        encoder,
        decoder,
        *,
        alpha: float | Schedule = 0.0,
        scale: float | Schedule = 10.0,
        kernel: str = "inverse_multiquadratic",
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
        self.alpha = alpha
        self.scale = scale
        self.kernel = kernel
        self.check_weights()

    def check_weights(self) -> None:
        """Raise a ValueError for weights under which the discrepancy would be maximised."""
        alpha, scale = (min(weight.ends(self)) for weight in (InfoVAE.alpha, InfoVAE.scale))
        if alpha + scale < 1:
            raise ValueError(f"expected alpha + scale >= 1, got {alpha} + {scale}")

    def objective(self, x, y, code: Code) -> tuple[tf.Tensor, dict[str, tf.Tensor]]:
        """Return the loss and its terms."""
        reconstruction = self.reconstruction(x, code)
        kl = self.kl(code, y)
        draws = self.prior.draw(tf.shape(code.z)[0], self.noise_key(PRIOR_DRAWS), self.condition(y))
        mmd = maximum_mean_discrepancy(code.z, draws, kernel=self.kernel)
        loss = reconstruction + (1 - self.alpha) * kl + (self.alpha + self.scale - 1) * mmd
        return loss, {"reconstruction": reconstruction, "kl": kl, "mean_discrepancy": mmd}
