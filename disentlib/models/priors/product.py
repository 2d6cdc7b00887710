"""Independent latents of any one-dimensional distribution."""

from collections.abc import Mapping, Sequence
from typing import Any

import tensorflow as tf
from tensorflow_probability import distributions as tfd

from disentlib.models.configuration import SignatureConfig, serializable
from disentlib.models.priors.prior import Prior


@serializable
class Univariate(SignatureConfig):
    """A one-dimensional distribution of TensorFlow Probability, by name.

    Args:
        name: such as "Normal", "Laplace", "StudentT" or "Uniform".
        parameters: its arguments, numbers.

    Raises:
        ValueError: if there is no such distribution, or it refuses the parameters.

    >>> float(Univariate("Laplace", {"loc": 0.0, "scale": 1.0})().log_prob(0.0))
    -0.693...
    """

    def __init__(self, name: str, parameters: Mapping[str, float]):
        self.name = name
        self.parameters = {key: float(value) for key, value in parameters.items()}
        family = getattr(tfd, name, None)
        if not (isinstance(family, type) and issubclass(family, tfd.Distribution)):
            raise ValueError(
                f"expected a distribution of TensorFlow Probability, as 'Laplace', got {name!r}"
            )
        try:
            distribution = self()
        except TypeError as error:
            raise ValueError(
                f"expected parameters of {name}, got {dict(parameters)}: {error}"
            ) from None
        if distribution.event_shape.rank or distribution.batch_shape.rank:
            raise ValueError(f"expected a one-dimensional distribution, got {name}")

    def __call__(self) -> tfd.Distribution:
        """Return the distribution of a number."""
        return getattr(tfd, self.name)(**self.parameters)


@serializable
class Mixture(SignatureConfig):
    """A mixture of one-dimensional distributions of one family.

    Args:
        parts: of the same family and with the same parameters' names.
        weights: positive, one a part; normalised. All alike by default.
    """

    def __init__(self, parts: Sequence[Univariate], *, weights: Sequence[float] | None = None):
        self.parts = list(parts)
        if not self.parts:
            raise ValueError("expected at least one part, got none")
        kinds = {(part.name, tuple(sorted(part.parameters))) for part in self.parts}
        if len(kinds) != 1:
            raise ValueError(f"expected parts of one family, got {sorted(kinds)}")
        self.weights = [1.0] * len(self.parts) if weights is None else [float(w) for w in weights]
        if len(self.weights) != len(self.parts) or not all(w > 0 for w in self.weights):
            raise ValueError(f"expected {len(self.parts)} positive weights, got {weights}")

    def __call__(self) -> tfd.Distribution:
        """Return the distribution of a number."""
        parameters: dict[str, Any] = {
            key: tf.constant([part.parameters[key] for part in self.parts])
            for key in self.parts[0].parameters
        }
        return tfd.MixtureSameFamily(
            tfd.Categorical(logits=tf.math.log(tf.constant(self.weights))),
            getattr(tfd, self.parts[0].name)(**parameters),
        )


@serializable
class Product(Prior):
    """p(z) = prod_l p_l(z_l), fixed, each p_l any one-dimensional distribution.

    Such a prior distinguishes factors that are not normal from their rotations; N(0, I) does not.

    Args:
        marginals: `Univariate`s or `Mixture`s, one a latent.

    >>> prior = bimodal(latents=2)
    >>> prior.latents
    2
    """

    def __init__(self, marginals: Sequence[Univariate | Mixture]):
        super().__init__(len(marginals))
        self.marginals = list(marginals)

    def distribution(self, condition=None) -> tfd.Distribution:
        """Return the product."""
        return tfd.Blockwise([marginal() for marginal in self.marginals])

    def latent_log_prob(self, z, condition=None) -> tf.Tensor:
        """Return log p_l(z_l)."""
        parts = zip(self.marginals, tf.unstack(z, axis=-1), strict=True)
        return tf.stack([marginal().log_prob(part) for marginal, part in parts], axis=-1)


def bimodal(latents: int, *, mean: float = 1.0, scale: float = 0.25) -> Product:
    """Return the product of 1/2 N(mean, scale^2) + 1/2 N(-mean, scale^2) in every latent."""
    sides = [Univariate("Normal", {"loc": side, "scale": scale}) for side in (mean, -mean)]
    return Product([Mixture(sides)] * latents)
