"""Sources whose strength changes from segment to segment, mixed by a network: iVAE's data."""

import inspect
from collections.abc import Callable
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from disentlib.data.sets.array_data import ArrayData

Noise = Literal["gaussian", "laplace", "hyperbolic_secant"]
Means = Literal["centred", "uncentred", "staircase"]
Activation = Literal["leaky_relu", "xtanh", "sigmoid", "none"]
Mixing = Literal["bounded", "orthogonal"]
Variant = Literal["ivae", "icebeem"]

Array = NDArray[np.float64]

DRAWN_MATRICES = 10_000  # whose condition numbers say what is a good one


class NonstationarySources(ArrayData):
    """x = f(s) + noise, s_i ~ N(m_i(u), L_i(u)^2): what an auxiliary variable makes identifiable.

    In each segment u every source has a mean and a standard deviation of its own. The factors of
    the set are the sources, real-valued; the condition is the segment, one-hot.

    Args:
        segments: how many.
        per_segment: samples in each.
        sources: how many; `observed` is at least that.
        observed: how many variables are seen.
        layers: of the mixing network; 1 is a linear map.
        seed: of everything drawn.
        noise: the sources' distribution within a segment: "gaussian", "laplace" or
            "hyperbolic_secant", of variance 1 before modulation.
        means: see `modulation`.
        deviations: the range of the standard deviations L_i(u).
        activation: between the layers: "leaky_relu", "xtanh" (tanh(x) + slope x), "sigmoid" or
            "none".
        slope: of the activation where tanh or ReLU are flat.
        mixing: see `mixing_matrix`.
        condition_number: see `mixing_matrix`.
        repeat: see `mixed`.
        observation_noise: standard deviation of Gaussian noise added to x.
        discrete: draw x ~ Bernoulli(sigmoid(x)) at last.
        variant: "ivae", or "icebeem": sources standardised over all samples before modulation, and
            the activation in front of every matrix, one less than `layers`. Its published settings
            are also deviations=(0.01, 3), mixing="orthogonal", repeat=False, slope=0.2.

    Attributes:
        observations: x (n, observed) float32, ordered by segment.
        condition: u (n, segments) float32, one-hot.
        sources: s (n, sources) float64, the truth.

    Raises:
        ValueError: if an argument is not among its choices or out of its range.

    Reference: Khemakhem, Kingma, Monti and Hyvarinen, AISTATS 2020, section 5; Hyvarinen and
    Morioka, "Unsupervised feature extraction by time-contrastive learning and nonlinear ICA", 2016;
    for the variant Khemakhem, Monti, Kingma and Hyvarinen, "ICE-BeeM", 2020.

    >>> data = NonstationarySources(segments=3, per_segment=4, sources=2, observed=2)
    >>> data.observations.shape, data.condition.shape, data.sources.shape
    ((12, 2), (12, 3), (12, 2))
    """

    name = "nonstationary_sources"
    needs = "nothing"

    def __init__(
        self,
        *,
        segments: int = 40,
        per_segment: int = 1000,
        sources: int = 5,
        observed: int = 5,
        layers: int = 3,
        seed: int = 0,
        noise: Noise = "gaussian",
        means: Means = "centred",
        deviations: tuple[float, float] = (0.5, 3.0),
        activation: Activation = "xtanh",
        slope: float = 0.1,
        mixing: Mixing = "bounded",
        condition_number: float | None = None,
        repeat: bool = True,
        observation_noise: float = 0.0,
        discrete: bool = False,
        variant: Variant = "ivae",
    ):
        for argument, value, choices in (
            ("noise", noise, get_args(Noise)),
            ("means", means, get_args(Means)),
            ("activation", activation, get_args(Activation)),
            ("mixing", mixing, get_args(Mixing)),
            ("variant", variant, get_args(Variant)),
        ):
            if value not in choices:
                raise ValueError(f"expected {argument} as one of {choices}, got {value!r}")
        if min(segments, per_segment, sources, layers) < 1 or observed < sources:
            raise ValueError(
                "expected segments, per_segment, sources and layers of at least 1 and observed of "
                f"at least sources, got {segments}, {per_segment}, {sources}, {layers} and "
                f"{observed}"
            )
        if not 0 < deviations[0] <= deviations[1] or not observation_noise >= 0:
            raise ValueError(
                "expected 0 < lowest <= highest deviation and observation_noise of at least 0, got "
                f"{tuple(deviations)} and {observation_noise}"
            )
        if condition_number is not None and not condition_number > 1.5:
            raise ValueError(
                "expected a condition_number above 1.5, as smaller ones are too rare to draw, got "
                f"{condition_number}: mixing='orthogonal' has 1"
            )
        self.segments, self.per_segment = segments, per_segment
        self.observed, self.layers, self.seed = observed, layers, seed
        self.noise, self.means, self.deviations = noise, means, tuple(deviations)
        self.activation, self.slope, self.mixing, self.repeat = activation, slope, mixing, repeat
        self.condition_number = condition_number
        self.observation_noise, self.discrete, self.variant = observation_noise, discrete, variant

        rng = np.random.default_rng(seed)
        segment = np.repeat(np.arange(segments), per_segment)
        deviation, mean = modulation(segments, sources, rng, means=means, deviations=deviations)
        base = base_noise((len(segment), sources), noise, rng)
        if variant == "icebeem":
            base = (base - base.mean(axis=0)) / base.std(axis=0)
        truth = deviation[segment] * base + mean[segment]
        x = mixed(
            truth,
            observed,
            layers,
            rng,
            function=activation_function(activation, slope),
            mixing=mixing,
            condition_number=condition_number,
            repeat=repeat,
            activation_first=variant == "icebeem",
        )
        x = x + observation_noise * rng.standard_normal(x.shape)
        if discrete:
            x = (rng.random(x.shape) < 1 / (1 + np.exp(-x))).astype(float)
        super().__init__(
            x.astype(np.float32),
            truth,
            names=[f"source_{number}" for number in range(sources)],
            continuous=True,
            condition=np.eye(segments, dtype=np.float32)[segment],
        )

    @property
    def sources(self) -> Array:
        """s (n, sources), the truth."""
        return self.factors

    def _arguments(self) -> dict[str, Any]:
        # `sources` is a number among the arguments, and the array itself as an attribute.
        names = inspect.signature(type(self)).parameters
        arguments = {name: getattr(self, name) for name in names if name != "sources"}
        return arguments | {"sources": self.factors.shape[1], "deviations": list(self.deviations)}

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.segments} segments of {self.per_segment})"


