"""AdaGVAE on pairs disentangles better than BetaVAE on the same number of images.

    python tools/science/pairs.py

DCI disentanglement of the means over all images of the set.
"""

from common import SPRITES, codes, head, row, trained

from disentlib import data, metrics, models

SEEDS = 3


if __name__ == "__main__":

    def images(source, *, batch_size, seed):
        return data.streams.images(source, batch_size=2 * batch_size, seed=seed)

    def one_changed(source, *, batch_size, seed):
        return data.streams.pairs(source, batch_size=batch_size, seed=seed, changed=1)

    head("method", "DCI disentanglement")
    for name, method, stream, beta in (
        ("BetaVAE, β = 1", models.BetaVAE, images, 1.0),
        ("BetaVAE, β = 4", models.BetaVAE, images, 4.0),
        ("AdaGVAE, β = 1, one factor changed", models.AdaGVAE, one_changed, 1.0),
        ("AdaGVAE, β = 1, any number changed", models.AdaGVAE, data.streams.pairs, 1.0),
    ):
        scores = []
        for seed in range(SEEDS):
            factors, mean, _ = codes(trained(method, seed=seed, stream=stream, beta=beta)[0])
            n = SPRITES.grid_size
            scores.append(metrics.dci(mean[:n], factors[:n], rng=seed).disentanglement)
        row(name, scores)
