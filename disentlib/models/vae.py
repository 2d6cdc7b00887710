"""The frame of every method: encode, sample, decode, and one objective that reads like its paper.

A method overrides `objective`; `call` only if it infers differently; `train_step` only if it has a
second optimizer. The default Keras training step does the rest.
"""

from collections.abc import Callable
from typing import Any, ClassVar, NamedTuple

import keras
import numpy as np
import tensorflow as tf
from tensorflow_probability import distributions as tfd

from disentlib import pixels
from disentlib.losses import Bernoulli, normal, standard_normal
from disentlib.models import checks
from disentlib.models.configuration import SignatureConfig, serializable

BATCH = 256  # images that are encoded or decoded at once, when users hand over more


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

    Images are given as uint8 or as floats, and read by the one rule for pixels (`pixels.as_input`)
    in `fit` and everywhere else. Floats outside [0, 1] are refused under a Bernoulli likelihood.

    Args:
        encoder: images (batch, h, w, c) -> mean, logvar, each (batch, latents): a pair, or a
            dictionary with these names. What comes after the two (a sample, say) is not used.
        decoder: codes (batch, latents) -> the likelihood's parameters (batch, h, w, c). One of the
            networks may be a subclass without a fixed shape; the other one tells it.
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
        self.image_shape, self.latents = _shapes(encoder, decoder)
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
        kind = tf.as_dtype(x.dtype)
        if kind.is_integer:
            raise TypeError(f"expected images of floats, got {kind.name}: encode takes uint8")
        mean, logvar = _moments(self.encoder(x, training=training))
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
        """Return mean and logvar (n, latents) of images (n, h, w, c), some at a time.

        Raises:
            TypeError: for another type than uint8, bool or floats.
            ValueError: for another shape, or values that `pixels.as_input` refuses.
        """
        if not tf.is_tensor(images):
            images = np.asarray(images)
        shape = (None, *self.image_shape)
        if not tf.TensorShape(shape).is_compatible_with(images.shape):
            raise ValueError(f"expected images of shape {shape}, got {tuple(images.shape)}")
        if tf.is_tensor(images) and not tf.executing_eagerly():
            return self.infer(checks.as_input(images, unit=self._unit))
        array = np.asarray(images)
        if array.dtype == np.uint8:  # the brightest alone tells whether 0 and 1 are all there is
            pixels.as_input(array.max(initial=0))

        def infer(part):
            # A tensor stays one, so that gradients reach it.
            array = pixels.as_input(np.asarray(part), unit=self._unit, full_range=True)
            is_float = tf.is_tensor(part) and part.dtype.is_floating
            return self.infer(tf.cast(part, tf.float32) if is_float else tf.constant(array))

        return _in_batches(infer, images)

    def decode(self, codes) -> tfd.Distribution:
        """Return p(x|z) of codes (n, latents); its `.mean()` is the picture to show."""
        codes = tf.cast(codes, tf.float32)
        if codes.shape.rank != 2 or codes.shape[-1] != self.latents:
            raise ValueError(f"expected codes of shape (batch, {self.latents}), got {codes.shape}")
        if not tf.executing_eagerly():
            return self.likelihood(self.decoder(codes))
        (output,) = _in_batches(lambda part: (self.decoder(part),), codes)
        return self.likelihood(output)

    def reconstruct(self, images) -> tf.Tensor:
        """Return E[x|z = mean(x)] (n, h, w, c) of images, float32: what the codes keep of them."""
        return self.decode(self.encode(images)[0]).mean()

    # The contract with Keras.

    def compile(
        self,
        optimizer="adam",
        loss=None,
        *,
        loss_weights=None,
        jit_compile: bool = False,
        **options,
    ) -> None:
        """Compile as Keras does, with XLA off unless asked for: on CPU the graph is 2x faster.

        Under XLA, images that come as datasets are not checked while training.

        Raises:
            ValueError: if a loss is given, for the method is the loss; or if a network computes in
                float16. Loss scaling skips the updates whose gradients overflow, so that steps,
                schedules and data would no longer go together.
        """
        if loss is not None or loss_weights is not None:
            raise ValueError(
                f"{type(self).__name__} brings its own loss: compile without loss and loss_weights "
                "and choose the likelihood (losses.Gaussian() for squared errors) and the weights "
                "of the objective when building it"
            )
        super().compile(optimizer=optimizer, jit_compile=jit_compile, **options)
        networks = (self, self.encoder, self.decoder)
        layers = [one for net in networks for one in (net, *getattr(net, "layers", ()))]
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

    def fit(self, x=None, y=None, *args, shuffle: bool = False, **options):
        """Fit as Keras does; streams are random already, so nothing is shuffled."""
        _refuse_weights(options, validation_data=options.get("validation_data"))
        self._check_arrays(x)
        with checks.plain_errors():
            return super().fit(x, y, *args, shuffle=shuffle, **options)

    def evaluate(self, x=None, *args, **options):
        """Evaluate as Keras does."""
        _refuse_weights(options)
        self._check_arrays(x)
        with checks.plain_errors():
            return super().evaluate(x, *args, **options)

    def predict(self, x, *args, **options):
        """Predict as Keras does."""
        self._check_arrays(x)
        with checks.plain_errors():
            return super().predict(x, *args, **options)

    def train_on_batch(self, x, *args, **options):
        """Train on a batch as Keras does."""
        _refuse_weights(options)
        self._check_arrays(x)
        with checks.plain_errors():
            return super().train_on_batch(x, *args, **options)

    def test_on_batch(self, x, *args, **options):
        """Test on a batch as Keras does."""
        _refuse_weights(options)
        self._check_arrays(x)
        with checks.plain_errors():
            return super().test_on_batch(x, *args, **options)

    def train_step(self, data):
        """Take Keras's step on a batch as networks see it."""
        return super().train_step(self.batch(data))

    def test_step(self, data):
        """Take Keras's step on a batch as networks see it."""
        return super().test_step(self.batch(data))

    def predict_step(self, data):
        """Take Keras's step on a batch as networks see it."""
        return super().predict_step(self.batch(data))

    def batch(self, data) -> tuple[tf.Tensor, Any]:
        """Return x as networks see it and y of a batch as Keras hands it over."""
        x, y, sample_weight = keras.utils.unpack_x_y_sample_weight(data)
        _refuse_weights({"sample_weight": sample_weight})
        return checks.as_input(x, unit=self._unit, checked=not self.jit_compile), y

    def export(self, filepath, *args, input_signature=None, **options):
        """Export as Keras does, right after building or loading, too."""
        if input_signature is None:
            input_signature = [keras.InputSpec(shape=self.batch_shape, dtype="float32")]
        return super().export(filepath, *args, input_signature=input_signature, **options)

    @property
    def batch_shape(self) -> tuple[int | None, ...]:
        """The shape of what `call` takes."""
        return (None, *self.image_shape)

    @property
    def inputs(self) -> list:
        """What `call` takes, for converters such as TensorFlow Lite's."""
        return [keras.KerasTensor(self.batch_shape, dtype="float32", name="images")]

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        """Turn `objective` into what Keras minimises, and log its terms."""
        _refuse_weights({"sample_weight": sample_weight})
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
    def _unit(self) -> bool:
        """Whether images must lie in [0, 1]."""
        return getattr(self.likelihood, "unit", False)

    def _check_arrays(self, x) -> None:
        """Refuse arrays before the first step; datasets are checked batch by batch."""
        if isinstance(x, np.ndarray):
            if x.dtype == np.uint8:
                x = x.max(initial=0)  # which alone tells whether 0 and 1 are all there is
            pixels.as_input(x, unit=self._unit)

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


