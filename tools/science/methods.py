"""Every method on MiniSprites: what to expect of it before a long run.

    python tools/science/methods.py [NAME ...]

Reconstruction and KL in nats at the end, active latents (their means vary by more than 0.01),
mutual information gap and DCI disentanglement of the means over all images of the set; mean and
spread of three seeds.
"""

import functools
import sys

import numpy as np
from common import SPRITES, codes, discriminator, trained

from disentlib import data, metrics, models
from disentlib.visualization.posteriors import active_units

SEEDS = 3
PAIRS = {"stream": functools.partial(data.streams.pairs, changed=1)}
LABELS = {
    "stream": functools.partial(data.streams.labelled, labels=100),
    "label_loss": lambda: models.LabelCrossEntropy(SPRITES.sizes),
}
METHODS = {
    "VAE": {},
    "BetaVAE": {"beta": 4.0},
    "AnnealedVAE": {"c_max": 10.0, "gamma": 100.0, "iteration_threshold": 3000},
    "FactorVAE": {"gamma": 10.0, "discriminator": discriminator},
    "DIPVAE": {"lambda_off_diagonal": 10.0},
    "BetaTCVAE": {"beta": 4.0},
    "HFSVAE": {"gamma": 1.0},
    "InfoVAE": {},
    "ControlVAE": {"target": 10.0, "target_increment": 1.0, "increment_every": 250},
    "GroupVAE": PAIRS,
    "MLVAE": PAIRS,
    "AdaGVAE": PAIRS,
    "AdaMLVAE": PAIRS,
    "S2VAE": {"beta": 4.0, **LABELS},
    "S2FactorVAE": {"gamma": 10.0, "discriminator": discriminator, **LABELS},
    "S2DIPVAE": {"lambda_off_diagonal": 10.0, **LABELS},
    "S2BetaTCVAE": {"beta": 4.0, **LABELS},
    "SupervisedVAE": LABELS,
}


def figures(name, seed):
    """Train; return reconstruction, KL, active latents, MIG and DCI disentanglement."""
    model, history = trained(getattr(models, name), seed=seed, **METHODS[name])
    factors, mean, _ = codes(model)
    n = SPRITES.grid_size
    active = active_units(mean[:n]).sum()
    dci = metrics.dci(mean[:n], factors[:n], rng=seed).disentanglement
    return history["reconstruction"][-1], history["kl"][-1], active, metrics.mig(mean, factors), dci


if __name__ == "__main__":
    print("| method | reconstruction | KL | active of 6 latents | MIG | DCI disentanglement |")
    print("|---|---|---|---|---|---|")
    for name in sys.argv[1:] or METHODS:
        found = np.array([figures(name, seed) for seed in range(SEEDS)])
        cells = [
            f"{mean:.{digits}f} ± {spread:.{digits}f}"
            for mean, spread, digits in zip(
                found.mean(0), found.std(0), (1, 1, 1, 2, 2), strict=True
            )
        ]
        print(f"| `{name}` | {' | '.join(cells)} |", flush=True)
