"""Fully connected networks of the study (Locatello et al., 2019, table 1) and of FactorVAE.

No normalisation layers; Glorot-uniform weights, zero biases; names are fixed so that the same call
gives the same configuration in every process.
"""

from collections.abc import Sequence

import keras
from keras import layers

from disentlib.models.networks.heads import elements, mean_and_logvar


def fc_encoder(image_shape: Sequence[int], *, latents: int = 10, units: int = 1200) -> keras.Model:
    """Two dense layers of 1200 (`units`), two heads.

    Args:
        image_shape: the shape of one image (or any array).
        latents: the length of a code.
        units: of each layer between.

    Returns:
        A model (batch, *image_shape) -> mean, logvar, each (batch, latents).
    """
    images = layers.Input(image_shape, name="images")
    x = layers.Flatten(name="flatten")(images)
    x = layers.Dense(units, activation="relu", name="dense_1")(x)
    x = layers.Dense(units, activation="relu", name="dense_2")(x)
    return keras.Model(images, mean_and_logvar(x, latents), name="fc_encoder")


def fc_decoder(
    image_shape: Sequence[int], *, latents: int = 10, units: int = 1200, parameters: int = 1
) -> keras.Model:
    """Three dense layers of 1200 (`units`) with tanh, one to the pixels.

    Args:
        image_shape: the shape of one image (or any array).
        latents: the length of a code.
        units: of each layer between.
        parameters: how many numbers the likelihood takes for each element of an observation; see
            `Likelihood.decoder_shape`.

    Returns:
        A model (batch, latents) -> (batch, *image_shape), the last axis times `parameters`, without
        a last activation.
    """
    codes = layers.Input((latents,), name="codes")
    x = codes
    for number in (1, 2, 3):
        x = layers.Dense(units, activation="tanh", name=f"dense_{number}")(x)
    return keras.Model(codes, elements(x, image_shape, parameters), name="fc_decoder")


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
