"""Convolutional networks of the study (Locatello et al., 2019, table 1).

No normalisation layers; Glorot-uniform weights, zero biases; names are fixed so that the same call
gives the same configuration in every process.
"""

from collections.abc import Sequence

import keras
from keras import layers

from disentlib.models.networks.heads import mean_and_logvar


def conv_encoder(
    image_shape: Sequence[int], *, latents: int = 10, kernels: Sequence[int] = (4, 4, 2, 2)
) -> keras.Model:
    """Four strided convolutions (32, 32, 64, 64), a dense layer of 256, two heads.

    Args:
        image_shape: (height, width, channels); height and width multiples of 16.
        latents: the length of a code.
        kernels: the sizes of the four convolutions. The study has 2x2 in the last two; the
            original beta-VAE and FactorVAE have 4x4 in all.

    Returns:
        A model (batch, h, w, c) -> mean, logvar, each (batch, latents).
    """
    _check_strided(image_shape)
    images = layers.Input(image_shape, name="images")
    x = images
    for number, (filters, kernel) in enumerate(zip((32, 32, 64, 64), kernels, strict=True), 1):
        x = layers.Conv2D(
            filters, kernel, strides=2, padding="same", activation="relu", name=f"conv_{number}"
        )(x)
    x = layers.Flatten(name="flatten")(x)
    x = layers.Dense(256, activation="relu", name="dense")(x)
    return keras.Model(images, mean_and_logvar(x, latents), name="conv_encoder")


def deconv_decoder(
    image_shape: Sequence[int], *, latents: int = 10, parameters: int = 1
) -> keras.Model:
    """Two dense layers (256, 1024 for 64x64), four strided transposed convolutions.

    Args:
        image_shape: (height, width, channels); height and width multiples of 16.
        latents: the length of a code.
        parameters: how many numbers the likelihood takes for each element of an observation; see
            `Likelihood.decoder_shape`.

    Returns:
        A model (batch, latents) -> (batch, h, w, c * parameters), without a last activation.
    """
    _check_strided(image_shape)
    height, width, channels = image_shape
    codes = layers.Input((latents,), name="codes")
    x = layers.Dense(256, activation="relu", name="dense_1")(codes)
    x = layers.Dense(height // 16 * (width // 16) * 64, activation="relu", name="dense_2")(x)
    x = layers.Reshape((height // 16, width // 16, 64), name="reshape")(x)
    for number, filters in enumerate((64, 32, 32), 1):
        x = layers.Conv2DTranspose(
            filters, 4, strides=2, padding="same", activation="relu", name=f"deconv_{number}"
        )(x)
    output = layers.Conv2DTranspose(
        channels * parameters, 4, strides=2, padding="same", name="output"
    )(x)
    return keras.Model(codes, output, name="deconv_decoder")


def _check_strided(image_shape: Sequence[int]) -> None:
    if len(image_shape) != 3 or image_shape[0] % 16 or image_shape[1] % 16:
        raise ValueError(
            "expected image_shape (height, width, channels) with height and width multiples of 16, "
            f"got {tuple(image_shape)}"
        )
