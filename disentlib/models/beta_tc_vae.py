"""beta-TCVAE (Chen et al., 2018), equation 4."""

import tensorflow as tf

from disentlib.losses import total_correlation
from disentlib.losses.schedules import Schedule
from disentlib.models.configuration import ObjectiveWeight, serializable
from disentlib.models.vae import VAE, Code


@serializable
class BetaTCVAE(VAE):
    """L = E[-log p(x|z)] + KL(q(z|x) || p(z)) + (beta - 1) TC(z).

    Of the three parts of the KL (information, total correlation, dimension-wise KL) only the total
    correlation gets the extra weight. beta = 1 is the VAE. On several devices the total correlation
    is estimated per replica.

    Args:
        encoder: images (batch, h, w, c) -> mean, logvar, each (batch, latents).
        decoder: codes (batch, latents) -> the likelihood's parameters (batch, h, w, c).
        beta: the weight of the total correlation. The study sweeps 1, 2, 4, 6, 8, 10.
        estimator: see `losses.total_correlation`: "minibatch" is the study's (its value is shifted
            by a constant), "weighted" and "stratified" need `dataset_size`.
        dataset_size: number of images in the data.
        prior: see `VAE`.
        likelihood: see `VAE`.
        regularizers: see `VAE`.
        seed: see `VAE`.

    Reference: Chen et al., "Isolating sources of disentanglement in variational autoencoders",
    NeurIPS 2018.
    """

    terms = ("reconstruction", "kl", "total_correlation")

    beta = ObjectiveWeight()

    def __init__(
        self,
        encoder,
        decoder,
        *,
        beta: float | Schedule = 6.0,
        estimator: str = "minibatch",
        dataset_size: int | None = None,
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
        self.estimator = estimator
        self.dataset_size = dataset_size
        total_correlation.check(estimator, dataset_size)

    def objective(self, x, y, code: Code) -> tuple[tf.Tensor, dict[str, tf.Tensor]]:
        """Return the loss and its terms."""
        reconstruction = self.reconstruction(x, code)
        kl = self.kl(code, y)
        tc = total_correlation.from_batch(
            code.z,
            code.mean,
            code.logvar,
            estimator=self.estimator,
            dataset_size=self.dataset_size,
        )
        terms = {"reconstruction": reconstruction, "kl": kl, "total_correlation": tc}
        return reconstruction + kl + (self.beta - 1) * tc, terms
