"""FactorVAE (Kim and Mnih, 2018), equation 2 and algorithm 2."""

import keras
import tensorflow as tf

from disentlib.losses.schedules import Schedule
from disentlib.models import checks
from disentlib.models.configuration import ObjectiveWeight, serializable
from disentlib.models.method import replica_share
from disentlib.models.networks import fc_discriminator
from disentlib.models.vae import VAE, Code

CLIP = 1e-6  # of the discriminator's probabilities, as in the reference
PERMUTATION = -1  # its noise stream


@serializable
class FactorVAE(VAE):
    """L = ELBO loss + gamma E[log D(z) - log(1 - D(z))], D = p(z was drawn from q(z)).

    The discriminator D separates samples of q(z) from samples of prod_l q(z_l); the density ratio
    D/(1 - D) estimates the total correlation. Each step takes both gradients at the weights before
    it, then updates: the discriminator's loss never reaches the encoder, the model's loss never
    reaches the discriminator. On several devices codes are permuted per replica.

    Args:
        encoder: images (batch, h, w, c) -> mean, logvar, each (batch, latents).
        decoder: codes (batch, latents) -> the likelihood's parameters (batch, h, w, c).
        gamma: the weight of the total correlation. The study sweeps 10, 20, 30, 40, 50, 100.
        discriminator: codes (batch, latents) -> two logits; `fc_discriminator` by default.
        discriminator_optimizer: Adam(1e-4, beta_1=0.5, beta_2=0.9, epsilon=1e-8) by default.
        second_batch: as in the paper, permute other codes than those that the discriminator sees
            as joint: the second half of the batch, whose first half the objective is computed on.
            The study permuted the very same codes.
        step_counting: "paper" counts a step an update; "reference" counts two, as the study's
            optimizers did: 300,000 steps are then 150,000 updates.
        prior: see `VAE`.
        likelihood: see `VAE`.
        regularizers: see `VAE`.
        seed: see `VAE`.

    Reference: Kim and Mnih, "Disentangling by factorising", ICML 2018.
    """

    terms = ("reconstruction", "kl", "total_correlation", "discriminator")

    gamma = ObjectiveWeight()

    def __init__(
        self,
        encoder,
        decoder,
        *,
        gamma: float | Schedule = 10.0,
        discriminator=None,
        discriminator_optimizer=None,
        second_batch: bool = False,
        step_counting: str = "paper",
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
        if step_counting not in ("paper", "reference"):
            raise ValueError(f"step_counting must be 'paper' or 'reference', got {step_counting!r}")
        self.gamma = gamma
        self.discriminator = discriminator or fc_discriminator(latents=self.latents)
        self.discriminator_optimizer = discriminator_optimizer or keras.optimizers.Adam(
            1e-4, beta_1=0.5, beta_2=0.9, epsilon=1e-8, name="discriminator_optimizer"
        )
        self.second_batch = second_batch
        self.step_counting = step_counting
        self.steps_per_update = 2 if step_counting == "reference" else 1

    def objective(self, x, y, code: Code) -> tuple[tf.Tensor, dict[str, tf.Tensor]]:
        """Return the model's loss and all terms, the discriminator's loss among them."""
        joint, other = code, code
        if self.second_batch:
            images = tf.shape(x)[0]
            half = tf.maximum(images // 2, 1)
            x = x[:half]
            joint = Code(*(part[:half] for part in code))
            # One image alone is both halves.
            other = Code(*(part[tf.minimum(half, images - 1) :] for part in code))
        reconstruction = self.reconstruction(x, joint)
        kl = self.kl(joint, y)
        logits = self.logits(joint.z)
        tc = tf.reduce_mean(logits[:, 0] - logits[:, 1])
        terms = {
            "reconstruction": reconstruction,
            "kl": kl,
            "total_correlation": tc,
            "discriminator": self.discriminator_loss(joint.z, other.z),
        }
        return reconstruction + kl + self.gamma * tc, terms

    def discriminator_loss(self, joint, other) -> tf.Tensor:
        """-1/2 E[log P_0(z)] - 1/2 E[log P_1(permuted z)], with no gradient to the codes."""
        real = _log_probability(self.logits(tf.stop_gradient(joint)))[:, 0]
        false = _log_probability(self.logits(self.permute(tf.stop_gradient(other))))[:, 1]
        return -0.5 * (tf.reduce_mean(real) + tf.reduce_mean(false))

    def logits(self, z) -> tf.Tensor:
        """Return the discriminator's logits (batch, 2): column 0 stands for q(z)."""
        return tf.cast(self.discriminator(z), tf.float32)

    def permute(self, z) -> tf.Tensor:
        """Permute each column of z over the batch, independently: draws of prod q(z_l)."""
        columns = tf.transpose(z)
        uniform = tf.random.stateless_uniform(
            tf.shape(columns), self.noise_key(PERMUTATION), alg="philox"
        )
        return tf.transpose(tf.gather(columns, tf.argsort(uniform, axis=1), batch_dims=1))

    def train_step(self, data):
        """Update model and discriminator, both by their gradients at the weights before."""
        x, y = self.batch(data)
        with tf.GradientTape(persistent=True) as tape:
            code = self(x, training=True)
            with checks.under_xla(self.jit_compile):
                loss, terms = self.regularized_objective(x, y, code)
            model_loss = replica_share(loss)
            discriminator_loss = replica_share(terms["discriminator"])
        discriminator_variables = self.discriminator.trainable_variables
        gradients = tape.gradient(model_loss, self.main_variables)
        discriminator_gradients = tape.gradient(discriminator_loss, discriminator_variables)
        self.optimizer.apply_gradients(zip(gradients, self.main_variables, strict=True))
        self.discriminator_optimizer.apply_gradients(
            zip(discriminator_gradients, discriminator_variables, strict=True)
        )
        self.log(x, terms)
        self._loss_tracker.update_state(loss, sample_weight=tf.shape(x)[0])
        return self.get_metrics_result()

    @property
    def main_variables(self) -> list:
        """All trainable variables but the discriminator's."""
        others = {id(variable) for variable in self.discriminator.trainable_variables}
        return [variable for variable in self.trainable_variables if id(variable) not in others]

    def compile(self, *args, **options) -> None:
        """Compile both optimizers."""
        super().compile(*args, **options)
        self.discriminator_optimizer.build(self.discriminator.trainable_variables)


def _log_probability(logits: tf.Tensor) -> tf.Tensor:
    return tf.math.log(tf.clip_by_value(tf.nn.softmax(logits), CLIP, 1 - CLIP))
