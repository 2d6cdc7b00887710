"""iVAE (Khemakhem et al., 2020), equation 9, with the weights of its published experiments."""

import dataclasses
from collections.abc import Sequence

import keras
import tensorflow as tf

from disentlib.losses import total_correlation
from disentlib.losses.schedules import Schedule
from disentlib.models.configuration import serializable
from disentlib.models.likelihoods import Gaussian
from disentlib.models.vae import VAE, Code

Weights = Sequence[float | Schedule]


@serializable
class IVAE(VAE):
    """L = -E[a log p(x|z) - b I(z; x) - c TC(z) - d (sum_l log q(z_l) - log p(z|u))].

    The parts after the reconstruction are log q(z|x,u) - log q(z), log q(z) - sum_l log q(z_l) and
    sum_l log q(z_l) - log p(z|u), with q(z) estimated from the batch. With a = b = c = d = 1 they
    add up to the KL and L is the negative ELBO. Given an auxiliary variable u that changes the
    prior enough, z is identified up to order, sign and scale. On several devices q(z) is estimated
    per replica.

    Args:
        encoder: {"x": (batch, ...), "u": (batch, condition)} -> mean, logvar (batch, latents).
        decoder: codes (batch, latents) -> the likelihood's parameters.
        prior: p(z|u), such as `priors.Conditional(condition, latents)`. N(0, I) by default, which
            gives the models that iVAE is compared with.
        weights: (a, b, c, d), numbers or schedules; see `annealed`. The published runs took
            (100, 1, 0, 10) for iVAE, and with a standard normal prior (1000, 1, 1, 1) for the VAE,
            (500, 5, 5, 5) for the beta-VAE and (1000, 1, 15, 1) for the beta-TCVAE.
        dataset_size: number of observations in the data; shifts the logged terms by constants, and
            the loss where b, c and d differ, but no gradient.
        likelihood: see `VAE`; a Gaussian of variance 0.1, as published, by default. The paper's
            model of discrete observations is `VAE` with a conditional prior and `Bernoulli`.
        regularizers: see `VAE`.
        seed: see `VAE`.

    Reference: Khemakhem, Kingma, Monti and Hyvarinen, "Variational autoencoders and nonlinear ICA:
    a unifying framework", AISTATS 2020.
    """

    terms = ("reconstruction", "information", "total_correlation", "dimension_kl")

    def __init__(
        self,
        encoder,
        decoder,
        *,
        prior=None,
        weights: Weights = (100.0, 1.0, 0.0, 10.0),
        dataset_size: int = 1,
        likelihood=None,
        regularizers=(),
        seed: int = 0,
    ):
        super().__init__(
            encoder,
            decoder,
            prior=prior,
            likelihood=Gaussian(scale=0.1**0.5) if likelihood is None else likelihood,
            regularizers=regularizers,
            seed=seed,
        )
        if len(weights) != 4:
            raise ValueError(f"expected four weights (a, b, c, d), got {weights}")
        if dataset_size < 1:
            raise ValueError(f"expected a dataset_size of at least 1, got {dataset_size}")
        self.part_weights = tuple(weights)  # `weights` of a Keras model are its variables
        self.dataset_size = dataset_size

    def _argument(self, name: str):
        return self.part_weights if name == "weights" else super()._argument(name)

    def objective(self, x, y, code: Code) -> tuple[tf.Tensor, dict[str, tf.Tensor]]:
        """Return the loss and its terms."""
        density = total_correlation.log_density(code.z[:, None], code.mean[None], code.logvar[None])
        weight = total_correlation.log_weight(tf.shape(code.z)[0], "weighted", self.dataset_size)
        log_q = code.posterior.log_prob(code.z)
        log_q_z = tf.reduce_logsumexp(weight + tf.reduce_sum(density, axis=2), axis=1)
        log_marginals = tf.reduce_sum(
            tf.reduce_logsumexp(weight[:, :, None] + density, axis=1), axis=1
        )
        log_prior = self.prior(self.condition(y)).log_prob(code.z)
        terms = {
            "reconstruction": self.reconstruction(x, code),
            "information": tf.reduce_mean(log_q - log_q_z),
            "total_correlation": tf.reduce_mean(log_q_z - log_marginals),
            "dimension_kl": tf.reduce_mean(log_marginals - log_prior),
        }
        weights = [
            one(self.step) if isinstance(one, Schedule) else one for one in self.part_weights
        ]
        return sum(w * term for w, term in zip(weights, terms.values(), strict=True)), terms


@keras.saving.register_keras_serializable("disentlib")
@dataclasses.dataclass(frozen=True)
class PhaseSchedule(Schedule):
    """max(least, first + (last - first) step / steps) while step <= `steps`, then `after`.

    Args:
        first: the value at step 0.
        last: the value that the line reaches at step `steps`.
        steps: the length of the first phase.
        after: the value of the second phase.
        least: the smallest value of the first phase.
    """

    steps: int = 10_000
    after: float = 1.0
    least: float = 0.0

    def __call__(self, step: tf.Tensor) -> tf.Tensor:
        """Return the value at a step."""
        line = self.first + (self.last - self.first) * tf.cast(step, tf.float32) / self.steps
        return tf.where(step <= self.steps, tf.maximum(self.least, line), self.after)


def annealed(steps: int, *, variance: float = 0.1) -> tuple[Schedule, ...]:
    """Return the published weights that are annealed over steps / 1.6, and 1 (the ELBO) after that.

    With A = 1 / (2 variance), t the step and t_0 = steps / 1.6: a = A + A t / t_0,
    b = max(1, 0.3 A (1 - t / t_0)), c = t / t_0, d = max(1, 0.5 A (1 - t / t_0)).

    Args:
        steps: of the whole training.
        variance: of the Gaussian likelihood.
    """
    first_phase, a = round(steps / 1.6), 0.5 / variance
    lines = ((a, 2 * a, 0.0), (0.3 * a, 0.0, 1.0), (0.0, 1.0, 0.0), (0.5 * a, 0.0, 1.0))
    return tuple(
        PhaseSchedule(first, last, steps=first_phase, least=least) for first, last, least in lines
    )


def two_phases(weights: Sequence[float], steps: int) -> tuple[Schedule, ...]:
    """Return (a, b, 0, d) for steps / 1.6, then (2 a, 1, 1, 1): the other published schedule."""
    a, b, _, d = weights
    values = ((a, 2 * a), (b, 1.0), (0.0, 1.0), (d, 1.0))
    return tuple(
        PhaseSchedule(first, first, steps=round(steps / 1.6), after=after)
        for first, after in values
    )
