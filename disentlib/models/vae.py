"""The frame of every VAE: encode, sample, decode, and one objective that reads like its paper.

A method overrides `objective`; `call` only if it infers differently; `train_step` only if it has a
second optimizer. What is not about VAEs is in `method.py`.
"""

from collections.abc import Mapping
from typing import Any, ClassVar, NamedTuple

import keras
import numpy as np
import tensorflow as tf
from tensorflow_probability import distributions as tfd

from disentlib import named, pixels
from disentlib.losses import normal
from disentlib.models.configuration import serializable
from disentlib.models.likelihoods import Bernoulli, Likelihood
from disentlib.models.method import Method, in_batches, input_shapes
from disentlib.models.priors.normal import standard
from disentlib.models.priors.prior import Prior

DIVERGENCE = -2  # the noise stream of estimates of the KL


class Code(NamedTuple):
    """What a model makes of a batch of observations."""

    mean: tf.Tensor  # (batch, latents)
    logvar: tf.Tensor  # (batch, latents)
    z: tf.Tensor  # (batch, latents), one sample of q(z|x) a row
    output: tf.Tensor  # (batch, ...), the decoder's output at z

    @property
    def posterior(self) -> tfd.Distribution:
        """q(z|x)."""
        return normal(self.mean, self.logvar)


