"""Mutual information gap by the aggregated posterior (Chen et al. 2018, sections 4 and C)."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from disentlib import ops
from disentlib.data.randomness import RNG
from disentlib.metrics.factors import varying
from disentlib.metrics.information.estimates import Continuous, binned_factors, top_two
from disentlib.metrics.information.estimates import mean as mean_of
from disentlib.metrics.protocol import generator
from disentlib.metrics.score import score


class PosteriorInformation(NamedTuple):
    """What codes drawn from posteriors share with factors that vary, in nats.

    Attributes:
        mutual_information: H(code) - H(code | factor) (dims, factors); chance may take it below 0.
        code_entropy: differential H(code) (dims,).
        factor_entropy: H(factor) (factors,).
    """

    mutual_information: NDArray[np.float64]
    code_entropy: NDArray[np.float64]
    factor_entropy: NDArray[np.float64]


@score("mixture of all posteriors, one draw a sample")
def mig_aggregated_posterior(
    mean: ArrayLike,
    logvar: ArrayLike,
    factors: ArrayLike,
    *,
    continuous: Continuous = False,
    codes: ArrayLike | None = None,
    most: int = 10_000,
    rng: RNG = 0,
) -> float:
    """MIG with I = E[-ln q(z_j)] - E[-ln q(z_j | factor)], q(z_j) the mean of all posteriors.

    The gap of `mig` as its authors take it: no bins, as a code's density is known where posteriors
    are Gaussian. For each value of a factor, q(z_j | factor) is the mean of the posteriors of the
    samples that have it.

    Estimator: one draw z ~ q(z | x) a sample. Differences below 0 count as 0 after the best two are
    known. Independent codes score about 0, and so do those whose posteriors are the prior. On a
    full grid it is the authors' estimate; elsewhere values weigh as often as they occur. Work grows
    with samples^2: 10,000 samples of 10 codes take seconds.

    Args:
        mean: of the posteriors, real numbers (samples, dims).
        logvar: their log-variances (samples, dims).
        factors: non-negative integers (samples, factors), or real numbers where `continuous`. A
            factor with a single value is left out with a warning.
        continuous: which factors are real-valued, one answer for all or one each; these are cut
            into 21 bins at quantiles.
        codes: draws from the posteriors (samples, dims); None draws them.
        most: at how many samples, drawn from all and from those of each value, densities are
            evaluated; they are means over all samples anyway.
        rng: draws codes and samples.

    Returns:
        From 0 to 1, but for chance; NaN if no factor varies.

    Raises:
        TypeError: if means or log-variances are not real numbers, or discrete factors not integers.
        ValueError: if shapes do not fit, or a value is NaN, infinite or a negative factor.

    Reference:
        Chen, Li, Grosse and Duvenaud, "Isolating Sources of Disentanglement in Variational
        Autoencoders" (2018).

    >>> factors = np.indices((10, 10)).reshape(2, -1).T
    >>> mig_aggregated_posterior(factors.astype(float), np.full(factors.shape, -6.0), factors)
    1.0...
    """
    estimated = posterior_information(
        mean, logvar, factors, continuous=continuous, codes=codes, most=most, rng=rng
    )
    best, second = top_two(estimated.mutual_information, axis=0)
    return mean_of((np.maximum(best, 0) - np.maximum(second, 0)) / estimated.factor_entropy)


def posterior_information(
    mean: ArrayLike,
    logvar: ArrayLike,
    factors: ArrayLike,
    *,
    continuous: Continuous = False,
    codes: ArrayLike | None = None,
    most: int = 10_000,
    rng: RNG = 0,
) -> PosteriorInformation:
    """Return what the score is made of; its arguments are the same."""
    means = ops.check_codes(mean, name="mean")
    logvars = ops.check_codes(logvar, name="logvar")
    labels = binned_factors(factors, continuous, len(means))
    if logvars.shape != means.shape:
        raise ValueError(f"expected logvar of the mean's shape {means.shape}, got {logvars.shape}")
    if most < 1:
        raise ValueError(f"expected most of at least 1 sample, got {most}")
    random = generator(rng)
    if codes is None:
        drawn = means + np.exp(0.5 * logvars) * random.standard_normal(means.shape)
    else:
        drawn = ops.check_codes(codes)
    if drawn.shape != means.shape:
        raise ValueError(f"expected codes of the mean's shape {means.shape}, got {drawn.shape}")
    labels = labels[:, varying(labels)]

    def entropies(rows: NDArray[Any]) -> NDArray[np.float64]:
        """Return -E[ln q(z_j)] (dims,), of the draws and posteriors at `rows`."""
        some = random.permutation(rows)[:most] if len(rows) > most else rows
        columns = (
            ops.log_mixture_density(drawn[some, j : j + 1], means[rows, j : j + 1], lv[:, None])
            for j, lv in enumerate(logvars[rows].T)
        )
        return np.array([-column.mean() for column in columns])

    of_codes = entropies(np.arange(len(means)))
    mutual_information = np.zeros((means.shape[1], labels.shape[1]))
    for i, column in enumerate(labels.T):
        values, counts = np.unique(column, return_counts=True)
        parts = [entropies(np.flatnonzero(column == value)) for value in values]
        mutual_information[:, i] = of_codes - counts / len(column) @ np.array(parts)
    of_factors = ops.entropy(labels) if labels.shape[1] else np.zeros(0)
    return PosteriorInformation(mutual_information, of_codes, of_factors)
