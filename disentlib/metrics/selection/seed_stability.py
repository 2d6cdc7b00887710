"""How alike the codes are that one method learns from several seeds (Willetts and Paige, 2021)."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import linear_sum_assignment

from disentlib.data.randomness import RNG
from disentlib.metrics.alignment.mcc import correlations
from disentlib.metrics.alignment.weak_mcc import Whitened, canonical_maps, whitened
from disentlib.metrics.protocol import split_rows
from disentlib.ops import Standardisation, check_codes

Equality = Literal["strong", "weak"]
Array = NDArray[np.float64]


class SkippedSeedWarning(UserWarning):
    """A seed's codes are not finite, and it takes no part."""


@dataclass(frozen=True)
class SeedPairs:
    """The MCC of all pairs of seeds.

    Attributes:
        matrix: (seeds, seeds), symmetric; NaN on the diagonal.
    """

    matrix: Array

    @property
    def values(self) -> Array:
        """One MCC a pair (pairs,)."""
        return self.matrix[np.triu_indices(len(self.matrix), 1)]

    @property
    def mean(self) -> float:
        """The mean over pairs."""
        return float(self.values.mean())

    @property
    def median(self) -> float:
        """The median over pairs."""
        return float(np.median(self.values))

    @property
    def deviation(self) -> float:
        """The standard deviation over pairs, which share seeds and so are not independent."""
        return float(self.values.std())

    @property
    def seed_means(self) -> Array:
        """m_s, each seed's mean over the other seeds (seeds,)."""
        return np.nanmean(self.matrix, axis=1)


class SeedStability(NamedTuple):
    """How alike codes of several seeds are.

    Attributes:
        kind: "strong" or "weak".
        in_sample: of the samples that pairs and maps were fitted on.
        out_of_sample: of the other samples.
        active: how many codes of each usable seed vary (seeds,); collapsed ones raise or lower
            the MCC, so it is to be read with this.
        seeds: the positions of the usable seeds in what was given; rows and columns are theirs.
        skipped: the positions of seeds whose codes are not finite.
    """

    kind: Equality
    in_sample: SeedPairs
    out_of_sample: SeedPairs
    active: NDArray[np.int64]
    seeds: tuple[int, ...]
    skipped: tuple[int, ...]