@serializable
class VAE(Method):
    """L = E[-log p(x|z)] + KL(q(z|x) || p(z)), the negative evidence lower bound.

    Sums over pixels and latents, mean over the batch, nats. Terms are logged raw, without weights.
    Every method takes any prior and likelihood, and regularizers: what they return is added to its
    objective. Networks compute in float32 or mixed_bfloat16; codes, divergences and losses are
    float32 under both. On several devices the loss is the mean of the replicas' losses: as on one
    device for objectives that are means over images; the docstring of a method that takes other
    statistics of a batch says how it takes them on several devices.

    Images are given as uint8 or as floats, and read by the one rule for pixels (`pixels.as_input`)
    in `fit` and everywhere else. Floats outside [0, 1] are refused under a Bernoulli likelihood.

    Args:
        encoder: images (batch, h, w, c), or observations of another shape, -> mean, logvar, each
            (batch, latents): a pair, or a dictionary with these names. What comes after the two (a
            sample, say) is not used. An encoder that sees an auxiliary variable has the inputs "x"
            and "u".
        decoder: codes (batch, latents) -> the likelihood's parameters, (batch, h, w, c) for one
            number an element; see `Likelihood.decoder_shape`. One of the networks may be a subclass
            without a fixed shape, which is then the other one's.
        prior: p(z), or p(z|u) of y["u"]; see `models.priors`. N(0, I) by default.
        likelihood: p(x|z) of the decoder's output; see `models.likelihoods`. `Bernoulli()` by
            default.
        regularizers: objects that add a term to the loss, such as `HausdorffSupport`.
        seed: of the sampling noise, which is drawn from (seed, step, replica): a restarted run
            draws the same, replicas draw different noise.

    Reference: Kingma and Welling, 2014; Rezende et al., 2014.
    """

    terms: ClassVar[tuple[str, ...]] = ("reconstruction", "kl")

    def __init__(
        self, encoder, decoder, *, prior=None, likelihood=None, regularizers=(), seed: int = 0
    ):
        super().__init__(regularizers=regularizers, seed=seed)
        self.encoder = encoder
        self.decoder = decoder
        self.likelihood = Bernoulli() if likelihood is None else likelihood
        _check_part("likelihood", self.likelihood, Likelihood)
        self.observation_shape, self.condition_shape, self.latents = shapes(
            encoder, decoder, self.likelihood
        )
        self.prior = standard(self.latents) if prior is None else prior
        _check_part("prior", self.prior, Prior)
        if self.prior.latents != self.latents:
            raise ValueError(
                f"expected a prior of {self.latents} latents, which is what the networks have, got "
                f"{self.prior.latents}"
            )
        self._is_standard = prior is None
        self.track()

    def get_config(self) -> dict:
        """Return the arguments of `__init__`, without a prior that was not given."""
        config = super().get_config()
        return {name: config[name] for name in config if name != "prior" or not self._is_standard}

    # The method.

    def objective(self, x, y, code: Code) -> tuple[tf.Tensor, dict[str, tf.Tensor]]:
        """Return the loss and its terms, scalars in nats.

        Args:
            x: images (batch, h, w, c), float32 in [0, 1].
            y: labels or None.
            code: what `call` made of `x`.
        """
        reconstruction = self.reconstruction(x, code)
        kl = self.kl(code, y)
        return reconstruction + kl, {"reconstruction": reconstruction, "kl": kl}

    def call(self, x, training: bool = False) -> Code:
        """Encode, sample once, decode."""
        return self.sample_and_decode(*self.infer(x, training=training), training=training)

    # What objectives are made of.

    def infer(self, x, training: bool = False) -> tuple[tf.Tensor, tf.Tensor]:
        """Return mean and logvar of q(z|x), in float32 whatever the encoder computes in."""
        kind = tf.as_dtype(named.observation(x).dtype)
        if kind.is_integer:
            raise TypeError(f"expected images of floats, got {kind.name}: encode takes uint8")
        mean, logvar = _moments(self.encoder(self.select(self.encoder, x), training=training))
        return tf.cast(mean, tf.float32), tf.cast(logvar, tf.float32)

    def sample_and_decode(self, mean, logvar, training: bool = False) -> Code:
        """Sample once from N(mean, exp(logvar)) and decode."""
        z = self.sample(mean, logvar)
        return Code(mean, logvar, z, self.decoder_output(z, training=training))

    def decoder_output(self, z, training: bool = False) -> tf.Tensor:
        """Return the parameters of p(x|z), the decoder's output at z (batch, latents)."""
        return self.decoder(z, training=training)

    def sample(self, mean, logvar) -> tf.Tensor:
        """Return z = mean + exp(logvar / 2) * noise, noise ~ N(0, I)."""
        noise = tf.random.stateless_normal(tf.shape(mean), self.noise_key(), alg="philox")
        return mean + tf.exp(logvar / 2) * noise

    def reconstruction(self, x, code: Code) -> tf.Tensor:
        """-log p(x|z), mean over the batch."""
        observation = tf.cast(named.observation(x), tf.float32)
        return -tf.reduce_mean(self.likelihood(code.output, x).log_prob(observation))

    def kl(self, code: Code, y=None) -> tf.Tensor:
        """KL(q(z|x) || p(z|u)), mean over the batch; u is y["u"] where the prior needs it."""
        key = self.noise_key(DIVERGENCE)
        divergence = self.prior.divergence(code.posterior, code.z, self.condition(y), key)
        return tf.reduce_mean(divergence)

    def condition(self, y) -> tf.Tensor | None:
        """Return what a prior is conditioned on, y["u"], or None."""
        return y.get("u") if isinstance(y, Mapping) else None

    @property
    def penalized(self) -> list:
        """The parts of the model whose `penalty` is added to the loss: regularizers, the prior."""
        return [*self.regularizers, self.prior]

    def _check_arrays(self, x) -> None:
        """Refuse arrays before the first step: a step that XLA compiles checks no values."""
        super()._check_arrays(x)
        observation = named.observation(x)
        if self.jit_compile and isinstance(observation, np.ndarray):
            self.likelihood.check(tf.constant(pixels.as_input(observation, full_range=True)))

    # What users ask of a trained model.

    def posterior(self, images) -> tfd.Distribution:
        """Return q(z|x) of images (batch, h, w, c), uint8 or float in [0, 1]."""
        return normal(*self.encode(images))

    def encode(self, images) -> tuple[tf.Tensor, tf.Tensor]:
        """Return mean and logvar (n, latents) of images (n, h, w, c), a batch at a time.

        Args:
            images: or other observations; {"x": ..., "u": ...} for an encoder that sees u.

        Raises:
            TypeError: for another type than uint8, bool or floats.
            ValueError: for another shape, or values that `pixels.as_input` refuses.
        """
        images = named.each(lambda part: part if tf.is_tensor(part) else np.asarray(part), images)
        x = named.observation(images)
        shape = (None, *self.observation_shape)
        if not tf.TensorShape(shape).is_compatible_with(x.shape):
            raise ValueError(f"expected images of shape {shape}, got {tuple(x.shape)}")
        if self.condition_shape is not None and not (isinstance(images, Mapping) and "u" in images):
            raise ValueError(
                'expected {"x": ..., "u": ...}, for the encoder sees the auxiliary variable u'
            )
        if tf.is_tensor(x) and not tf.executing_eagerly():
            return self.infer(self.as_input(images))
        array = np.asarray(x)
        if array.dtype == np.uint8:  # the rule refuses arrays of 0 and 1 alone
            pixels.as_input(array.max(initial=0))

        def network_input(part):
            # Tensors of floats stay tensors, so that gradients reach them.
            is_float = tf.is_tensor(part) and part.dtype.is_floating
            unit = self.unit and part.shape[1:] == self.observation_shape
            array = pixels.as_input(np.asarray(part), unit=unit, full_range=True)
            part = tf.cast(part, tf.float32) if is_float else tf.constant(array)
            return self.likelihood.check(part) if part.shape[1:] == self.observation_shape else part

        return in_batches(lambda batch: self.infer(named.each(network_input, batch)), images)

    def decode(self, codes, x=None) -> tfd.Distribution:
        """Return p(x|z) of codes (n, latents); its `.mean()` is the picture to show.

        Args:
            codes: (n, latents).
            x: what is observed beside the codes, for likelihoods that read it (a library size).
        """
        codes = tf.cast(codes, tf.float32)
        if codes.shape.rank != 2 or codes.shape[-1] != self.latents:
            raise ValueError(f"expected codes of shape (batch, {self.latents}), got {codes.shape}")
        if not tf.executing_eagerly():
            return self.likelihood(self.decoder_output(codes), x)
        (output,) = in_batches(lambda part: (self.decoder_output(part),), codes)
        return self.likelihood(output, x)

    def reconstruct(self, images) -> tf.Tensor:
        """Return E[x|z = mean(x)] (n, h, w, c) of images, float32: what the codes keep of them."""
        x = images if self.likelihood.reads_x else None
        return self.decode(self.encode(images)[0], x).mean()

    @property
    def unit(self) -> bool:
        """Whether images must lie in [0, 1]."""
        return self.likelihood.unit

    def as_input(self, x) -> Any:
        """Return a batch as networks see it; refuse what the likelihood does not have."""
        x = super().as_input(x)
        if not isinstance(x, Mapping):
            return self.likelihood.check(x)
        return {**x, "x": self.likelihood.check(x["x"])}

    @property
    def batch_shape(self) -> Any:
        """The shape of what `call` takes, or shapes by name."""
        x = (None, *self.observation_shape)
        if self.condition_shape is None:
            return x
        return {"x": x, "u": (None, *self.condition_shape)}


