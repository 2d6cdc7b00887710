"""The last layers that networks share."""

import math
from collections.abc import Sequence

from keras import layers


def mean_and_logvar(x, latents: int, *, facet: int | None = None) -> list:
    """Return an encoder's two heads, each (batch, latents), or those of one of its facets."""
    suffix = "" if facet is None else f"_{facet}"
    # In float32 under every precision policy: codes are not rounded to 8 bits.
    return [
        layers.Dense(latents, name=name + suffix, dtype="float32")(x) for name in ("mean", "logvar")
    ]


def elements(x, shape: Sequence[int], parameters: int = 1):
    """Return a dense layer to the elements of an observation, `parameters` numbers for each."""
    shape = (*shape[:-1], shape[-1] * parameters)
    dense = layers.Dense(math.prod(shape), name="output")(x)
    return layers.Reshape(shape, name="reshape")(dense)