def seed_stability(
    codes_of_seeds: Sequence[ArrayLike],
    *,
    kind: Equality = "strong",
    components: int = 20,
    ridge: float = 1e-6,
    least_variance: float = 0.01,
    rng: RNG | None = None,
) -> SeedStability:
    """MCC of the codes of every pair of seeds: how far retraining learns the same codes.

    "strong" compares single codes, up to order, sign and scale: pairs of codes are assigned by
    |Pearson correlation| on the first half of the samples (in sample), and the same pairs are read
    off on the second (out of sample). "weak" compares codes up to an invertible linear map:
    canonical variates are fitted on the first half, and their MCC is read off likewise. Any good
    autoencoder of few latents scores high in the weak sense, so compare with a plain VAE.

    Codes that are constant in both seeds are left out; those constant in one count as 0.

    Args:
        codes_of_seeds: of each seed the codes (samples, dims) of the same samples, such as the
            posteriors' means of a test set. Seeds with NaN or infinite codes are skipped, with a
            warning.
        kind: "strong" or "weak".
        components: how many canonical variates at most; as many as codes vary where those are
            fewer.
        ridge: see `weak_mcc`.
        least_variance: the variance above which a code counts as `active`, in the unit of codes
            whose prior has variance 1. It changes no MCC.
        rng: draws the halves. By default they are the leading and the trailing samples, as
            published, which suits samples in random order.

    Returns:
        MCCs from 0 to 1.

    Raises:
        TypeError: if codes are not real numbers.
        ValueError: if fewer than two seeds are usable, codes differ in length or samples, there are
            fewer than 4 samples, or an option is out of range.

    See Also:
        compare_seed_stability: tests whether one method is more stable than another.
        udr: ranks the models of several seeds.

    Reference:
        Willetts and Paige, "I Don't Need u: Identifiable Non-Linear ICA Without Side Information"
        (2021); Khemakhem, Kingma, Monti and Hyvarinen, "Variational Autoencoders and Nonlinear ICA:
        A Unifying Framework" (2020).

    >>> z = np.random.default_rng(0).normal(size=(1000, 2))
    >>> stability = seed_stability([z, z[:, ::-1] * [2.0, -1.0], z @ [[1.0, 1.0], [1.0, -1.0]]])
    >>> np.round(stability.out_of_sample.values, 1)
    array([1. , 0.7, 0.7])
    >>> seed_stability([z, z @ [[1.0, 1.0], [1.0, -1.0]]], kind="weak").out_of_sample.mean > 0.999
    True
    """
    if kind not in get_args(Equality):
        raise ValueError(f"expected kind as one of {get_args(Equality)}, got {kind!r}")
    if components < 1 or not 0 <= ridge < np.inf or not least_variance >= 0:
        raise ValueError(
            "expected components of at least 1, and a finite ridge and least_variance of at least "
            f"0, got {components}, {ridge} and {least_variance}"
        )
    arrays = [
        check_codes(codes, name=f"codes of seed {seed}", finite=False, least=4).astype(np.float64)
        for seed, codes in enumerate(codes_of_seeds)
    ]
    if len(shapes := {array.shape for array in arrays}) > 1:
        raise ValueError(
            f"expected codes of one shape (samples, dims) in all seeds, got {sorted(shapes)}"
        )
    usable = [seed for seed, array in enumerate(arrays) if np.isfinite(array).all()]
    skipped = [seed for seed in range(len(arrays)) if seed not in usable]
    if len(usable) < 2:
        raise ValueError(
            f"expected finite codes of at least 2 seeds, got {len(usable)} of {len(arrays)}"
        )
    if skipped:
        warnings.warn(
            f"{len(skipped)} of {len(arrays)} seeds skipped, whose codes are not finite: {skipped}",
            SkippedSeedWarning,
            stacklevel=2,
        )
    samples = len(arrays[0])
    order = np.arange(samples)
    halves = (order[: samples // 2], order[samples // 2 :])
    if rng is not None:
        halves = split_rows(samples, train_fraction=0.5, rng=rng)
    seeds = [_halved(arrays[seed], *halves, kind=kind, ridge=ridge) for seed in usable]
    matrices = np.full((2, len(seeds), len(seeds)), np.nan)
    for i, left in enumerate(seeds):
        for j in range(i):
            matrices[:, i, j] = matrices[:, j, i] = _mcc(left, seeds[j], components)
    return SeedStability(
        kind,
        SeedPairs(matrices[0]),
        SeedPairs(matrices[1]),
        np.array([(arrays[seed].var(axis=0) > least_variance).sum() for seed in usable]),
        tuple(usable),
        tuple(skipped),
    )


class _Halves(NamedTuple):
    """One seed's codes that vary on the first half, standardised by it; for "weak" whitened too."""

    first: Array
    second: Array
    white: Whitened | None


def _halved(
    codes: Array, first: NDArray[Any], second: NDArray[Any], *, kind: Equality, ridge: float
) -> _Halves:
    scale = Standardisation.of(codes[first])
    one, other = (scale(codes[rows])[:, scale.live] for rows in (first, second))
    return _Halves(one, other, whitened(one, ridge) if kind == "weak" else None)


def _mcc(left: _Halves, right: _Halves, components: int) -> tuple[float, float]:
    """Return the MCC in and out of sample."""
    pairs = max(left.first.shape[1], right.first.shape[1])
    if not min(left.first.shape[1], right.first.shape[1]):
        return 0.0, 0.0
    halves = [(left.first, right.first), (left.second, right.second)]
    if left.white is not None and right.white is not None:
        pairs = min(pairs, components)
        one, other = (maps[:, :pairs] for maps in canonical_maps(left.white, right.white))
        halves = [(codes @ one, others @ other) for codes, others in halves]
    first, second = (correlations(*half) for half in halves)
    assigned = linear_sum_assignment(first, maximize=True)
    return float(first[assigned].sum() / pairs), float(second[assigned].sum() / pairs)
