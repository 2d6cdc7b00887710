"""Networks of the study (Locatello et al., 2019, table 1): functions from a shape to a Keras model.

Encoders map images to `(mean, logvar)`, decoders map codes to the likelihood's parameters (logits
for Bernoulli). No normalisation layers; Glorot-uniform weights, zero biases; names are fixed so
that the same call gives the same configuration in every process.
"""

from collections.abc import Sequence

import keras
from keras import layers


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
    return keras.Model(images, _heads(x, latents), name="conv_encoder")


def deconv_decoder(image_shape: Sequence[int], *, latents: int = 10) -> keras.Model:
    """Two dense layers (256, 1024 for 64x64), four strided transposed convolutions.

    Args:
        image_shape: (height, width, channels); height and width multiples of 16.
        latents: the length of a code.

    Returns:
        A model (batch, latents) -> (batch, h, w, c), without a last activation.
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
    output = layers.Conv2DTranspose(channels, 4, strides=2, padding="same", name="output")(x)
    return keras.Model(codes, output, name="deconv_decoder")


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
    return keras.Model(images, _heads(x, latents), name="fc_encoder")


def fc_decoder(image_shape: Sequence[int], *, latents: int = 10, units: int = 1200) -> keras.Model:
    """Three dense layers of 1200 (`units`) with tanh, one to the pixels.

    Args:
        image_shape: the shape of one image (or any array).
        latents: the length of a code.
        units: of each layer between.

    Returns:
        A model (batch, latents) -> (batch, *image_shape), without a last activation.
    """
    codes = layers.Input((latents,), name="codes")
    x = codes
    for number in (1, 2, 3):
        x = layers.Dense(units, activation="tanh", name=f"dense_{number}")(x)
    return keras.Model(codes, _pixels(x, image_shape), name="fc_decoder")


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


def linear_encoder(image_shape: Sequence[int], *, latents: int = 10) -> keras.Model:
    """Two linear heads on the pixels: for tests and for linear data."""
    images = layers.Input(image_shape, name="images")
    return keras.Model(
        images, _heads(layers.Flatten(name="flatten")(images), latents), name="linear_encoder"
    )


def linear_decoder(image_shape: Sequence[int], *, latents: int = 10) -> keras.Model:
    """One linear layer to the pixels: for tests and for linear data."""
    codes = layers.Input((latents,), name="codes")
    return keras.Model(codes, _pixels(codes, image_shape), name="linear_decoder")


def _heads(x, latents: int) -> list:
    # In float32 under every precision policy: codes are not rounded to 8 bits.
    return [layers.Dense(latents, name=name, dtype="float32")(x) for name in ("mean", "logvar")]


def _pixels(x, image_shape: Sequence[int]):
    size = 1
    for length in image_shape:
        size *= length
    return layers.Reshape(tuple(image_shape), name="reshape")(layers.Dense(size, name="output")(x))


def _check_strided(image_shape: Sequence[int]) -> None:
    if len(image_shape) != 3 or image_shape[0] % 16 or image_shape[1] % 16:
        raise ValueError(
            "expected image_shape (height, width, channels) with height and width multiples of 16, "
            f"got {tuple(image_shape)}"
        )
