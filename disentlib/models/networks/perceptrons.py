"""Multilayer perceptrons for vectors, as identifiable VAEs use them (Khemakhem et al., 2020)."""

import math
from collections.abc import Sequence

import keras
from keras import layers


@keras.saving.register_keras_serializable("disentlib")
def xtanh(x):
    """Return tanh(x) + x / 10: a tanh that does not saturate."""
    return keras.ops.tanh(x) + 0.1 * x


def mlp(
    inputs: int,
    outputs: int,
    *,
    hidden_layers: int = 2,
    units: int = 100,
    activation="xtanh",
    name: str = "mlp",
) -> keras.Model:
    """Return a perceptron with the activation between its layers, not after the last.

    Args:
        inputs: length of its input.
        outputs: length of its output.
        hidden_layers: between the two; 0 is a linear map.
        units: of each hidden layer.
        activation: "xtanh", or a name or function that Keras knows.
        name: of the model.

    Returns:
        A model (batch, inputs) -> (batch, outputs). Weights and biases are drawn uniformly from
        +-1 / sqrt(fan-in), as published.
    """
    x = layers.Input((inputs,), name="x")
    return keras.Model(
        x, _perceptron(x, outputs, hidden_layers, units, activation, name), name=name
    )


def table(condition: int, outputs: int, *, name: str = "table") -> keras.Model:
    """Return one learned row a class: one-hot (batch, condition) -> (batch, outputs), from 0."""
    u = layers.Input((condition,), name="u")
    row = layers.Dense(outputs, use_bias=False, kernel_initializer="zeros", name=f"{name}_rows")(u)
    return keras.Model(u, row, name=name)


def mlp_encoder(
    shape: int | Sequence[int],
    *,
    latents: int = 10,
    condition: int | None = None,
    hidden_layers: int = 2,
    units: int = 100,
    activation="xtanh",
    log1p: bool = False,
) -> keras.Model:
    """Return two perceptrons, of the mean and of the log-variance.

    Args:
        shape: the shape of one observation, or its length.
        latents: the length of a code.
        condition: the length of an auxiliary variable u that the encoder sees beside x.
        hidden_layers: of each perceptron.
        units: of each hidden layer.
        activation: "xtanh", or a name or function that Keras knows.
        log1p: whether the perceptrons see log(1 + x), as is usual for counts.

    Returns:
        A model (batch, *shape) -> mean, logvar, each (batch, latents); with a condition its input
        is {"x": (batch, *shape), "u": (batch, condition)}.
    """
    x = layers.Input(_shape(shape), name="x")
    inputs, features = x, layers.Flatten(name="flatten")(x)
    if log1p:
        features = keras.ops.log1p(features)
    if condition is not None:
        u = layers.Input((condition,), name="u")
        features = layers.Concatenate(name="x_and_u")([features, u])
        inputs = {"x": x, "u": u}
    heads = [
        layers.Activation("linear", dtype="float32", name=name)(
            _perceptron(features, latents, hidden_layers, units, activation, name + "_of")
        )
        for name in ("mean", "logvar")
    ]
    return keras.Model(inputs, heads, name="mlp_encoder")


def mlp_decoder(
    shape: int | Sequence[int],
    *,
    latents: int = 10,
    hidden_layers: int = 2,
    units: int = 100,
    activation="xtanh",
    parameters: int = 1,
) -> keras.Model:
    """Return a perceptron from codes to the likelihood's parameters, without a last activation.

    Args:
        shape: the shape of one observation, or its length.
        latents: the length of a code.
        hidden_layers: between the two.
        units: of each hidden layer.
        activation: "xtanh", or a name or function that Keras knows.
        parameters: how many numbers the likelihood takes for each element of an observation; see
            `Likelihood.decoder_shape`.
    """
    *axes, last = _shape(shape)
    shape = (*axes, last * parameters)
    codes = layers.Input((latents,), name="codes")
    x = _perceptron(codes, math.prod(shape), hidden_layers, units, activation, "output")
    return keras.Model(codes, layers.Reshape(shape, name="reshape")(x), name="mlp_decoder")


def _perceptron(x, outputs: int, hidden_layers: int, units: int, activation, name: str):
    if hidden_layers < 0 or units < 1:
        raise ValueError(
            f"expected hidden_layers of at least 0 and units of at least 1, got {hidden_layers} "
            f"and {units}"
        )
    activation = xtanh if activation == "xtanh" else activation
    for number in range(1, hidden_layers + 1):
        x = _dense(x, units, name=f"{name}_hidden_{number}")
        x = layers.Activation(activation, name=f"{name}_activation_{number}")(x)
    return _dense(x, outputs, name=name)


def _dense(x, units: int, *, name: str):
    bound = 1 / math.sqrt(x.shape[-1])
    return layers.Dense(
        units,
        kernel_initializer=keras.initializers.RandomUniform(-bound, bound),
        bias_initializer=keras.initializers.RandomUniform(-bound, bound),
        name=name,
    )(x)


def _shape(shape: int | Sequence[int]) -> tuple[int, ...]:
    return (shape,) if isinstance(shape, int) else tuple(shape)
