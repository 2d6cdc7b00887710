"""The frame of every method: encode, sample, decode, and one objective that reads like its paper.

A method overrides `objective`; `call` only if it infers differently; `train_step` only if it has a
second optimizer. The default Keras training step does the rest.
"""

from typing import ClassVar, NamedTuple

import keras
import tensorflow as tf
from tensorflow_probability import distributions as tfd

from disentlib.losses import Bernoulli, normal, standard_normal
from disentlib.models.configuration import SignatureConfig, serializable


class Code(NamedTuple):
    """What a model makes of a batch of images."""

    mean: tf.Tensor  # (batch, latents)
    logvar: tf.Tensor  # (batch, latents)
    z: tf.Tensor  # (batch, latents), one sample of q(z|x) an image
    x: tf.Tensor  # (batch, h, w, c), the decoder's output at z

    @property
    def posterior(self) -> tfd.Distribution:
        """q(z|x)."""
        return normal(self.mean, self.logvar)


@serializable
class VAE(SignatureConfig, keras.Model):
    """L = E[-log p(x|z)] + KL(q(z|x) || p(z)), the negative evidence lower bound.

    Sums over pixels and latents, mean over the batch, nats. Terms are logged raw, without weights.
    Every method takes regularizers: what they return is added to its objective. Networks compute in
    float32 or mixed_bfloat16; codes, divergences and losses are float32 under both. On several
    devices the loss is the mean of the replicas' losses: as on one device for objectives that are
    means over images; a method that takes other statistics of the batch says "per replica".

    Args:
        encoder: images (batch, h, w, c) -> mean, logvar, each (batch, latents).
        decoder: codes (batch, latents) -> the likelihood's parameters (batch, h, w, c).
        likelihood: decoder output -> distribution over images; `losses.Bernoulli()` by default.
        regularizers: objects that add a term to the loss, such as `HausdorffSupport`.
        seed: of the sampling noise, which is drawn from (seed, step, replica): a restarted run
            draws the same, replicas draw different noise.

    Reference: Kingma and Welling, 2014; Rezende et al., 2014.
    """

    #: How many steps an update counts for.
    steps_per_update: int = 1

    #: The names that `objective` gives to its terms, as logged.
    terms: ClassVar[tuple[str, ...]] = ("reconstruction", "kl")

    def __init__(self, encoder, decoder, *, likelihood=None, regularizers=(), seed: int = 0):
        super().__init__()
        self.encoder = encoder
        self.decoder = decoder
        self.likelihood = Bernoulli() if likelihood is None else likelihood
        self.regularizers = list(regularizers)
        for one in self.regularizers:
            one.clock = lambda: self.step
        self.seed = seed
        self.latents = _latents(encoder, decoder)
        names = [*self.terms, *(name for one in self.regularizers for name in one.terms)]
        self._trackers = {name: keras.metrics.Mean(name=name) for name in names}
        self.built = True  # encoder and decoder come built

    # The method.

    def objective(self, x, y, code: Code) -> tuple[tf.Tensor, dict[str, tf.Tensor]]:
        """Return the loss and its terms, scalars in nats.

        Args:
            x: images (batch, h, w, c), float32 in [0, 1].
            y: labels or None.
            code: what `call` made of `x`.
        """
        reconstruction = self.reconstruction(x, code)
        kl = self.kl(code)
        return reconstruction + kl, {"reconstruction": reconstruction, "kl": kl}

    def call(self, x, training: bool = False) -> Code:
        """Encode, sample once, decode."""
        return self.complete(*self.infer(x, training=training), training=training)

    # What objectives are made of.

    def infer(self, x, training: bool = False) -> tuple[tf.Tensor, tf.Tensor]:
        """Return mean and logvar of q(z|x), in float32 whatever the encoder computes in."""
        mean, logvar = self.encoder(x, training=training)
        return tf.cast(mean, tf.float32), tf.cast(logvar, tf.float32)

    def complete(self, mean, logvar, training: bool = False) -> Code:
        """Sample once from N(mean, exp(logvar)) and decode."""
        z = self.sample(mean, logvar)
        return Code(mean, logvar, z, self.decoder(z, training=training))

    def sample(self, mean, logvar) -> tf.Tensor:
        """Return z = mean + exp(logvar / 2) * noise, noise ~ N(0, I)."""
        noise = tf.random.stateless_normal(tf.shape(mean), self.noise_key(), alg="philox")
        return mean + tf.exp(logvar / 2) * noise

    def reconstruction(self, x, code: Code) -> tf.Tensor:
        """-log p(x|z), mean over the batch."""
        return -tf.reduce_mean(self.likelihood(code.x).log_prob(tf.cast(x, tf.float32)))

    def kl(self, code: Code) -> tf.Tensor:
        """KL(q(z|x) || p(z)), mean over the batch."""
        return tf.reduce_mean(tfd.kl_divergence(code.posterior, self.prior))

    def noise_key(self, stream: int = 0) -> tf.Tensor:
        """Return a key for `tf.random.stateless_*` that depends on (seed, stream, step, replica).

        Nothing hidden has to be saved for a restarted run to draw the same numbers.

        Args:
            stream: tells several draws in one step apart.
        """
        key = tf.random.experimental.stateless_fold_in(tf.stack([self.seed, stream]), self.step)
        context = tf.distribute.get_replica_context()
        if context is not None and context.num_replicas_in_sync > 1:
            key = tf.random.experimental.stateless_fold_in(key, context.replica_id_in_sync_group)
        return key

    @property
    def step(self) -> tf.Tensor:
        """The number of steps made; schedules and noise read it, so both survive restarts.

        Batches are counted: with gradient accumulation, only every so many of them update weights.
        """
        optimizer = getattr(self, "optimizer", None)
        if optimizer is None:
            return tf.zeros((), tf.int64)
        # `iterations` counts updates; the variable behind it, the first, counts batches.
        batches = tf.cast(tf.convert_to_tensor(optimizer.variables[0]), tf.int64)
        return batches * self.steps_per_update

    # What users ask of a trained model.

    @property
    def prior(self) -> tfd.Distribution:
        """p(z) = N(0, I)."""
        return standard_normal(self.latents)

    def posterior(self, images) -> tfd.Distribution:
        """Return q(z|x) of images (batch, h, w, c), uint8 or float in [0, 1]."""
        return normal(*self.encode(images))

    def encode(self, images) -> tuple[tf.Tensor, tf.Tensor]:
        """Return mean and logvar (batch, latents) of images, uint8 or float in [0, 1]."""
        return self.infer(_as_float(images, self.encoder.input_shape))

    def decode(self, codes) -> tfd.Distribution:
        """Return p(x|z) of codes (batch, latents); its `.mean()` is the picture to show."""
        codes = tf.cast(codes, tf.float32)
        if codes.shape.rank != 2 or codes.shape[-1] != self.latents:
            raise ValueError(f"expected codes of shape (batch, {self.latents}), got {codes.shape}")
        return self.likelihood(self.decoder(codes))

    # The contract with Keras.

    def compile(self, optimizer="adam", *, jit_compile: bool = False, **options) -> None:
        """Compile as Keras does, with XLA off unless asked for: on CPU the graph is 2x faster.

        Raises:
            ValueError: if a network computes in float16. Loss scaling skips the updates whose
                gradients overflow, so that steps, schedules and data would no longer go together.
        """
        super().compile(optimizer=optimizer, jit_compile=jit_compile, **options)
        networks = (self, self.encoder, self.decoder)
        layers = [layer for network in networks for layer in (network, *network.layers)]
        if any(layer.compute_dtype == "float16" for layer in layers) or isinstance(
            self.optimizer, keras.optimizers.LossScaleOptimizer
        ):
            raise ValueError(
                "expected networks in float32 or mixed_bfloat16, got mixed_float16 or a "
                "LossScaleOptimizer: skipped updates would put steps and data out of step"
            )
        self.optimizer.build(self.main_variables)

    def compile_from_config(self, config: dict) -> None:
        """Compile a loaded model as it was saved, with room for its optimizer's state."""
        self.compile(**keras.saving.deserialize_keras_object(config))

    def fit(self, *args, shuffle: bool = False, **options):
        """Fit as Keras does; streams are random already, so nothing is shuffled."""
        return super().fit(*args, shuffle=shuffle, **options)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        """Turn `objective` into what Keras minimises, and log its terms."""
        if sample_weight is not None:
            raise ValueError("the objectives average over the batch: sample_weight must be None")
        loss, terms = self.total(x, y, y_pred)
        self.log(x, terms)
        return replica_share(loss)

    def total(self, x, y, code) -> tuple[tf.Tensor, dict[str, tf.Tensor]]:
        """Return the objective with what the regularizers add, and all terms."""
        loss, terms = self.objective(x, y, code)
        for number, regularizer in enumerate(self.regularizers, 1):
            added, more = regularizer.penalty(code, y, step=self.step, key=self.noise_key(number))
            loss, terms = loss + added, terms | more
        if list(terms) != self.term_names:
            raise ValueError(
                f"{type(self).__name__}.objective must return the terms {self.term_names}, "
                f"got {list(terms)}"
            )
        return loss, terms

    def log(self, x, terms: dict[str, tf.Tensor]) -> None:
        """Add the terms of a batch to the means that Keras reports."""
        images = tf.shape(x)[0]
        for name, value in terms.items():
            self._trackers[name].update_state(value, sample_weight=images)

    def compute_metrics(self, x, y, y_pred, sample_weight=None):
        """Show compiled metrics the labels and the means of the codes."""
        return super().compute_metrics(x, y, y_pred[0], sample_weight)

    @property
    def main_variables(self) -> list:
        """The variables that the compiled optimizer updates."""
        return self.trainable_variables

    @property
    def term_names(self) -> list[str]:
        """The logged terms: the method's, then those of the regularizers."""
        return list(self._trackers)