def _refuse_weights(options: dict, validation_data=None) -> None:
    """Raise for weights of images or classes, also where Keras would drop them."""
    given = [name for name in ("sample_weight", "class_weight") if options.get(name) is not None]
    if isinstance(validation_data, tuple) and len(validation_data) == 3:
        given.append("validation_data's sample_weight")
    if given:
        raise ValueError(
            f"the objectives average over the batch: {given[0]} must be None "
            "(let images that count more come more often)"
        )


def _moments(outputs) -> tuple:
    """Return mean and logvar of what an encoder gives, tensors or shapes."""
    if isinstance(outputs, dict):
        if not {"mean", "logvar"} <= {*outputs}:
            raise ValueError(f"expected an encoder with outputs mean and logvar, got {[*outputs]}")
        return outputs["mean"], outputs["logvar"]
    if not isinstance(outputs, list | tuple) or len(outputs) < 2:
        raise ValueError("expected an encoder with outputs mean and logvar, got one output")
    return outputs[0], outputs[1]


def _shapes(encoder, decoder) -> tuple[tuple[int, ...], int]:
    """Return the shape of an image and the length of a code, on which the networks agree."""
    for name, network in (("encoder", encoder), ("decoder", decoder)):
        if not isinstance(network, keras.layers.Layer):
            raise TypeError(f"expected a Keras model for the {name}, got {type(network).__name__}")
    images = _fixed(encoder, "input_shape") or _fixed(decoder, "output_shape")
    if images is None:
        raise ValueError(
            "expected an encoder or a decoder of known shapes, got two without: wrap one of them, "
            "encoder = keras.Model(images, encoder(images)) with images = keras.Input(image_shape)"
        )
    mean, logvar = (tuple(one.shape) for one in _moments(_symbolic(encoder, images)))
    codes = _fixed(decoder, "input_shape") or mean
    if not mean == logvar == codes or len(codes) != 2:
        raise ValueError(
            "expected an encoder with outputs mean and logvar of the decoder's input shape, got "
            f"{mean} and {logvar} for {codes}"
        )
    output = tuple(_symbolic(decoder, codes).shape)
    if images != output:
        raise ValueError(f"expected a decoder of images {images}, got {output}")
    return images[1:], codes[-1]


def _fixed(network, name: str) -> tuple | None:
    """Return a shape of a network that has one, None for subclasses and unbuilt ones."""
    try:
        shape = getattr(network, name)
    except AttributeError:
        return None
    return tuple(shape) if isinstance(shape, list | tuple) else None


def _symbolic(network, shape):
    """Return what a network makes of an input of a shape, which builds it if need be."""
    try:
        return network(keras.KerasTensor(shape, dtype="float32"))
    except Exception as error:
        raise ValueError(
            f"could not call {network.name} on an input of shape {shape}: {error}; wrap it as "
            "keras.Model(inputs, network(inputs)) with inputs = keras.Input(...)"
        ) from error


def _in_batches(function: Callable[[Any], tuple], rows) -> tuple[tf.Tensor, ...]:
    """Return function(rows), taken some rows at a time, so that memory does not grow with them."""
    if len(rows) <= BATCH:
        return function(rows)
    parts = [function(rows[start : start + BATCH]) for start in range(0, len(rows), BATCH)]
    return tuple(tf.concat(part, axis=0) for part in zip(*parts, strict=True))
