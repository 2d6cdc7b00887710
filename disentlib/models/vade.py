"""VaDE (Jiang et al., 2017), and its variant without pretraining (Willetts and Paige, 2021)."""

from collections.abc import Iterable
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from tensorflow_probability import distributions as tfd

from disentlib import named
from disentlib.losses import normal, standard_normal
from disentlib.models.configuration import ObjectiveWeight, serializable
from disentlib.models.likelihoods import Bernoulli
from disentlib.models.likelihoods.likelihood import check_choice
from disentlib.models.networks.initialization import standardize_activations
from disentlib.models.priors import GaussianMixture
from disentlib.models.stages import Stage
from disentlib.models.vae import VAE, Code, shapes

FORMS = ("marginal", "responsibilities", "analytic")


@serializable
class VaDE(VAE):
    """L = E[-w log p(x|z) + log q(z|x) - log sum_c pi_c N(z; mean_c, var_c)]: clusters are learned.

    p(c|z) is the exact posterior of the cluster, so there is no inference network for it. A run has
    two stages. In the first one, `pretraining_steps` long, the networks learn to reconstruct, and
    the mixture stays out of the objective. A mixture is then fitted to the means of the training
    data, and all is trained together. `training.train` makes both stages; with `fit` alone, call
    `fit_mixture(x)` between them.

    Args:
        encoder: observations (batch, ...) -> mean, logvar, each (batch, latents).
        decoder: codes (batch, latents) -> the likelihood's parameters.
        clusters: the number of clusters.
        latents: the length of a code, to be checked; that of the networks by default.
        form: how the divergence is estimated at a sample z. "marginal" sums the cluster out:
            log q(z|x) - log p(z). "responsibilities" has the five terms of the paper, with
            g_c = p(c|z): log q(z|x) - sum_c g_c (log p(z|c) + log pi_c - log g_c), the same number.
            "analytic" integrates over z given g, as the authors' program does: sum_c g_c
            KL(q(z|x) || p(z|c)) + KL(g || pi), an upper bound of smaller variance.
        pretraining: "autoencoder" reconstructs from the mean, without noise and divergence; "vae"
            is a VAE with the prior N(0, I).
        pretraining_steps: steps of the first stage. 0 leaves it out; the mixture then starts at
            random.
        data_dependent: without pretraining: before the first step, layers are scaled so that what
            they give for a batch, before the activation, has mean 0 and variance 1.
        reconstruction_weight: w, which the published runs set to 5 for one set of four.
        mixture_optimizer: of the mixture's weights, means and variances, from the second stage on;
            Adam(0.002, epsilon=1e-4) by default.
        prior: another `GaussianMixture` than `GaussianMixture(clusters, latents=latents)`.
        likelihood: see `VAE`.
        regularizers: see `VAE`.
        seed: of the noise, and of the fit of the mixture.

    Attributes:
        stage: 0 while pretraining, then 1; a variable, saved with the model.

    Reference: Jiang et al., "Variational deep embedding: an unsupervised and generative approach to
    clustering", IJCAI 2017; Willetts and Paige, "I don't need u: identifiable non-linear ICA
    without side information", 2021.
    """

    reconstruction_weight = ObjectiveWeight()

    def __init__(
        self,
        encoder,
        decoder,
        *,
        clusters: int = 10,
        latents: int | None = None,
        form: str = "marginal",
        pretraining: str = "autoencoder",
        pretraining_steps: int = 5000,
        data_dependent: bool = False,
        reconstruction_weight: float = 1.0,
        mixture_optimizer=None,
        prior=None,
        likelihood=None,
        regularizers=(),
        seed: int = 0,
    ):
        check_choice("form", form, FORMS)
        check_choice("pretraining", pretraining, ("autoencoder", "vae"))
        if pretraining_steps < 0:
            raise ValueError(f"expected pretraining_steps of at least 0, got {pretraining_steps}")
        if data_dependent and pretraining_steps:
            raise ValueError(
                "expected data_dependent with pretraining_steps=0, got "
                f"pretraining_steps={pretraining_steps}, which starts from random weights"
            )
        likelihood = Bernoulli() if likelihood is None else likelihood
        if prior is None:
            prior = GaussianMixture(clusters, latents=shapes(encoder, decoder, likelihood)[2])
        elif not isinstance(prior, GaussianMixture):
            raise TypeError(f"expected a GaussianMixture as prior, got {type(prior).__name__}")
        super().__init__(
            encoder,
            decoder,
            prior=prior,
            likelihood=likelihood,
            regularizers=regularizers,
            seed=seed,
        )
        if latents not in (None, self.latents):
            raise ValueError(f"expected networks of {latents} latents, got {self.latents}")
        self.form, self.pretraining, self.pretraining_steps = form, pretraining, pretraining_steps
        self.data_dependent = data_dependent
        self.reconstruction_weight = reconstruction_weight
        self.mixture_optimizer = mixture_optimizer or keras.optimizers.Adam(
            0.002, epsilon=1e-4, name="mixture_optimizer"
        )
        self.stage = self.add_weight(
            name="stage",
            shape=(),
            dtype="int32",
            initializer="zeros" if pretraining_steps else "ones",
            trainable=False,
        )

    def _argument(self, name: str) -> Any:
        return self.prior.clusters if name == "clusters" else super()._argument(name)

    # The objective.

    def objective(self, x, y, code: Code) -> tuple[tf.Tensor, dict[str, tf.Tensor]]:
        """Return the loss and its terms; the KL is to N(0, I) while pretraining."""
        reconstruction = self.reconstruction(x, code)
        pretrains = tf.equal(self.stage, 0)
        kl = tf.where(pretrains, self.standard_kl(code), self.kl(code, y))
        weight = 0.0 if self.pretraining == "autoencoder" else 1.0
        loss = self.reconstruction_weight * reconstruction + tf.where(pretrains, weight, 1.0) * kl
        return loss, {"reconstruction": reconstruction, "kl": kl}

    def kl(self, code: Code, y=None) -> tf.Tensor:
        """KL(q(z|x) || p(z)) at a sample, mean over the batch, in one of the three forms."""
        if self.form == "marginal":
            return super().kl(code, y)
        log_g, components = self.prior.log_responsibilities(code.z), self.prior.components()
        log_pi = self.prior.log_weights()
        if self.form == "responsibilities":
            log_q = code.posterior.log_prob(code.z)[:, None]
            divergence = log_q - components.log_prob(code.z[:, None])
        else:
            posterior = normal(code.mean[:, None], code.logvar[:, None])
            divergence = tfd.kl_divergence(posterior, components)
        return tf.reduce_mean(tf.reduce_sum(tf.exp(log_g) * (divergence + log_g - log_pi), axis=1))

    def standard_kl(self, code: Code) -> tf.Tensor:
        """KL(q(z|x) || N(0, I)), mean over the batch."""
        return tf.reduce_mean(tfd.kl_divergence(code.posterior, standard_normal(self.latents)))

    def sample(self, mean, logvar) -> tf.Tensor:
        """Return a sample of q(z|x); an autoencoder's code is the mean."""
        z = super().sample(mean, logvar)
        if self.pretraining == "vae":
            return z
        return tf.where(tf.equal(self.stage, 0), mean, z)

    # Two optimizers: the mixture has its own, which starts with the second stage.

    def train_step(self, data):
        """Update networks and mixture by their own optimizers."""
        x, y = self.batch(data)
        networks, mixture = self.main_variables, self.prior.trainable_variables
        with tf.GradientTape() as tape:
            loss = self.compute_loss(x, y, self(x, training=True))
        gradients = tape.gradient(loss, [*networks, *mixture])
        self.optimizer.apply_gradients(zip(gradients[: len(networks)], networks, strict=True))
        if mixture:
            self.mixture_optimizer.apply_gradients(
                zip(gradients[len(networks) :], mixture, strict=True)
            )
            # While pretraining the gradients are 0 and move nothing but this count.
            steps = self.mixture_optimizer.iterations
            steps.assign(steps * tf.cast(self.stage, steps.dtype))
        self._loss_tracker.update_state(loss, sample_weight=tf.shape(named.observation(x))[0])
        return self.get_metrics_result()

    @property
    def main_variables(self) -> list:
        """All trainable variables but the mixture's."""
        others = {id(variable) for variable in self.prior.trainable_variables}
        return [variable for variable in self.trainable_variables if id(variable) not in others]

    def compile(self, *args, **options) -> None:
        """Compile both optimizers."""
        super().compile(*args, **options)
        self.mixture_optimizer.build(self.prior.trainable_variables)

    # Stages.

    @property
    def stages(self) -> tuple[Stage, ...]:
        """Pretraining and clustering, or clustering alone."""
        if not self.pretraining_steps:
            return (Stage("clustering", 0, self._standardize if self.data_dependent else None),)
        return (
            Stage("pretraining"),
            Stage("clustering", self.pretraining_steps, self._fit_to_batches),
        )

    def fit_mixture(self, x) -> None:
        """Fit the mixture to the means of observations and end the pretraining.

        A mixture of Gaussians with diagonal covariances, fitted by expectation and maximisation
        from k-means; its means and variances become the prior's, whose clusters get equal weights.

        Args:
            x: observations (n, ...), n at least the number of clusters.

        Raises:
            ValueError: if there are fewer observations than clusters, or codes are not finite.
        """
        self.prior.fit(np.asarray(self.encode(x)[0]), seed=self.seed)
        self.stage.assign(1)

    def _fit_to_batches(self, batches: Iterable[Any]) -> None:
        means = [np.asarray(self.encode(batch)[0]) for batch in batches]
        self.prior.fit(np.concatenate(means), seed=self.seed)
        self.stage.assign(1)

    def _standardize(self, batches: Iterable[Any]) -> None:
        x = self.as_input(tf.convert_to_tensor(next(iter(batches))))
        standardize_activations(self.encoder, x)
        standardize_activations(self.decoder, self.infer(x)[0])

    # What users ask of a trained model.

    def clusters(self, x) -> np.ndarray:
        """Return p(c|z = mean(x)) (n, clusters) of observations (n, ...), float32.

        Raises:
            ValueError: if the mixture was not fitted yet.
        """
        if int(self.stage) == 0:
            raise ValueError(
                "expected a model whose pretraining has ended: call fit_mixture(x) and train on, "
                f"or train with training.train for more than {self.pretraining_steps:,} steps"
            )
        mean = self.encode(x)[0]
        return np.exp(np.asarray(self.prior.log_responsibilities(mean)))
