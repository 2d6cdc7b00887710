"""MFCVAE (Falck et al., 2021): several clusterings of the data, each with latents of its own."""

import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from disentlib.losses import LinearSchedule
from disentlib.models.configuration import serializable
from disentlib.models.method import in_batches
from disentlib.models.networks import ladder
from disentlib.models.priors import Facets, GaussianMixture
from disentlib.models.stages import Stage
from disentlib.models.vae import VAE, Code


@serializable
class MFCVAE(VAE):
    """L = E[-log p(x|a_1 z_1, ..., a_J z_J)] + sum_j a_j KL(q(z_j|x) || p(z_j)).

    z is made of facets z_1, ..., z_J, each with a mixture of its own as prior, p(z_j) = sum_c pi_jc
    N(z_j; mean_jc, covariance_jc), so that each clusters the data by other properties. The KL is
    taken at one sample with the cluster summed out; p(c_j|z_j) is the cluster's exact posterior.

    With ladder networks the first facet is the shallowest. Facets are faded in from the deepest,
    which counts in full from the first step: the weight a_j, of z_j in the decoder and of its KL,
    rises from 0 to 1. It depends on the model's step alone, so that a resumed run goes on with it;
    a model that is compiled anew starts again.

    Args:
        encoder: observations (batch, ...) -> mean, logvar, each (batch, latents), the facets one
            after another; `networks.ladder_encoder`, or any other.
        decoder: codes (batch, latents) -> the likelihood's parameters; `networks.ladder_decoder`,
            or any other.
        facets: (latents, clusters) of each; the latents add up to the networks'.
        covariance: "diagonal" or "full", of the clusters.
        variance: of the clusters to begin with; 0.01 as published.
        learn_covariances: whether the clusters' covariances are trained.
        fade_in: steps in which the weight of a facet rises to 1; 0 as if all were faded in.
        fade_every: steps from the start of one facet to that of the next; `fade_in` by default.
        fit_first: whether `training.train` begins with `fit_mixtures` on the training data; with
            `fit` alone, call it before. False lets the clusters' means start at random.
        likelihood: see `VAE`.
        regularizers: see `VAE`.
        seed: see `VAE`.

    Raises:
        TypeError: if facets are no pairs of whole numbers.
        ValueError: if facets do not go with the networks, or a number is out of range.

    Reference: Falck et al., "Multi-facet clustering variational autoencoders", NeurIPS 2021.
    """

    def __init__(
        self,
        encoder,
        decoder,
        *,
        facets: Sequence[tuple[int, int]] = ((5, 25), (5, 25)),
        covariance: str = "diagonal",
        variance: float = 0.01,
        learn_covariances: bool = True,
        fade_in: int = 0,
        fade_every: int | None = None,
        fit_first: bool = True,
        likelihood=None,
        regularizers=(),
        seed: int = 0,
    ):
        facets = _pairs(facets)
        _check_latents(encoder, decoder, [latents for latents, _ in facets])
        if fade_in < 0 or (fade_every is not None and not (fade_in and fade_every >= 1)):
            raise ValueError(
                "expected fade_in of at least 0, and with a fade_in fade_every of at least 1, got "
                f"{fade_in} and {fade_every}"
            )
        super().__init__(
            encoder,
            decoder,
            prior=Facets(
                [
                    GaussianMixture(
                        clusters,
                        latents=latents,
                        covariance=covariance,
                        variance=variance,
                        learn_covariances=learn_covariances,
                    )
                    for latents, clusters in facets
                ]
            ),
            likelihood=likelihood,
            regularizers=regularizers,
            seed=seed,
        )
        self.facets, self.covariance, self.variance = facets, covariance, variance
        self.learn_covariances = learn_covariances
        self.fade_in, self.fade_every, self.fit_first = fade_in, fade_every, fit_first

    @property
    def term_names(self) -> list[str]:
        """The logged terms: those of the method, the KL of each facet, those of penalties."""
        names, first = super().term_names, len(self.terms)
        facets = [f"kl_{number}" for number in range(1, len(self.prior.mixtures) + 1)]
        return [*names[:first], *facets, *names[first:]]

    def objective(self, x, y, code: Code) -> tuple[tf.Tensor, dict[str, tf.Tensor]]:
        """Return the loss and its terms."""
        reconstruction = self.reconstruction(x, code)
        divergences = self.prior.divergences(code.posterior, code.z)
        kls = tf.unstack(tf.reduce_mean(divergences, axis=0))
        loss = reconstruction + sum(a * kl for a, kl in zip(self.fades(), kls, strict=True))
        terms = {"reconstruction": reconstruction, "kl": sum(kls)}
        return loss, terms | {f"kl_{number}": kl for number, kl in enumerate(kls, 1)}

    def decoder_output(self, z, training: bool = False) -> tf.Tensor:
        """Return what the decoder makes of z, each facet times its weight."""
        if self.fade_in:
            parts = zip(self.fades(), self.prior.split(z), strict=True)
            z = tf.concat([weight * part for weight, part in parts], axis=-1)
        return super().decoder_output(z, training=training)

    def fades(self) -> list[tf.Tensor]:
        """Return the weights a_j in [0, 1] at the model's step, one a facet."""
        last = len(self.facets) - 1
        if not self.fade_in:
            return [tf.ones(())] * (last + 1)
        every = self.fade_in if self.fade_every is None else self.fade_every
        ramps = [
            LinearSchedule(steps=self.fade_in, delay=(last - facet) * every)(self.step)
            for facet in range(last)
        ]
        return [*ramps, tf.ones(())]

    def clusters(self, images) -> list[np.ndarray]:
        """Return p(c_j | z_j = mean_j(x)) of images, a list of (n, clusters_j), one a facet.

        Args:
            images: (n, h, w, c), or other observations, as `encode` takes them.
        """
        mean, _ = self.encode(images)
        logs = in_batches(lambda codes: tuple(self.prior.log_responsibilities(codes)), mean)
        return [np.exp(log) for log in logs]

    # How clusters begin.

    @property
    def stages(self) -> tuple[Stage, ...]:
        """One, before which the mixtures are fitted unless they start at random."""
        return (Stage("training", 0, self._fit_to_batches if self.fit_first else None),)

    def fit_mixtures(self, images, *, seed: int | None = None) -> None:
        """Begin the clusters anew from the encoder's means of images, as published.

        The means of a facet's clusters become those of a mixture that scikit-learn fits to the
        facet's codes; all clusters weigh the same, with covariances variance * I. The same images
        and seed give the same clusters.

        Args:
            images: (n, h, w, c), or other observations, as `encode` takes them; at least as many as
                a facet has clusters.
            seed: of the fits; the model's by default.

        Raises:
            ValueError: if there are fewer images than clusters, or codes are not finite.
        """
        self._fit_to_batches([images], seed=seed)

    def _fit_to_batches(self, batches: Iterable[Any], *, seed: int | None = None) -> None:
        mean = np.concatenate([np.asarray(self.encode(batch)[0]) for batch in batches])
        for mixture, codes in zip(self.prior.mixtures, self.prior.split(mean), strict=True):
            mixture.fit(codes, seed=self.seed if seed is None else seed)
            mixture.logvars.assign(np.full(mixture.logvars.shape, math.log(mixture.variance)))
            if mixture.lower is not None:
                mixture.lower.assign(np.zeros(mixture.lower.shape))


