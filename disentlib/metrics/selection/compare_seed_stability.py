"""Whether one method is more stable under retraining than another, or equally so."""

import warnings
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from disentlib.data.randomness import RNG, Random, generator
from disentlib.metrics.selection.seed_stability import SeedPairs, SeedStability

ROUNDING = 1e-9  # spreads below are those of equal MCCs


class StabilityComparison(NamedTuple):
    """One method's mean MCC over pairs of seeds beside another's, out of sample.

    Attributes:
        difference: the first method's mean less the second's.
        interval: (low, high) of the difference, from bootstrapped seeds.
        mann_whitney: two-sided p-value of equal distributions.
        permutation: two-sided p-value of equal means, from permuted labels of methods.
        equivalence: p-value of a difference of the margin or more: small where both are equal.
    """

    difference: float
    interval: tuple[float, float]
    mann_whitney: float
    permutation: float
    equivalence: float


def compare_seed_stability(
    one: SeedStability,
    other: SeedStability,
    *,
    margin: float = 0.05,
    confidence: float = 0.95,
    resamples: int = 10_000,
    rng: RNG = 0,
) -> StabilityComparison:
    """Test whether two methods are differently stable, and whether they are equally so.

    A design of this library; the paper's code has no test. Pairs share seeds, so tests are over
    seeds. The seeds' means m_s share the other seeds, too: taken as independent they reject equal
    methods in 30 % of cases at a level of 5 %. So tests take the jackknife's pseudo-values

        U + 2 (n - 1) / (n - 2) (m_s - U),    U the mean over pairs of n seeds,

    which have the mean U, and would be independent if a pair's MCC were a sum of two seeds' parts.
    Their Mann-Whitney U test, the permutation of the methods' labels over all seeds (every one, or
    `resamples` of them), and two one-sided Welch tests (TOST) against the margin follow. The
    bootstrap draws the seeds of each method with replacement and leaves pairs of a seed with itself
    out; its interval is too narrow for fewer than ten seeds (of three it misses the difference in a
    third of cases). Three seeds a method cannot give a p-value of ranks or permutations below 0.1.

    Args:
        one: of the first method, at least 3 usable seeds.
        other: of the second method, of the same kind.
        margin: the largest difference that counts as equal.
        confidence: of the interval.
        resamples: how many bootstrap draws, and permutations at most.
        rng: draws both.

    Returns:
        The difference, its interval and three p-values.

    Raises:
        ValueError: if a method has fewer than 3 usable seeds, kinds differ, or an option is out of
            range.

    Reference:
        Arvesen, "Jackknifing U-Statistics" (1969); Schuirmann, "A Comparison of the Two One-Sided
        Tests Procedure and the Power Approach for Assessing the Equivalence of Average
        Bioavailability" (1987).
    """
    if one.kind != other.kind:
        raise ValueError(f"expected stabilities of one kind, got {one.kind!r} and {other.kind!r}")
    if min(len(one.seeds), len(other.seeds)) < 3:
        raise ValueError(
            "expected at least 3 usable seeds of each method, got "
            f"{len(one.seeds)} and {len(other.seeds)}"
        )
    if not margin > 0 or not 0 < confidence < 1 or resamples < 1:
        raise ValueError(
            "expected a margin above 0, a confidence between 0 and 1 and resamples of at least 1, "
            f"got {margin}, {confidence} and {resamples}"
        )
    random = generator(rng)
    left, right = (pseudo_values(method.out_of_sample) for method in (one, other))
    drawn = np.subtract(
        *(_bootstrapped(method.out_of_sample, resamples, random) for method in (one, other))
    )
    tail = (1 - confidence) / 2
    low, high = np.quantile(drawn, [tail, 1 - tail])
    permuted = stats.permutation_test(
        (left, right),
        lambda x, y, axis: x.mean(axis=axis) - y.mean(axis=axis),
        vectorized=True,
        n_resamples=resamples,
        random_state=random,
    )
    return StabilityComparison(
        one.out_of_sample.mean - other.out_of_sample.mean,
        (float(low), float(high)),
        float(stats.mannwhitneyu(left, right).pvalue),
        float(permuted.pvalue),
        _equivalence(left, right, margin),
    )


def pseudo_values(pairs: SeedPairs) -> NDArray[np.float64]:
    """Return the jackknife's pseudo-values of the mean over pairs (seeds,)."""
    means = pairs.seed_means
    mean, count = means.mean(), len(means)
    return np.asarray(mean + 2 * (count - 1) / (count - 2) * (means - mean))


def _bootstrapped(pairs: SeedPairs, resamples: int, random: Random) -> NDArray[Any]:
    """Return means over pairs of seeds that were drawn with replacement (resamples,)."""
    count = len(pairs.matrix)
    drawn = random.multinomial(count, np.full(count, 1 / count), size=resamples)
    while (single := drawn.max(axis=1) == count).any():  # one seed alone makes no pair
        drawn[single] = random.multinomial(count, np.full(count, 1 / count), size=single.sum())
    matrix = np.nan_to_num(pairs.matrix)  # a seed's pairs with itself weigh nothing
    total = np.einsum("bi,ij,bj->b", drawn, matrix, drawn)
    return np.asarray(total / (count**2 - (drawn**2).sum(axis=1)))


def _equivalence(left: NDArray[Any], right: NDArray[Any], margin: float) -> float:
    """Return the larger p-value of two one-sided Welch tests of a difference within the margin."""
    if max(np.ptp(left), np.ptp(right)) < ROUNDING:  # no spread, no t: the difference is certain
        return float(abs(left[0] - right[0]) >= margin)
    with warnings.catch_warnings():
        # One side without spread loses digits of a variance that the other side's outweighs.
        warnings.filterwarnings("ignore", "Precision loss", RuntimeWarning)
        above = stats.ttest_ind(left + margin, right, equal_var=False, alternative="greater")
        below = stats.ttest_ind(left - margin, right, equal_var=False, alternative="less")
    return float(max(above.pvalue, below.pvalue))
