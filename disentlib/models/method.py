"""What every method shares: terms and how they are logged, noise, steps, the contract with Keras.

A method says what it makes of a batch (`call`), what it minimises (`objective`) and what it makes
of observations once trained (`encode`). The default Keras training step does the rest.
"""

import abc
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import keras
import numpy as np
import tensorflow as tf

from disentlib import named, pixels
from disentlib.models import checks
from disentlib.models.configuration import SignatureConfig
from disentlib.models.stages import Stage

BATCH = 256  # rows that are encoded or decoded at once, when users hand over more


class Method(SignatureConfig, keras.Model, abc.ABC):
    """A model with an objective of named terms, trained by `fit` on batches x or (x, y).

    What a network sees is x, what only the loss sees is y; each is an array or a dictionary of
    arrays by name. Terms are logged raw, without weights, means over the batch. All state beside
    the gradient (averages, controllers) is variables, so that a killed run goes on bit for bit.

    Images are given as uint8 or as floats, and read by the one rule for pixels (`pixels.as_input`)
    in `fit` and everywhere else.

    Args:
        regularizers: objects that add a term to the loss, such as `HausdorffSupport`.
        seed: of the noise, which is drawn from (seed, step, replica): a restarted run draws the
            same, replicas draw different noise.
    """

    #: How many steps an update counts for.
    steps_per_update: int = 1

    #: The names that `objective` gives to its terms, as logged.
    terms: ClassVar[tuple[str, ...]] = ()

    def __init__(self, *, regularizers=(), seed: int = 0):
        super().__init__()
        self.regularizers = list(regularizers)
        self.seed = seed
        self.built = True  # networks come built

    # The method.

    @abc.abstractmethod
    def call(self, x, training: bool = False):
        """Return a NamedTuple of what the networks make of a batch."""

    @abc.abstractmethod
    def objective(self, x, y, output) -> tuple[tf.Tensor, dict[str, tf.Tensor]]:
        """Return the loss and its terms, scalars in nats.

        Args:
            x: what networks see (batch, ...), float32, or a dictionary of such arrays.
            y: what only the loss sees, or None.
            output: what `call` made of x.
        """

    @abc.abstractmethod
    def encode(self, x) -> tf.Tensor | tuple[tf.Tensor, tf.Tensor]:
        """Return codes (n, latents), or mean and logvar of their distribution."""

    def after_update(self) -> None:
        """Move what follows the weights, such as averages of them: variables, after each update."""

    @property
    @abc.abstractmethod
    def batch_shape(self) -> Any:
        """The shape (None, ...) of what `call` takes, or a dictionary of shapes by name."""

    @property
    def unit(self) -> bool:
        """Whether observations must lie in [0, 1]."""
        return False

    # What objectives are made of.

    def noise_key(self, stream: int = 0) -> tf.Tensor:
        """Return a key for `tf.random.stateless_*` that depends on (seed, stream, step, replica).

        Nothing hidden has to be saved for a restarted run to draw the same numbers.

        Args:
            stream: a number of its own for each draw of a step.
        """
        key = tf.random.experimental.stateless_fold_in(tf.stack([self.seed, stream]), self.step)
        context = tf.distribute.get_replica_context()
        if context is not None and context.num_replicas_in_sync > 1:
            key = tf.random.experimental.stateless_fold_in(key, context.replica_id_in_sync_group)
        return key

    @property
    def step(self) -> tf.Tensor:
        """The number of steps made; schedules and noise read it, so both survive restarts."""
        optimizer = getattr(self, "optimizer", None)
        if optimizer is None:
            return tf.zeros((), tf.int64)
        # `iterations` counts updates; the variable behind it, the first, counts batches.
        batches = tf.cast(tf.convert_to_tensor(optimizer.variables[0]), tf.int64)
        return batches * self.steps_per_update

    def select(self, network, x) -> Any:
        """Return what a network takes of a batch: its inputs by name, or the observation alone."""
        if not isinstance(x, Mapping):
            return x
        names = input_shapes(network)
        return {name: x[name] for name in names} if len(names) > 1 else named.observation(x)

    @property
    def stages(self) -> tuple[Stage, ...]:
        """The parts of a run in order, the first from step 0; see `Stage`. One for most methods."""
        return (Stage("training"),)

    # Terms.

    @property
    def penalized(self) -> list:
        """The parts of the model whose `penalty` is added to the loss, with its `terms`."""
        return self.regularizers

    @property
    def term_names(self) -> list[str]:
        """The logged terms: the method's, then those of the penalties."""
        return [*self.terms, *(name for part in self.penalized for name in part.terms)]

    def track(self) -> None:
        """Make the means that are logged; called when all parts are in place."""
        for part in self.penalized:
            part.clock = lambda: self.step
        self._trackers = {name: keras.metrics.Mean(name=name) for name in self.term_names}

    def regularized_objective(self, x, y, output) -> tuple[tf.Tensor, dict[str, tf.Tensor]]:
        """Return the objective plus all penalties, and the terms of both."""
        loss, terms = self.objective(x, y, output)
        for number, part in enumerate(self.penalized, 1):
            if part.terms:
                penalty, raw = part.penalty(output, y, step=self.step, key=self.noise_key(number))
                loss, terms = loss + penalty, terms | raw
        if list(terms) != self.term_names:
            raise ValueError(
                f"{type(self).__name__}.objective must return the terms {self.term_names}, "
                f"got {list(terms)}"
            )
        return loss, terms

    def log(self, x, terms: dict[str, tf.Tensor]) -> None:
        """Add the terms of a batch to the means that Keras reports."""
        count = tf.shape(named.observation(x))[0]
        for name, value in terms.items():
            self._trackers[name].update_state(value, sample_weight=count)

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
                "and choose the likelihood (likelihoods.Gaussian() for squared errors) and the "
                "weights of the objective when building it"
            )
        super().compile(optimizer=optimizer, jit_compile=jit_compile, **options)
        networks = (self, *self.layers)
        layers = [layer for net in networks for layer in (net, *getattr(net, "layers", ()))]
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
        """Fit as Keras does, without shuffling by default: streams are random already."""
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
        logs = super().train_step(self.batch(data))
        self.after_update()
        return logs

    def test_step(self, data):
        """Take Keras's step on a batch as networks see it."""
        return super().test_step(self.batch(data))

    def predict_step(self, data):
        """Take Keras's step on a batch as networks see it."""
        return super().predict_step(self.batch(data))

    def batch(self, data) -> tuple[Any, Any]:
        """Return x as networks see it and y of a batch as Keras hands it over."""
        x, y, sample_weight = keras.utils.unpack_x_y_sample_weight(data)
        _refuse_weights({"sample_weight": sample_weight})
        with checks.under_xla(self.jit_compile):
            return self.as_input(x), y

    def as_input(self, x) -> Any:
        """Return a batch as networks see it, by the rule for pixels; see `checks.as_input`."""
        if not isinstance(x, Mapping):
            return checks.as_input(x, unit=self.unit)
        return {
            name: checks.as_input(part, unit=self.unit and name == "x") for name, part in x.items()
        }

    def export(self, filepath, format="tf_saved_model", *, input_signature=None, **options):  # noqa: A002
        """Export as Keras does, right after building or loading, too."""
        if input_signature is None:
            input_signature = [
                named.each(
                    lambda shape: keras.InputSpec(shape=shape, dtype="float32"),
                    self.batch_shape,
                )
            ]
        return super().export(filepath, format, input_signature=input_signature, **options)

    @property
    def inputs(self) -> list:
        """What `call` takes, for converters such as TensorFlow Lite's."""
        shapes = self.batch_shape
        shapes = shapes if isinstance(shapes, Mapping) else {"images": shapes}
        return [
            keras.KerasTensor(shape, dtype="float32", name=name) for name, shape in shapes.items()
        ]

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        """Turn `objective` into what Keras minimises, and log its terms."""
        _refuse_weights({"sample_weight": sample_weight})
        with checks.under_xla(self.jit_compile):
            loss, terms = self.regularized_objective(x, y, y_pred)
        self.log(x, terms)
        return replica_share(loss)

    def compute_metrics(self, x, y, y_pred, sample_weight=None):
        """Show compiled metrics the labels and the first part of the output, the codes."""
        return super().compute_metrics(x, y, y_pred[0], sample_weight)

    @property
    def main_variables(self) -> list:
        """The variables that the compiled optimizer updates."""
        return self.trainable_variables

    @property
    def optimizers(self) -> list[keras.optimizers.Optimizer]:
        """The compiled optimizer and those of a method's own."""
        own = [one for one in vars(self).values() if isinstance(one, keras.optimizers.Optimizer)]
        return [*dict.fromkeys(own)]

    def _check_arrays(self, x) -> None:
        """Refuse arrays before the first step; datasets are checked batch by batch."""
        x = named.observation(x)
        if isinstance(x, np.ndarray):
            if x.dtype == np.uint8:
                x = x.max(initial=0)  # the rule refuses arrays of 0 and 1 alone
            pixels.as_input(x, unit=self.unit)


def replica_share(loss: tf.Tensor) -> tf.Tensor:
    """Return a replica's loss over the number of replicas, whose gradients Keras sums."""
    return loss / tf.distribute.get_strategy().num_replicas_in_sync


def input_shapes(network) -> dict[str, tuple]:
    """Return the shapes (None, ...) of a functional network's inputs by name; empty for others."""
    inputs = getattr(network, "inputs", None) or []
    return {tensor.name: tuple(tensor.shape) for tensor in inputs}


def in_batches(function: Callable[[Any], tuple], batch: Any) -> tuple[tf.Tensor, ...]:
    """Return function(batch), computed `BATCH` rows at a time to bound the memory."""
    count = named.length(batch)
    if count <= BATCH:
        return function(batch)
    parts = [
        function(named.rows(batch, slice(start, start + BATCH))) for start in range(0, count, BATCH)
    ]
    return tuple(tf.concat(part, axis=0) for part in zip(*parts, strict=True))


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
