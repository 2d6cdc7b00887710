"""Hausdorff factorized support (Roth et al., 2023), equation 5, on any objective."""

import tensorflow as tf

from disentlib.losses import factorized_support
from disentlib.losses.schedules import Schedule
from disentlib.models.beta_vae import BetaVAE
from disentlib.models.configuration import ObjectiveWeight, serializable
from disentlib.models.regularizer import Regularizer

SCALES = {
    "minimal_support": factorized_support.minimal_support,
    "minimal_variance": factorized_support.minimal_variance,
}


@serializable
class HausdorffSupport(Regularizer):
    """R = gamma HFS(mean) + delta scale(mean), HFS over pairs of latents drawn afresh every step.

    Asks that the support of the codes be a product, not their distribution: correlated factors stay
    possible. HFS is smallest for a collapsed code, so keep beta > 0 or delta > 0 and watch the
    number of active latents. On several devices supports are compared per replica.

    Args:
        gamma: weight of the support distance.
        pairs: number of pairs of latents a step.
        matching: see `losses.factorized_support.support_distance`.
        temperatures: of the soft and probabilistic matchings.
        delta: weight of the scale loss.
        scale: "minimal_support" (every latent spans [0, 1]) or "minimal_variance".

    Reference: Roth et al., "Disentanglement of correlated factors via Hausdorff factorized
    support", ICLR 2023.
    """

    terms = ("support_distance", "support_scale")

    gamma = ObjectiveWeight()
    delta = ObjectiveWeight()

    def __init__(
        self,
        *,
        gamma: float | Schedule = 300.0,
        pairs: int = 25,
        matching: str = "hard",
        temperatures: tuple[float, float] = (1.0, 1.0),
        delta: float | Schedule = 0.0,
        scale: str = "minimal_support",
    ):
        super().__init__()
        if matching not in factorized_support.MATCHINGS:
            raise ValueError(
                f"matching must be one of {', '.join(factorized_support.MATCHINGS)}, "
                f"got {matching!r}"
            )
        if scale not in SCALES:
            raise ValueError(f"scale must be one of {', '.join(SCALES)}, got {scale!r}")
        self.gamma = gamma
        self.pairs = pairs
        self.matching = matching
        self.temperatures = (temperatures[0], temperatures[1])
        self.delta = delta
        self.scale = scale

    def penalty(self, code, y, *, step, key) -> tuple[tf.Tensor, dict[str, tf.Tensor]]:
        """Return the weighted distances and the raw ones."""
        pairs = factorized_support.draw_pairs(code.mean.shape[1], self.pairs, key)
        distance = factorized_support.support_distance(
            code.mean, pairs, matching=self.matching, temperatures=self.temperatures, key=key
        )
        scale = SCALES[self.scale](code.mean)
        terms = {"support_distance": distance, "support_scale": scale}
        return self.gamma * distance + self.delta * scale, terms


def HFSVAE(
    encoder,
    decoder,
    *,
    gamma: float | Schedule = 300.0,
    beta: float | Schedule = 1.0,
    pairs: int = 25,
    matching: str = "hard",
    temperatures: tuple[float, float] = (1.0, 1.0),
    delta: float | Schedule = 0.0,
    scale: str = "minimal_support",
    prior=None,
    likelihood=None,
    seed: int = 0,
) -> BetaVAE:
    """L = E[-log p(x|z)] + beta KL(q(z|x) || p(z)) + gamma HFS(mean) + delta scale(mean).

    A beta-VAE with a `HausdorffSupport`; give that regularizer to `BetaTCVAE` or `AnnealedVAE` for
    the paper's other combinations.

    Args:
        encoder: images (batch, h, w, c) -> mean, logvar, each (batch, latents).
        decoder: codes (batch, latents) -> the likelihood's parameters (batch, h, w, c).
        gamma: see `HausdorffSupport`. The paper sweeps 0.1 to 10,000.
        beta: weight of the KL; 0 is support factorisation alone, which needs `delta` > 0 to stay
            clear of a collapsed code.
        pairs: see `HausdorffSupport`.
        matching: see `HausdorffSupport`.
        temperatures: see `HausdorffSupport`.
        delta: see `HausdorffSupport`.
        scale: see `HausdorffSupport`.
        prior: see `VAE`.
        likelihood: see `VAE`.
        seed: see `VAE`.

    Reference: Roth et al., ICLR 2023.
    """
    support = HausdorffSupport(
        gamma=gamma,
        pairs=pairs,
        matching=matching,
        temperatures=temperatures,
        delta=delta,
        scale=scale,
    )
    return BetaVAE(
        encoder,
        decoder,
        beta=beta,
        prior=prior,
        likelihood=likelihood,
        regularizers=[support],
        seed=seed,
    )
