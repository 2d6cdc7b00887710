"""Fully connected networks of the study (Locatello et al., 2019, table 1) and of FactorVAE.

No normalisation layers; Glorot-uniform weights, zero biases; names are fixed so that the same call
gives the same configuration in every process.
"""

from collections.abc import Sequence

import keras
from keras import layers

from disentlib.models.networks.heads import elements, mean_and_logvar


def fc_encoder(
    image_shape: Sequence[int], *, latents: int = 10, units: int | Sequence[int] = 1200
) -> keras.Model:
    """Two dense layers of 1200 with ReLU, two heads.

    Args:
        image_shape: the shape of one image (or any array).
        latents: the length of a code.
        units: of the two layers, or those of each of any number; (500, 500, 2000) in VaDE.

    Returns:
        A model (batch, *image_shape) -> mean, logvar, each (batch, latents).
    """
    images = layers.Input(image_shape, name="images")
    x = layers.Flatten(name="flatten")(images)
    x = _dense_layers(x, (units, units) if isinstance(units, int) else units, "relu")
    return keras.Model(images, mean_and_logvar(x, latents), name="fc_encoder")


def fc_decoder(
    image_shape: Sequence[int],
    *,
    latents: int = 10,
    units: int | Sequence[int] = 1200,
    activation: str = "tanh",
    parameters: int = 1,
) -> keras.Model:
    """Three dense layers of 1200 with tanh, one to the pixels.

    Args:
        image_shape: the shape of one image (or any array).
        latents: the length of a code.
        units: of the three layers, or those of each of any number; (2000, 500, 500) in VaDE.
        activation: "tanh", or another name that Keras knows; "relu" in VaDE.
        parameters: how many numbers the likelihood takes for each element of an observation; see
            `Likelihood.decoder_shape`.

    Returns:
        A model (batch, latents) -> (batch, *image_shape), the last axis times `parameters`, without
        a last activation.
    """
    codes = layers.Input((latents,), name="codes")
    x = _dense_layers(codes, (units,) * 3 if isinstance(units, int) else units, activation)
    return keras.Model(codes, elements(x, image_shape, parameters), name="fc_decoder")


def _dense_layers(x, units: Sequence[int], activation: str):
    for number, width in enumerate(units, 1):
        x = layers.Dense(width, activation=activation, name=f"dense_{number}")(x)
    return x


def fc_discriminator(*, latents: int = 10, units: int = 1000) -> keras.Model:
    """Six dense layers of 1000 (`units`) with leaky ReLU of slope 0.2, two logits (FactorVAE).

    Args:
        latents: the length of a code.
        units: of each layer between.

    Returns:
        A model (batch, latents) -> (batch, 2): column 0 stands for q(z), column 1 for the product
        of its marginals.
    """
    codes = layers.Input((latents,), name="codes")
    x = codes
    for number in range(1, 7):
        x = layers.Dense(units, name=f"dense_{number}")(x)
        x = layers.LeakyReLU(negative_slope=0.2, name=f"leaky_{number}")(x)
    return keras.Model(codes, layers.Dense(2, name="logits")(x), name="fc_discriminator")
