"""What the methods for pairs share: two images (batch, 2, h, w, c) whose factors differ in a few.

Latents that stand for shared factors get one posterior for both images. Methods differ in which
latents those are (given by labels, or by the divergence of their posteriors) and in how posteriors
are averaged.
"""

import abc
from typing import NamedTuple

import tensorflow as tf

from disentlib.losses.schedules import Schedule
from disentlib.models import checks
from disentlib.models.beta_vae import BetaVAE


class Posteriors(NamedTuple):
    """What a model for pairs makes of a batch; sharing needs labels, which come with the loss."""

    mean: tf.Tensor  # (batch, 2, latents)
    logvar: tf.Tensor  # (batch, 2, latents)


class PairVAE(BetaVAE, abc.ABC):
    """L = 1/2 sum over both images of -log p(x|z) + beta KL(q'(z|x) || p(z)), q' after sharing.

    Args:
        encoder: images (batch, h, w, c) -> mean, logvar, each (batch, latents).
        decoder: codes (batch, latents) -> the likelihood's parameters (batch, h, w, c).
        beta: the weight of the KL; the study sweeps 1, 2, 4, 6, 8, 16.
        prior: see `VAE`.
        likelihood: see `VAE`.
        regularizers: see `VAE`.
        seed: see `VAE`.
    """

    def __init__(
        self,
        encoder,
        decoder,
        *,
        beta: float | Schedule = 1.0,
        prior=None,
        likelihood=None,
        regularizers=(),
        seed: int = 0,
    ):
        super().__init__(
            encoder,
            decoder,
            beta=beta,
            prior=prior,
            likelihood=likelihood,
            regularizers=regularizers,
            seed=seed,
        )

    @abc.abstractmethod
    def changed(self, mean, logvar, y) -> tf.Tensor:
        """Return which latents (batch, latents) keep each image's own posterior."""

    @abc.abstractmethod
    def average(self, mean, logvar) -> tuple[tf.Tensor, tf.Tensor]:
        """Return the mean and logvar (batch, 1, latents) of the shared posterior."""

    def call(self, x, training: bool = False) -> Posteriors:  # type: ignore[override]
        """Return the posteriors of both images, before sharing."""
        mean, logvar = self.infer(_flat(x), training=training)
        return Posteriors(_paired(mean), _paired(logvar))

    @property
    def batch_shape(self) -> tuple[int | None, ...]:
        """The shape of what `call` takes: pairs of images."""
        return (None, 2, *self.observation_shape)

    def regularized_objective(self, x, y, output) -> tuple[tf.Tensor, dict[str, tf.Tensor]]:
        """Share, sample and decode; the objective is beta-VAE's on both images."""
        mean, logvar = self.share(output.mean, output.logvar, y)
        code = self.sample_and_decode(_flat(mean), _flat(logvar))
        return super().regularized_objective(_flat(x), y, code)

    def share(self, mean, logvar, y=None) -> tuple[tf.Tensor, tf.Tensor]:
        """Return mean and logvar (batch, 2, latents) with unchanged latents averaged."""
        changed = self.changed(mean, logvar, y)[:, None]
        shared_mean, shared_logvar = self.average(mean, logvar)
        return tf.where(changed, mean, shared_mean), tf.where(changed, logvar, shared_logvar)


def labelled_changes(y, latents: int) -> tf.Tensor:
    """Return y (batch, factors), non-zero where a factor changed, as (batch, latents) truths.

    Factor j is tied to latent j; latents without a factor are shared.
    """
    if y is None:
        raise ValueError("expected labels (batch, factors) of the factors that changed, got None")
    y = checks.labels(y)
    y = checks.refused(y, tf.reduce_any(tf.math.is_nan(y)), _missing)
    if y.shape[1] > latents:
        raise ValueError(f"expected at most {latents} factors, one a latent, got {y.shape[1]}")
    return tf.pad(tf.not_equal(y, 0), [(0, 0), (0, latents - y.shape[1])])


def adaptive_changes(mean, logvar) -> tf.Tensor:
    """Return delta_l >= (min delta + max delta) / 2, delta_l = 2 KL(q_l(z|x_1) || q_l(z|x_2)).

    Where all divergences are equal, all latents are shared.

    Reference: Locatello et al., "Weakly-supervised disentanglement without compromises", ICML 2020.
    """
    variance = tf.exp(logvar)
    delta = (
        variance[:, 0] / variance[:, 1]
        + tf.square(mean[:, 1] - mean[:, 0]) / variance[:, 1]
        - 1
        + logvar[:, 1]
        - logvar[:, 0]
    )
    smallest = tf.reduce_min(delta, axis=1, keepdims=True)
    largest = tf.reduce_max(delta, axis=1, keepdims=True)
    return tf.logical_and(delta >= (smallest + largest) / 2, largest > smallest)


def _missing() -> None:
    raise ValueError("expected whether each factor changed, got NaN among the labels")


def _flat(pairs: tf.Tensor) -> tf.Tensor:
    return tf.reshape(pairs, (-1, *pairs.shape[2:]))


def _paired(flat: tf.Tensor) -> tf.Tensor:
    return tf.reshape(flat, (-1, 2, *flat.shape[1:]))
