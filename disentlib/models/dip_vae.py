"""DIP-VAE I and II (Kumar et al., 2018), equations 6 and 7."""

import tensorflow as tf

from disentlib.losses import moments
from disentlib.losses.schedules import Schedule
from disentlib.models.configuration import ObjectiveWeight, serializable
from disentlib.models.vae import VAE, Code


@serializable
class DIPVAE(VAE):
    """L = ELBO loss + lambda_od sum_{i != j} S_ij^2 + lambda_d sum_i (S_ii - 1)^2.

    S is the covariance of the aggregated posterior: of the means alone (variant "i"), or with the
    mean of the posterior variances added to its diagonal, by the law of total covariance ("ii"). On
    several devices covariances are taken per replica.

    Args:
        encoder: images (batch, h, w, c) -> mean, logvar, each (batch, latents).
        decoder: codes (batch, latents) -> the likelihood's parameters (batch, h, w, c).
        variant: "i" or "ii".
        lambda_off_diagonal: weight of the covariances. The study sweeps 1, 2, 5, 10, 20, 50.
        diagonal_factor: lambda_d / lambda_od; 10 for "i" and 1 for "ii" in the study.
        prior: see `VAE`.
        likelihood: see `VAE`.
        regularizers: see `VAE`.
        seed: see `VAE`.

    Reference: Kumar et al., "Variational inference of disentangled latent concepts from unlabeled
    observations", ICLR 2018.
    """

    terms = ("reconstruction", "kl", "covariance")

    lambda_off_diagonal = ObjectiveWeight()
    diagonal_factor = ObjectiveWeight()

    def __init__(
        self,
        encoder,
        decoder,
        *,
        variant: str = "i",
        lambda_off_diagonal: float | Schedule = 10.0,
        diagonal_factor: float | Schedule = 10.0,
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
        if variant not in ("i", "ii"):
            raise ValueError(f"variant must be 'i' or 'ii', got {variant!r}")
        self.variant = variant
        self.lambda_off_diagonal = lambda_off_diagonal
        self.diagonal_factor = diagonal_factor

    def objective(self, x, y, code: Code) -> tuple[tf.Tensor, dict[str, tf.Tensor]]:
        """Return the loss and its terms; the covariance term is logged with its two weights."""
        reconstruction = self.reconstruction(x, code)
        kl = self.kl(code, y)
        matrix = moments.covariance(code.mean)
        if self.variant == "ii":
            matrix += tf.linalg.diag(tf.reduce_mean(tf.exp(code.logvar), axis=0))
        covariance = moments.deviation_from_identity(
            matrix,
            lambda_off_diagonal=self.lambda_off_diagonal,
            lambda_diagonal=self.diagonal_factor * self.lambda_off_diagonal,
        )
        terms = {"reconstruction": reconstruction, "kl": kl, "covariance": covariance}
        return reconstruction + kl + covariance, terms
