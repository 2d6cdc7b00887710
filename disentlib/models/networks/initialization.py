"""Data-dependent initialisation (Salimans and Kingma, 2016): pre-activations of unit scale."""

import keras
import tensorflow as tf


def standardize_activations(network: keras.Model, x) -> None:
    """Scale each dense or convolutional layer so that its outputs have mean 0 and variance 1.

    Layers are taken in order, so that each sees what the scaled ones before it give. Means and
    variances are those of each unit or channel before the activation; constant ones keep their
    scale.

    Args:
        network: a functional model whose layers have kernels and biases.
        x: a batch of its inputs.

    Raises:
        ValueError: if the network is no functional model, or none of its layers has kernel and
            bias.

    Reference: Salimans and Kingma, "Weight normalization", NeurIPS 2016, section 3.
    """
    scaled = [layer for layer in getattr(network, "layers", ()) if _has_kernel(layer)]
    if not scaled or not getattr(network, "inputs", None):
        raise ValueError(
            f"expected {network.name} to be a functional model with kernels and biases to scale"
        )
    for layer in scaled:
        activation, layer.activation = layer.activation, keras.activations.linear
        output = keras.Model(network.input, layer.output)(x)
        layer.activation = activation
        axes = [*range(len(output.shape) - 1)]
        mean, variance = tf.nn.moments(tf.cast(output, tf.float32), axes)
        scale = tf.where(variance > 0, tf.math.rsqrt(variance), 1.0)
        units_last = not isinstance(layer, keras.layers.Conv2DTranspose)
        layer.kernel.assign(layer.kernel * (scale if units_last else scale[:, None]))
        layer.bias.assign((layer.bias - mean) * scale)


def _has_kernel(layer) -> bool:
    kinds = (keras.layers.Dense, keras.layers.Conv2D, keras.layers.Conv2DTranspose)
    return isinstance(layer, kinds) and layer.bias is not None
