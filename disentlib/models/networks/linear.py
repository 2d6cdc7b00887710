"""Linear networks: for tests and for linear data."""

from collections.abc import Sequence

import keras
from keras import layers

from disentlib.models.networks.heads import elements, mean_and_logvar


def linear_encoder(image_shape: Sequence[int], *, latents: int = 10) -> keras.Model:
    """Two linear heads on the pixels."""
    images = layers.Input(image_shape, name="images")
    return keras.Model(
        images,
        mean_and_logvar(layers.Flatten(name="flatten")(images), latents),
        name="linear_encoder",
    )


def linear_decoder(
    image_shape: Sequence[int], *, latents: int = 10, parameters: int = 1
) -> keras.Model:
    """One linear layer to the pixels."""
    codes = layers.Input((latents,), name="codes")
    return keras.Model(codes, elements(codes, image_shape, parameters), name="linear_decoder")