def _pairs(facets) -> tuple[tuple[int, int], ...]:
    """Return facets as pairs (latents, clusters) of whole numbers, after checks."""
    try:
        array = np.array(list(facets))
        if array.size and not (array.dtype.kind == "i" and array.ndim == 2 and array.shape[1] == 2):
            raise ValueError
    except (TypeError, ValueError):
        raise TypeError(
            f"expected facets as pairs of whole numbers (latents, clusters), got {facets!r}"
        ) from None
    if not array.size:
        raise ValueError("expected at least one of facets, got none")
    if array.min() < 1:
        raise ValueError(
            f"expected facets (latents, clusters) of at least 1 each, got {array.tolist()}"
        )
    return tuple((int(latents), int(clusters)) for latents, clusters in array)


def _check_latents(encoder, decoder, latents: list[int]) -> None:
    """Refuse facets that do not add up to the code, or are not those of a ladder network."""
    code = getattr(decoder, "input_shape", None)
    if isinstance(code, tuple) and code[1:] != (sum(latents),):
        raise ValueError(
            f"expected facets whose latents add up to {code[-1]}, the networks' code, got "
            f"{' + '.join(map(str, latents))} = {sum(latents)}"
        )
    for name, network in (("encoder", encoder), ("decoder", decoder)):
        sizes = ladder.rungs(network)
        if sizes is not None and sizes != latents:
            raise ValueError(f"expected facets of {sizes} latents as in the {name}, got {latents}")