def modulation(
    segments: int,
    sources: int,
    rng: np.random.Generator,
    *,
    means: Means = "centred",
    deviations: tuple[float, float] = (0.5, 3.0),
    mean_range: float = 5.0,
) -> tuple[Array, Array]:
    """Return the standard deviation and the mean of each source in each segment.

    Args:
        segments: how many.
        sources: how many.
        rng: draws both.
        means: "centred" (0), "uncentred" (uniform within +-`mean_range`), or "staircase" (the first
            source takes 0, 3, 6, ... in random order; the others are centred).
        deviations: the range of the standard deviations.
        mean_range: of uncentred means.

    Returns:
        (segments, sources) each.
    """
    deviation = rng.uniform(*deviations, (segments, sources))
    mean = np.zeros((segments, sources))
    if means == "uncentred":
        mean = rng.uniform(-mean_range, mean_range, (segments, sources))
    elif means == "staircase":
        mean[:, 0] = 3.0 * rng.permutation(segments)
    return deviation, mean


def base_noise(shape: tuple[int, int], noise: Noise, rng: np.random.Generator) -> Array:
    """Return independent noise of mean 0 and variance 1."""
    if noise == "gaussian":
        return rng.standard_normal(shape)
    if noise == "laplace":
        return rng.laplace(0.0, 1 / np.sqrt(2), shape)
    # The inverse of the distribution function 2/pi arctan(exp(pi s / 2)).
    return 2 / np.pi * np.log(np.tan(np.pi / 2 * rng.uniform(np.finfo(float).tiny, 1.0, shape)))


def mixing_matrix(
    rows: int,
    columns: int,
    mixing: Mixing,
    rng: np.random.Generator,
    *,
    condition_number: float | None = None,
) -> Array:
    """Return a random matrix (rows, columns) that is far from singular.

    Args:
        rows: the length of what is multiplied.
        columns: the length of the product.
        mixing: "bounded" has entries uniform in +-1, columns of length 1 and a bounded condition
            number; "orthogonal" is uniform over the orthogonal matrices.
        rng: draws it.
        condition_number: the bound; by default that of a quarter of such matrices, as published,
            which is 6.4 for five sources.
    """
    if mixing == "orthogonal":
        size = max(rows, columns)
        q, r = np.linalg.qr(rng.standard_normal((size, size)))
        return (q * np.sign(np.diag(r)))[:rows, :columns]
    bound = condition_number
    if bound is None:
        drawn = _unit_columns((DRAWN_MATRICES, rows, columns), rng)
        bound = float(np.percentile(np.linalg.cond(drawn), 25))
    while True:
        candidates = _unit_columns((64, rows, columns), rng)
        good = np.flatnonzero(np.linalg.cond(candidates) <= bound)
        if good.size:
            return candidates[good[0]]


def activation_function(name: Activation, slope: float) -> Callable[[Array], Array]:
    """Return a function of arrays, one to one where `slope` is positive."""
    functions: dict[Activation, Callable[[Array], Array]] = {
        "leaky_relu": lambda x: np.where(x > 0, x, slope * x),
        "xtanh": lambda x: np.tanh(x) + slope * x,
        "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
        "none": lambda x: x,
    }
    return functions[name]


def mixed(
    sources: Array,
    observed: int,
    layers: int,
    rng: np.random.Generator,
    *,
    function: Callable[[Array], Array],
    mixing: Mixing = "bounded",
    condition_number: float | None = None,
    repeat: bool = True,
    activation_first: bool = False,
) -> Array:
    """Return f(s): `layers` matrices with the activation between them.

    Args:
        sources: s (samples, sources).
        observed: how many variables come out.
        layers: how many matrices; 1 is a linear map.
        rng: draws the matrices.
        function: the activation.
        mixing: see `mixing_matrix`.
        condition_number: see `mixing_matrix`.
        repeat: one matrix for all layers (for all but the first, where `observed` differs from the
            number of sources), or a fresh one for each.
        activation_first: begin with the activation, and have one matrix less: ICE-BeeM's order.

    Returns:
        (samples, observed).
    """
    values = sources
    matrices = layers - 1 if activation_first else layers
    matrix = None
    for layer in range(matrices):
        if layer or activation_first:
            values = function(values)
        shape = (values.shape[1], observed)
        if matrix is None or not repeat or matrix.shape != shape:
            matrix = mixing_matrix(*shape, mixing, rng, condition_number=condition_number)
        values = values @ matrix
    return values


def _unit_columns(shape: tuple[int, int, int], rng: np.random.Generator) -> Array:
    matrices = rng.uniform(-1.0, 1.0, shape)
    return matrices / np.linalg.norm(matrices, axis=1, keepdims=True)
