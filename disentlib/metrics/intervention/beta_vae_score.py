"""BetaVAE score (Higgins et al. 2017, section 4)."""

from typing import NamedTuple

import numpy as np

from disentlib import ops
from disentlib.data.randomness import RNG
from disentlib.metrics.intervention.interventions import Interventions, InterventionTable
from disentlib.metrics.protocol import Protocol, generator
from disentlib.metrics.scale import warn_of_scale
from disentlib.metrics.score import score


class BetaVAEScore(NamedTuple):
    """How often a linear classifier tells which factor two batches share.

    Attributes:
        accuracy: the score, on samples that it was not fitted on.
        train_accuracy: on those that it was.
    """

    accuracy: float
    train_accuracy: float


@score(
    "multinomial logistic regression on batches of 64",
    reference="one-vs-rest logistic regression on batches of 64",
    in_sample=("train_accuracy",),
)
def beta_vae_score(
    table: InterventionTable,
    *,
    protocol: Protocol | None = None,
    batch: int = 64,
    train_samples: int = 10_000,
    test_samples: int = 5_000,
    sampled: bool = False,
    rng: RNG = 0,
) -> BetaVAEScore:
    """Accuracy of a logistic regression of the shared factor on the mean of |z - z'| over a batch.

    Whether codes stay close when a factor is the same in both of two samples and all others are
    drawn anew. A linear classifier can undo mixtures of codes, so rotated codes can score high.
    Chance: 1 / factors, and not rescaled.

    Estimator: logistic regression, C = 1. By default one softmax on standardised features;
    under the protocol one regression a factor, intercept penalised, on features as they are, with a
    warning where these are tiny.

    Args:
        table: codes of a data set or, with fewer choices of pairs, of arrays.
        protocol: "locatello2019" for the reference's classifier and order of draws; it counts
            factors of a single value too.
        batch: pairs that a feature averages over.
        train_samples: features to fit on.
        test_samples: features to test on.
        sampled: whether codes are drawn from their distribution; the mean otherwise.
        rng: draws batches and codes; an int seeds a `RandomState` under the protocol.

    Returns:
        Accuracies from 0 to 1; NaN if no factor varies.

    Raises:
        TypeError: if `table` is none.
        ValueError: if no rows agree.

    Reference:
        Higgins et al., "beta-VAE: Learning Basic Visual Concepts with a Constrained Variational
        Framework" (2017); protocol: Locatello et al., "Challenging Common Assumptions in the
        Unsupervised Learning of Disentangled Representations" (2019).

    >>> from disentlib.metrics.intervention.interventions import ArrayTable
    >>> factors = np.indices((10, 10, 10)).reshape(3, -1).T
    >>> beta_vae_score(ArrayTable(factors.astype(float), factors)).accuracy
    1.0
    """
    random = generator(rng, protocol)
    draws = Interventions(table, sampled=sampled, rng=random, every_factor=protocol is not None)
    if not draws.rows.factors:
        return BetaVAEScore(float("nan"), float("nan"))
    train = draws.rows.paired_by_one(train_samples, batch)
    if isinstance(random, np.random.RandomState):
        random.randint(np.iinfo(np.int32).max)  # the seed that LIBLINEAR is given between the two
    test = draws.rows.paired_by_one(test_samples, batch)
    features, tests = draws.differences(train), draws.differences(test)
    if protocol is None:
        standardise = ops.Standardisation.of(features)
        features, tests = standardise(features), standardise(tests)
    else:
        warn_of_scale(features, least=0.002)
    (fit,) = ops.logistic_regressions(
        features,
        train.factor[:, None],
        solver="multinomial" if protocol is None else "one_vs_rest",
    )
    return BetaVAEScore(
        float((fit.predict(tests) == test.factor).mean()),
        float((fit.predict(features) == train.factor).mean()),
    )
