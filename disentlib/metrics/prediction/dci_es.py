"""DCI with explicitness and size (Eastwood et al. 2023)."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

from disentlib.data.randomness import RNG, integers
from disentlib.metrics.information.estimates import Continuous
from disentlib.metrics.prediction.dci import accuracy, disentanglement_of, r_squared
from disentlib.metrics.protocol import Protocol, generator
from disentlib.metrics.targets import split_targets

DEPTHS = (1, 2, 3, 4, 8, 10, 12, 14, 16, 18, 20, 32)


class DCIES(NamedTuple):
    """The scores, each 1 at best.

    Attributes:
        disentanglement: as in `dci`, of the depth that predicts best.
        completeness: likewise.
        informativeness: mean accuracy, or R^2, over factors on test samples at that depth.
        explicitness: whether small predictors do as well as large ones; read it beside
            informativeness, as codes that tell nothing are 1.
        size: factors over codes, at most 1.
    """

    disentanglement: float
    completeness: float
    informativeness: float
    explicitness: float
    size: float


def dci_es(
    codes: ArrayLike,
    factors: ArrayLike,
    *,
    depths: Sequence[int] = DEPTHS,
    trees: int = 100,
    continuous: Continuous = False,
    protocol: Protocol | None = None,
    train_fraction: float = 0.75,
    test: tuple[ArrayLike, ArrayLike] | None = None,
    rng: RNG = 0,
) -> DCIES:
    """E = mean over factors of 1 - 2 (area of the loss curve above its least) / (width base loss).

    The curve is the least loss so far (1 - accuracy, or 1 - R^2) of random forests of growing
    depth; the base loss that of guessing. A forest is fitted for each depth and factor, which takes
    minutes at 10,000 samples.

    Args:
        codes: real numbers (samples, dims).
        factors: integers (samples, factors), or real numbers where `continuous`, none constant.
        depths: rising depths of the forests, at least two.
        trees: how many a forest has.
        continuous: which factors are real-valued, one answer for all or one each.
        protocol: "locatello2019" trains on leading rows, None on random ones.
        train_fraction: share of samples that train.
        test: (codes, factors) to test on instead of the rest.
        rng: draws the training rows and the forests.

    Returns:
        The scores; explicitness in [-1, 1], 0 where the loss falls evenly, others as in `dci`.

    Raises:
        TypeError: if codes are not real numbers, or discrete factors not integers.
        ValueError: if shapes do not fit, a value is not finite, a factor is constant, or depths do
            not rise.

    Reference:
        Eastwood, Nicolicioiu, von Kügelgen, Kekić, Träuble, Dittadi and Schölkopf, "DCI-ES: An
        Extended Disentanglement Framework with Connections to Identifiability" (2023).
    """
    if len(depths) < 2 or list(depths) != sorted(set(depths)) or depths[0] < 1:
        raise ValueError(f"expected at least two rising depths, got {list(depths)}")
    random = generator(rng, protocol)
    parts, real = split_targets(
        codes,
        factors,
        continuous=continuous,
        train_fraction=train_fraction,
        test=test,
        protocol=protocol,
        rng=random,
    )
    seed = int(integers(random, 2**31, 1)[0])
    dims, count = parts.train_codes.shape[1], len(real)
    matrices = np.zeros((len(depths), dims, count))
    quality = np.zeros((len(depths), count))
    guessing = np.ones(count)
    for factor, is_real in enumerate(real):
        train, tested = parts.train_factors[:, factor], parts.test_factors[:, factor]
        values = np.unique(np.concatenate([train, tested]))
        if len(values) == 1:
            raise ValueError(f"expected factors of several values, got one in factor {factor}")
        if not is_real:
            guessing[factor] = 1 - 1 / len(values)
        kind = RandomForestRegressor if is_real else RandomForestClassifier
        score = r_squared if is_real else accuracy
        for step, depth in enumerate(depths):
            forest = kind(trees, max_depth=depth, max_features=None, random_state=seed)
            forest.fit(parts.train_codes, train)
            matrices[step, :, factor] = forest.feature_importances_
            quality[step, factor] = score(forest.predict(parts.test_codes), tested)
    best = int(quality.mean(axis=1).argmax())
    explicit = [
        explicitness_of(depths, 1 - quality[:, factor], guessing[factor]) for factor in range(count)
    ]
    return DCIES(
        disentanglement_of(matrices[best]),
        disentanglement_of(matrices[best].T),
        float(quality[best].mean()),
        float(np.mean(explicit)),
        min(1.0, count / dims),
    )


def explicitness_of(
    capacities: Sequence[float], losses: NDArray[Any] | Sequence[float], guessing: float
) -> float:
    """Return 1 - 2 (area of the falling loss curve above its least) / (width guessing).

    >>> explicitness_of([1, 2, 4], [0.5, 0.2, 0.3], 1.0)
    0.9
    """
    widths = np.asarray(capacities, float)
    falling = np.minimum.accumulate(np.asarray(losses, float))
    area = np.trapezoid(falling - falling[-1], widths)
    return float(1 - 2 * area / ((widths[-1] - widths[0]) * guessing))
