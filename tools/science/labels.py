"""S2VAE with 100 perfect labels scores above its unsupervised likeness.

    python tools/science/labels.py

Mutual information gap (MIG) of the means over all images of the set.
"""

import functools

from common import SPRITES, codes, head, row, trained

from disentlib import data, metrics, models

SEEDS = 3

if __name__ == "__main__":
    labelled = functools.partial(data.streams.labelled, labels=100)
    head("method", "MIG")
    for name, method, stream, options in (
        ("BetaVAE, β = 2", models.BetaVAE, data.streams.images, {}),
        (
            "S2VAE, β = 2, 100 labels",
            models.S2VAE,
            labelled,
            {"label_loss": lambda: models.LabelCrossEntropy(SPRITES.sizes, gamma=1.0)},
        ),
    ):
        scores = []
        for seed in range(SEEDS):
            factors, mean, _ = codes(
                trained(method, seed=seed, stream=stream, beta=2.0, **options)[0]
            )
            scores.append(metrics.mig(mean, factors))
        row(name, scores)
