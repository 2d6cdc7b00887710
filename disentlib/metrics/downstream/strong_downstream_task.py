"""Predicting factors where another factor, fixed in training, takes other values."""

from collections.abc import Sequence

import numpy as np

from disentlib.data.randomness import RNG, generator, integers
from disentlib.metrics.downstream.downstream_task import Predictor, accuracies
from disentlib.metrics.downstream.fairness import codes_of, draw_factors
from disentlib.metrics.protocol import CodeTable


def strong_downstream_task(
    table: CodeTable,
    *,
    sampled: bool = False,
    predictor: Predictor = "gradient_boosting",
    sizes: Sequence[int] = (1000,),
    test_samples: int = 5_000,
    repeats: int = 1,
    rng: RNG = 0,
) -> dict[str, float]:
    """Return accuracies under a shift, and 1 - (accuracy under the shift / accuracy without it).

    For each factor to predict, another one is drawn; it has one value in all training samples and
    only others in test samples. A predictor that needs its factor's codes alone does not mind.

    Args:
        table: codes of a data set's grid.
        sampled: whether codes are drawn from their distribution.
        predictor: as in `downstream_task`.
        sizes: numbers of training samples.
        test_samples: how many samples to test on.
        repeats: how many shifts each factor is predicted under.
        rng: draws samples, shifts and codes.

    Returns:
        Figures by name for each number n of training samples: without a shift
        "n:mean_train_accuracy" and "n:mean_test_accuracy" over factors, under it
        "n:mean_strong_train_accuracy" and "n:mean_strong_test_accuracy", and
        "n:strong_generalization_gap", at most 1, 0 where the shift costs nothing.

    Raises:
        ValueError: if fewer than two factors vary, or the predictor is unknown.

    Reference:
        Locatello, Poole, Rätsch, Schölkopf, Bachem and Tschannen, "Weakly-Supervised
        Disentanglement Without Compromises" (2020).
    """
    values = np.array(table.sizes)
    varying = np.flatnonzero(values > 1)
    if len(varying) < 2:
        raise ValueError(f"expected at least 2 factors that vary, got {len(varying)}")
    random = generator(rng)
    figures: dict[str, float] = {}
    for size in sizes:
        train = draw_factors(random, values, size)
        test = draw_factors(random, values, test_samples)
        plain = accuracies(
            codes_of(table, train, sampled, random),
            train[:, varying],
            codes_of(table, test, sampled, random),
            test[:, varying],
            predictor,
        )
        shifted = []
        for target in varying:
            for _ in range(repeats):
                others = varying[varying != target]
                moved = int(others[integers(random, len(others), 1)[0]])
                value = int(integers(random, int(values[moved]), 1)[0])
                strong_train, strong_test = train.copy(), test.copy()
                strong_train[:, moved] = value
                # Uniform over the values that training never shows.
                drawn = integers(random, int(values[moved]) - 1, test_samples)
                strong_test[:, moved] = drawn + (drawn >= value)
                moved_accuracies = accuracies(
                    codes_of(table, strong_train, sampled, random),
                    strong_train[:, [target]],
                    codes_of(table, strong_test, sampled, random),
                    strong_test[:, [target]],
                    predictor,
                )
                shifted.append((moved_accuracies.train[0], moved_accuracies.test[0]))
        strong = np.mean(shifted, axis=0)
        accuracy = float(plain.test.mean())
        figures |= {
            f"{size}:mean_train_accuracy": float(plain.train.mean()),
            f"{size}:mean_test_accuracy": accuracy,
            f"{size}:mean_strong_train_accuracy": float(strong[0]),
            f"{size}:mean_strong_test_accuracy": float(strong[1]),
            f"{size}:strong_generalization_gap": 1 - float(strong[1]) / accuracy,
        }
    return figures
