"""Sources in clusters, mixed by a network: data of identifiable clustering."""

import inspect
from typing import Any

import numpy as np
from numpy.typing import NDArray

from disentlib.data.sets.array_data import ArrayData
from disentlib.data.sets.nonstationary_sources import activation_function, mixed


class ClusteredSources(ArrayData):
    """x = f(s), s | c ~ N(m_c, diag L_c^2), c uniform: a mixture seen through a mixing network.

    Means are uniform within +-`mean_range`, log standard deviations uniform over the logarithms of
    `deviations`. The mixing has a fresh matrix in each layer, of columns of length 1 and a bounded
    condition number, and a leaky ReLU between layers; each observed variable is standardised.

    The factors of the set are the sources, real-valued; the condition is the cluster, one-hot,
    which models with an auxiliary variable may see and others leave out.

    Args:
        clusters: how many.
        sources: how many; `observed` is at least that.
        observed: how many variables are seen.
        samples: how many, each of a cluster drawn uniformly.
        layers: of the mixing network; 1 is a linear map.
        seed: of everything drawn.
        mean_range: of the clusters' means.
        deviations: the range of the standard deviations L_c.
        slope: of the leaky ReLU below 0.
        condition_number: the bound of each mixing matrix's; by default that of a quarter of such
            matrices, see `nonstationary_sources.mixing_matrix`.

    Attributes:
        observations: x (n, observed) float32, in random order.
        condition: c (n, clusters) float32, one-hot.
        clusters: c (n,) int64.
        sources: s (n, sources) float64, the truth.

    Raises:
        ValueError: if an argument is out of its range.

    Reference: Willetts and Paige, "I don't need u: identifiable non-linear ICA without side
    information", 2021, for the question; the generator is this library's.

    >>> data = ClusteredSources(clusters=3, sources=2, observed=4, samples=50)
    >>> data.observations.shape, data.condition.shape, data.clusters.shape, data.sources.shape
    ((50, 4), (50, 3), (50,), (50, 2))
    """

    name = "clustered_sources"
    needs = "nothing"

    def __init__(
        self,
        *,
        clusters: int = 15,
        sources: int = 4,
        observed: int = 8,
        samples: int = 4000,
        layers: int = 2,
        seed: int = 0,
        mean_range: float = 4.0,
        deviations: tuple[float, float] = (0.1, 1.0),
        slope: float = 0.2,
        condition_number: float | None = None,
    ):
        if min(clusters, samples, sources, layers) < 1 or observed < sources:
            raise ValueError(
                "expected clusters, samples, sources and layers of at least 1 and observed of at "
                f"least sources, got {clusters}, {samples}, {sources}, {layers} and {observed}"
            )
        if not 0 < deviations[0] <= deviations[1] < np.inf or not 0 <= mean_range < np.inf:
            raise ValueError(
                "expected 0 < lowest <= highest deviation and mean_range of at least 0, all "
                f"finite, got {tuple(deviations)} and {mean_range}"
            )
        if not 0 < slope <= 1:
            raise ValueError(f"expected a slope in (0, 1], got {slope}")
        if condition_number is not None and not condition_number > 1.5:
            raise ValueError(
                "expected a condition_number above 1.5, as smaller ones are too rare to draw, got "
                f"{condition_number}"
            )
        self.observed, self.samples, self.layers, self.seed = observed, samples, layers, seed
        self.mean_range, self.deviations, self.slope = mean_range, tuple(deviations), slope
        self.condition_number = condition_number

        rng = np.random.default_rng(seed)
        self.means = rng.uniform(-mean_range, mean_range, (clusters, sources))
        low, high = np.log(deviations)
        self.scales = np.exp(rng.uniform(low, high, (clusters, sources)))
        self.clusters = rng.integers(clusters, size=samples)
        noise = rng.standard_normal((samples, sources))
        truth = self.means[self.clusters] + self.scales[self.clusters] * noise
        x = mixed(
            truth,
            observed,
            layers,
            rng,
            function=activation_function("leaky_relu", slope),
            condition_number=condition_number,
            repeat=False,
        )
        deviation = x.std(axis=0)
        x = (x - x.mean(axis=0)) / np.where(deviation > 0, deviation, 1.0)  # one sample has none
        super().__init__(
            x.astype(np.float32),
            truth,
            names=[f"source_{number}" for number in range(sources)],
            continuous=True,
            condition=np.eye(clusters, dtype=np.float32)[self.clusters],
        )

    @property
    def sources(self) -> NDArray[np.float64]:
        """s (n, sources), the truth."""
        return self.factors

    def _arguments(self) -> dict[str, Any]:
        # `clusters` and `sources` are numbers among the arguments, and arrays as attributes.
        clusters, sources = self.means.shape
        numbers = {"clusters": clusters, "sources": sources}
        names = inspect.signature(type(self)).parameters
        arguments = {name: getattr(self, name) for name in names if name not in numbers}
        return arguments | numbers | {"deviations": list(self.deviations)}

    def __repr__(self) -> str:
        return f"{type(self).__name__}({len(self.means)} clusters, {self.samples} samples)"