def _moments(outputs) -> tuple:
    """Return mean and logvar of what an encoder gives, tensors or shapes."""
    if isinstance(outputs, dict):
        if not {"mean", "logvar"} <= {*outputs}:
            raise ValueError(f"expected an encoder with outputs mean and logvar, got {[*outputs]}")
        return outputs["mean"], outputs["logvar"]
    if not isinstance(outputs, list | tuple) or len(outputs) < 2:
        raise ValueError("expected an encoder with outputs mean and logvar, got one output")
    return outputs[0], outputs[1]


def _check_part(name: str, part: Any, kind: type) -> None:
    """Refuse a class in place of its object, and functions, which cannot be saved."""
    if not isinstance(part, kind):
        given = part.__name__ if isinstance(part, type) else type(part).__name__
        raise TypeError(f"expected a {kind.__name__} of models as {name}, got {given}")


def shapes(
    encoder, decoder, likelihood: Likelihood
) -> tuple[tuple[int, ...], tuple[int, ...] | None, int]:
    """Return the shapes of an observation and of u, or None, and the length of a code.

    Checks that encoder and decoder agree on the code, and that the decoder gives the numbers that
    the likelihood takes for an observation.
    """
    for name, network in (("encoder", encoder), ("decoder", decoder)):
        if not isinstance(network, keras.layers.Layer):
            raise TypeError(f"expected a Keras model for the {name}, got {type(network).__name__}")
    inputs = input_shapes(encoder)
    u = inputs.get("u")
    images = inputs.get("x") or _fixed(encoder, "input_shape")
    if images is None and (output := _fixed(decoder, "output_shape")):
        images = (*output[:-1], output[-1] // likelihood.parameters)
    if images is None:
        raise ValueError(
            "expected an encoder or a decoder of known shapes, got two without: wrap one of them, "
            "encoder = keras.Model(images, encoder(images)) with images = keras.Input(image_shape)"
        )
    encoder_input = images if u is None else {"x": images, "u": u}
    mean, logvar = (tuple(part.shape) for part in _moments(_symbolic(encoder, encoder_input)))
    codes = _fixed(decoder, "input_shape") or mean
    if not mean == logvar == codes or len(codes) != 2:
        raise ValueError(
            "expected an encoder with outputs mean and logvar of the decoder's input shape, got "
            f"{mean} and {logvar} for {codes}"
        )
    output = tuple(_symbolic(decoder, codes).shape)
    wanted = (None, *likelihood.decoder_shape(images[1:]))
    if output != wanted:
        many = likelihood.parameters
        remedy = f": {type(likelihood).__name__} takes {many} numbers an element" * (many > 1)
        raise ValueError(
            f"expected a decoder of images {images} with output {wanted}, got {output}{remedy}"
        )
    return images[1:], None if u is None else u[1:], codes[-1]


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
        return network(named.each(lambda one: keras.KerasTensor(one, dtype="float32"), shape))
    except Exception as error:
        raise ValueError(
            f"could not call {network.name} on an input of shape {shape}: {error}; wrap it as "
            "keras.Model(inputs, network(inputs)) with inputs = keras.Input(...)"
        ) from error
