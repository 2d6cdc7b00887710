"""Methods that learn from a few labels: an unsupervised objective plus a label loss.

Locatello et al., "Disentangling factors of variation using few labels", ICLR 2020. Any method takes
a label loss among its regularizers; these are the paper's combinations under its names. All images
of a batch count in the unsupervised terms, those with labels in the label loss too (the study kept
labelled images out of the former).
"""

import tensorflow as tf

from disentlib.losses.schedules import Schedule
from disentlib.models.beta_tc_vae import BetaTCVAE
from disentlib.models.beta_vae import BetaVAE
from disentlib.models.configuration import serializable
from disentlib.models.dip_vae import DIPVAE
from disentlib.models.factor_vae import FactorVAE
from disentlib.models.label_losses import LabelLoss
from disentlib.models.vae import VAE, Code


def S2VAE(
    encoder,
    decoder,
    *,
    label_loss: LabelLoss,
    beta: float | Schedule = 4.0,
    prior=None,
    likelihood=None,
    seed: int = 0,
) -> BetaVAE:
    """`BetaVAE` with a label loss: see there and `label_losses`."""
    return BetaVAE(
        encoder,
        decoder,
        beta=beta,
        prior=prior,
        likelihood=likelihood,
        regularizers=[label_loss],
        seed=seed,
    )


def S2FactorVAE(
    encoder,
    decoder,
    *,
    label_loss: LabelLoss,
    gamma: float | Schedule = 10.0,
    discriminator=None,
    prior=None,
    likelihood=None,
    seed: int = 0,
) -> FactorVAE:
    """`FactorVAE` with a label loss: see there and `label_losses`."""
    return FactorVAE(
        encoder,
        decoder,
        gamma=gamma,
        discriminator=discriminator,
        prior=prior,
        likelihood=likelihood,
        regularizers=[label_loss],
        seed=seed,
    )


def S2DIPVAE(
    encoder,
    decoder,
    *,
    label_loss: LabelLoss,
    variant: str = "i",
    lambda_off_diagonal: float | Schedule = 10.0,
    diagonal_factor: float | Schedule = 10.0,
    prior=None,
    likelihood=None,
    seed: int = 0,
) -> DIPVAE:
    """`DIPVAE` with a label loss: see there and `label_losses`."""
    return DIPVAE(
        encoder,
        decoder,
        variant=variant,
        lambda_off_diagonal=lambda_off_diagonal,
        diagonal_factor=diagonal_factor,
        prior=prior,
        likelihood=likelihood,
        regularizers=[label_loss],
        seed=seed,
    )


def S2BetaTCVAE(
    encoder,
    decoder,
    *,
    label_loss: LabelLoss,
    beta: float | Schedule = 6.0,
    prior=None,
    likelihood=None,
    seed: int = 0,
) -> BetaTCVAE:
    """`BetaTCVAE` with a label loss: see there and `label_losses`."""
    return BetaTCVAE(
        encoder,
        decoder,
        beta=beta,
        prior=prior,
        likelihood=likelihood,
        regularizers=[label_loss],
        seed=seed,
    )


@serializable
class SupervisedVAE(VAE):
    """L = label loss(encoder) + E[-log p(x|stop(z))]: the encoder learns from labels alone.

    Args:
        encoder: images (batch, h, w, c) -> mean, logvar, each (batch, latents).
        decoder: codes (batch, latents) -> the likelihood's parameters (batch, h, w, c); it learns
            to show what the codes hold, without a gradient to them.
        label_loss: see `label_losses`.
        prior: see `VAE`.
        likelihood: see `VAE`.
        seed: see `VAE`.
    """

    def __init__(
        self,
        encoder,
        decoder,
        *,
        label_loss: LabelLoss,
        prior=None,
        likelihood=None,
        seed: int = 0,
    ):
        super().__init__(
            encoder,
            decoder,
            prior=prior,
            likelihood=likelihood,
            regularizers=[label_loss],
            seed=seed,
        )
        self.label_loss = label_loss

    def objective(self, x, y, code: Code):
        """Return the reconstruction loss, and the KL as a term that is only logged."""
        reconstruction = self.reconstruction(x, code)
        return reconstruction, {"reconstruction": reconstruction, "kl": self.kl(code, y)}

    def sample_and_decode(self, mean, logvar, training: bool = False) -> Code:
        """Sample, and decode without a gradient to the codes."""
        z = self.sample(mean, logvar)
        # No term trains the variances; a gradient of 0 keeps Keras from warning of a missing one.
        detached = tf.stop_gradient(z) + 0.0 * z
        return Code(mean, logvar, z, self.decoder_output(detached, training=training))
