"""Ladder networks: each facet of a code branches off at a depth of its own (Zhao et al., 2017)."""

from collections.abc import Sequence

import keras
from keras import layers

from disentlib.models.configuration import SignatureConfig, serializable
from disentlib.models.networks.heads import elements, mean_and_logvar

LatentsOfFacets = Sequence[int | tuple[int, int]]


def ladder_encoder(
    shape: int | Sequence[int],
    *,
    facets: LatentsOfFacets = (5, 5),
    latents: int | None = None,
    units: Sequence[int] = (500, 2000),
    activation="relu",
) -> keras.Model:
    """A dense layer a facet, each on the one before; a facet's two heads are on its layer.

    With h_0 = x: h_j = activation(dense_j(h_{j-1})), and mean_j and logvar_j are linear in h_j. A
    deeper facet is a more abstract function of x.

    Args:
        shape: the shape of one observation, or its length.
        facets: the latents of each facet, the shallowest first; or (latents, clusters) of each, as
            `MFCVAE` takes them.
        latents: the length of the whole code, to be checked.
        units: of the dense layers, one a facet.
        activation: a name or function that Keras knows.

    Returns:
        A model (batch, *shape) -> mean, logvar, each (batch, latents): those of the facets, one
        after another.

    Raises:
        TypeError: if facets are no sequence.
        ValueError: if facets, latents and units do not go together.

    Reference: Zhao, Song and Ermon, "Learning hierarchical features from deep generative models",
    ICML 2017; as used by Falck et al., "Multi-facet clustering variational autoencoders", NeurIPS
    2021.
    """
    sizes = _sizes(facets, latents, units)
    x = layers.Input((shape,) if isinstance(shape, int) else tuple(shape), name="x")
    heads, hidden = [], layers.Flatten(name="flatten")(x)
    for number, (size, width) in enumerate(zip(sizes, units, strict=True), 1):
        hidden = layers.Dense(width, activation=activation, name=f"dense_{number}")(hidden)
        heads.append(mean_and_logvar(hidden, size, facet=number))
    moments = [
        layers.Concatenate(name=name, dtype="float32")(parts)
        for name, parts in zip(("mean", "logvar"), zip(*heads, strict=True), strict=True)
    ]
    return keras.Model(x, moments, name="ladder_encoder")


def ladder_decoder(
    shape: int | Sequence[int],
    *,
    facets: LatentsOfFacets = (5, 5),
    latents: int | None = None,
    units: Sequence[int] = (500, 2000),
    activation="relu",
    parameters: int = 1,
) -> keras.Model:
    """The encoder's mirror: the deepest facet first, the others join one after another.

    With r_j = activation(rung_j(z_j)): h_J = r_J, h_j = activation(dense_j([r_j, h_{j+1}])), and
    the output is linear in h_1.

    Args:
        shape: the shape of one observation, or its length.
        facets: as in `ladder_encoder`.
        latents: the length of the whole code, to be checked.
        units: of rung_j and dense_j, one a facet.
        activation: a name or function that Keras knows.
        parameters: how many numbers the likelihood takes for each element of an observation; see
            `Likelihood.decoder_shape`.

    Returns:
        A model (batch, latents) -> (batch, *shape), the last axis times `parameters`, without a
        last activation.

    Raises:
        TypeError: if facets are no sequence.
        ValueError: if facets, latents and units do not go together.

    Reference: see `ladder_encoder`.
    """
    sizes = _sizes(facets, latents, units)
    codes = layers.Input((sum(sizes),), name="codes")
    hidden = None
    for number in range(len(sizes), 0, -1):
        start, width = sum(sizes[: number - 1]), units[number - 1]
        facet = Slice(start, start + sizes[number - 1], name=f"facet_{number}")(codes)
        rung = layers.Dense(width, activation=activation, name=f"rung_{number}")(facet)
        if hidden is None:
            hidden = rung
            continue
        joined = layers.Concatenate(name=f"join_{number}")([rung, hidden])
        hidden = layers.Dense(width, activation=activation, name=f"dense_{number}")(joined)
    shape = (shape,) if isinstance(shape, int) else tuple(shape)
    return keras.Model(codes, elements(hidden, shape, parameters), name="ladder_decoder")


def rungs(network) -> list[int] | None:
    """Return the latents of each facet of a ladder network; None for other networks."""
    parts = {layer.name: layer for layer in getattr(network, "layers", ())}
    heads = [name for name in parts if name.startswith("mean_") and name[5:].isdigit()]
    if heads:
        return [parts[name].units for name in sorted(heads, key=lambda name: int(name[5:]))]
    slices = [layer for layer in parts.values() if isinstance(layer, Slice)]
    ordered = sorted(slices, key=lambda layer: layer.start)
    return [layer.stop - layer.start for layer in ordered] or None


@serializable
class Slice(SignatureConfig, layers.Layer):
    """The latents from `start` to before `stop`: (batch, latents) -> (batch, stop - start)."""

    def __init__(self, start: int, stop: int, *, name: str | None = None):
        super().__init__(name=name, dtype="float32")  # the layer behind it computes in the policy's
        self.start, self.stop = start, stop

    def call(self, codes):
        """Return those columns."""
        return codes[:, self.start : self.stop]


def _sizes(facets: LatentsOfFacets, latents: int | None, units: Sequence[int]) -> list[int]:
    """Return the latents of each facet, after checks."""
    if not isinstance(facets, Sequence) or isinstance(facets, str):
        raise TypeError(f"expected facets as a sequence, an entry a facet, got {facets!r}")
    sizes = [facet if isinstance(facet, int) else facet[0] for facet in facets]
    if not sizes or min(sizes) < 1:
        raise ValueError(f"expected facets of at least one latent each, got {facets}")
    if latents not in (None, sum(sizes)):
        raise ValueError(
            f"expected facets whose latents add up to latents={latents}, got "
            f"{' + '.join(map(str, sizes))} = {sum(sizes)}"
        )
    if len(units) != len(sizes) or min(units) < 1:
        raise ValueError(
            f"expected {len(sizes)} units of at least 1, one a facet, got {tuple(units)}"
        )
    return sizes
