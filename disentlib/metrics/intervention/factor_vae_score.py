"""FactorVAE score (Kim and Mnih 2018, section 4)."""

from typing import NamedTuple, get_args

import numpy as np
from numpy.typing import NDArray

from disentlib.data.randomness import RNG
from disentlib.metrics.intervention.interventions import (
    Batches,
    Interventions,
    InterventionTable,
    PruneOn,
)
from disentlib.metrics.protocol import Protocol, generator
from disentlib.metrics.score import score


class FactorVAEScore(NamedTuple):
    """How often the code that varies least tells which factor was held fixed.

    Attributes:
        accuracy: the score, on votes that the classifier has not seen.
        train_accuracy: on the votes that made the classifier.
        active_codes: how many codes were not pruned.
    """

    accuracy: float
    train_accuracy: float
    active_codes: float


class Votes(NamedTuple):
    """Which active code varied least while a factor was fixed.

    Attributes:
        train: how often each (factors, active codes).
        test: likewise, of other batches.
        active: the codes that are not pruned (active codes,).
    """

    train: NDArray[np.int64]
    test: NDArray[np.int64]
    active: NDArray[np.int64]


@score(
    "majority vote on batches of 64",
    reference="majority vote on batches of 64, reference's draws",
    in_sample=("train_accuracy",),
)
def factor_vae_score(
    table: InterventionTable,
    *,
    protocol: Protocol | None = None,
    batch: int = 64,
    train_votes: int = 10_000,
    test_votes: int = 5_000,
    variance_samples: int = 10_000,
    threshold: float = 0.05,
    prune_on: PruneOn = "std",
    sampled: bool = False,
    rng: RNG = 0,
) -> FactorVAEScore:
    """Accuracy of telling the fixed factor from argmin over codes of Var(batch) / Var(data).

    Whether a code stays where it is while one factor is fixed and all others vary. Each batch fixes
    a random factor at a random value and votes for the code of least relative variance; training
    votes name a factor for each code, test votes are counted. Codes that hardly vary are pruned, as
    in them a variance of 0 over 0 would win every vote: means that do beside samples from their
    posterior, in any unit, or, where no posterior is known, codes that do beside the median code.
    Chance: 1 / factors, and not rescaled.

    Args:
        table: codes of a data set or, with fewer choices of batches, of arrays.
        protocol: "locatello2019" draws rows in the reference's order, fixes factors of a single
            value too, whose votes are random, and compares the threshold with codes as they are, so
            that codes of a small unit are all pruned and score 0.
        batch: samples in a batch.
        train_votes: batches that make the classifier.
        test_votes: batches that are counted.
        variance_samples: samples for the variances over the data.
        threshold: codes whose spread is a smaller share of that of samples from their posterior, or
            of the median code's, are pruned; under the protocol, codes of a smaller spread, with a
            warning that names them.
        prune_on: whether the spread is the standard deviation, as the reference has it, or the
            variance, as its authors write.
        sampled: whether codes are drawn from their distribution; the mean otherwise.
        rng: draws batches and codes; an int seeds a `RandomState` under the protocol.

    Returns:
        Accuracies from 0 to 1, 0 without active codes, and how many codes are active. NaN if no
        factor varies.

    Raises:
        TypeError: if `table` is none.
        ValueError: if `batch` is less than 2, or a choice is unknown.

    Reference:
        Kim and Mnih, "Disentangling by Factorising" (2018); protocol: Locatello et al.,
        "Challenging Common Assumptions in the Unsupervised Learning of Disentangled
        Representations" (2019).

    >>> from disentlib.metrics.intervention.interventions import ArrayTable
    >>> factors = np.indices((10, 10, 10)).reshape(3, -1).T
    >>> factor_vae_score(ArrayTable(factors.astype(float), factors)).accuracy
    1.0
    """
    votes = count_votes(
        table,
        protocol=protocol,
        batch=batch,
        train_votes=train_votes,
        test_votes=test_votes,
        variance_samples=variance_samples,
        threshold=threshold,
        prune_on=prune_on,
        sampled=sampled,
        rng=rng,
    )
    train, test = accuracies(votes.train, votes.test)
    return FactorVAEScore(test, train, float(len(votes.active)))


def count_votes(
    table: InterventionTable,
    *,
    protocol: Protocol | None = None,
    batch: int = 64,
    train_votes: int = 10_000,
    test_votes: int = 5_000,
    variance_samples: int = 10_000,
    threshold: float = 0.05,
    prune_on: PruneOn = "std",
    sampled: bool = False,
    rng: RNG = 0,
) -> Votes:
    """Return what `factor_vae_score` counts; arguments are the same."""
    if batch < 2:
        raise ValueError(f"expected a batch of at least 2, got {batch}")
    if prune_on not in get_args(PruneOn):
        raise ValueError(f"expected prune_on as one of {get_args(PruneOn)}, got {prune_on!r}")
    draws = Interventions(
        table, sampled=sampled, rng=generator(rng, protocol), every_factor=protocol is not None
    )
    active, variance = draws.active(
        variance_samples, threshold=threshold, prune_on=prune_on, protocol=protocol
    )
    factors = draws.rows.factors
    if not len(active) or not factors:
        empty = np.zeros((factors, 0), np.int64)
        return Votes(empty, empty, active)
    batches = draws.rows.sharing_one(train_votes + test_votes, batch)
    winners = draws.votes(batches, scale=variance, active=active)
    return Votes(*tables(batches, winners, train_votes, (factors, len(active))), active)


def tables(
    batches: Batches, winners: NDArray[np.int64], train: int, shape: tuple[int, int]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return how often each factor's batches had each winner: of the first `train`, of the rest."""
    cells = batches.factor * shape[1] + winners
    parts = [
        np.bincount(part, minlength=shape[0] * shape[1]) for part in (cells[:train], cells[train:])
    ]
    return parts[0].reshape(shape), parts[1].reshape(shape)


def accuracies(train: NDArray[np.int64], test: NDArray[np.int64]) -> tuple[float, float]:
    """Return the shares of train and test votes for each code's most frequent train factor."""
    if not train.shape[0]:
        return float("nan"), float("nan")
    if not train.shape[1]:
        return 0.0, 0.0
    majority = train.argmax(axis=0)
    codes = np.arange(train.shape[1])
    return (
        float(train[majority, codes].sum() / train.sum()),
        float(test[majority, codes].sum() / test.sum()),
    )
