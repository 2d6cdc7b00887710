"""RF-VAE score (Kim, Wang, Sahu and Pavlovic 2019)."""

from disentlib.data.randomness import RNG
from disentlib.metrics.intervention.factor_vae_score import accuracies, tables
from disentlib.metrics.intervention.interventions import Interventions, InterventionTable
from disentlib.metrics.protocol import generator
from disentlib.metrics.score import score


@score("majority vote on batches of 64")
def z_max_var(
    table: InterventionTable,
    *,
    batch: int = 64,
    train_votes: int = 800,
    test_votes: int = 800,
    variance_samples: int = 10_000,
    threshold: float = 0.05,
    sampled: bool = False,
    rng: RNG = 0,
) -> float:
    """Accuracy of telling the free factor from argmax over codes of Var(batch) / Var(data).

    Whether a code moves when one factor alone does: the FactorVAE score turned around. Each batch
    fixes all factors but one. Chance: 1 / factors, and not rescaled. Arrays rarely hold many rows
    that agree in all factors but one: merge values (`ArrayTable(factor_bins=3)`).

    Args:
        table: codes of a data set, or of arrays.
        batch: samples in a batch.
        train_votes: batches that name a factor for each code.
        test_votes: batches that are counted.
        variance_samples: samples for the variances over the data.
        threshold: codes whose standard deviation is a smaller share of that of samples from their
            posterior, or where none is known of the median code's, are pruned.
        sampled: whether codes are drawn from their distribution; the mean otherwise.
        rng: draws batches and codes.

    Returns:
        From 0 to 1; 0 without active codes, NaN if no factor varies.

    Raises:
        TypeError: if `table` is none.
        ValueError: if `batch` is less than 2, or no rows agree.

    Reference:
        Kim, Wang, Sahu and Pavlovic, "Relevance Factor VAE: Learning and Identifying Disentangled
        Factors" (2019).

    >>> import numpy as np
    >>> from disentlib.metrics.intervention.interventions import ArrayTable
    >>> factors = np.indices((10, 10, 10)).reshape(3, -1).T
    >>> z_max_var(ArrayTable(factors.astype(float), factors))
    1.0
    """
    if batch < 2:
        raise ValueError(f"expected a batch of at least 2, got {batch}")
    draws = Interventions(table, sampled=sampled, rng=generator(rng))
    if not draws.rows.factors:
        return float("nan")
    active, variance = draws.active(variance_samples, threshold=threshold)
    if not len(active):
        return 0.0
    batches = draws.rows.sharing_all_but_one(train_votes + test_votes, batch)
    winners = draws.votes(batches, scale=variance, active=active, largest=True)
    shape = (draws.rows.factors, len(active))
    return accuracies(*tables(batches, winners, train_votes, shape))[1]