def replica_share(loss: tf.Tensor) -> tf.Tensor:
    """Return what a replica's mean loss adds to that of all: Keras sums their gradients."""
    return loss / tf.distribute.get_strategy().num_replicas_in_sync


def _latents(encoder, decoder) -> int:
    """Return the length of a code, having checked that the two networks agree on it."""
    mean, logvar = encoder.output_shape
    codes = decoder.input_shape
    if not mean == logvar == codes or len(codes) != 2:
        raise ValueError(
            "expected an encoder with outputs mean and logvar of the decoder's input shape, got "
            f"{mean} and {logvar} for {codes}"
        )
    if encoder.input_shape != decoder.output_shape:
        raise ValueError(
            f"expected a decoder of images {encoder.input_shape}, got {decoder.output_shape}"
        )
    return codes[-1]


def _as_float(images, input_shape) -> tf.Tensor:
    """Return images as float32 in [0, 1]: integers are taken as 0..255."""
    images = tf.convert_to_tensor(images)
    if not images.shape[1:].is_compatible_with(input_shape[1:]) or not images.shape.rank:
        raise ValueError(f"expected images of shape {input_shape}, got {images.shape}")
    if images.dtype.is_integer:
        return tf.cast(images, tf.float32) / 255
    return tf.cast(images, tf.float32)
