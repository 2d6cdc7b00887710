"""iVAE recovers nonstationary sources up to order, sign and scale where they are mixed well.

    python tools/science/ivae.py [ROW ...]

40 segments of 1,000 samples, five sources, three layers of mixing; 12,500 steps of 64 with the
published weights (Khemakhem et al., 2020). Each seed draws other data and other networks. Strong
MCC (one code a source) tells the models apart; weak MCC, after a linear map, does not.
"Any mixing" lifts the bound of the mixing matrix's condition number.
"""

import argparse

import keras
import numpy as np
from common import train

from disentlib import data, metrics, models
from disentlib.models import networks, priors

STEPS, SOURCES, SEEDS = 12_500, 5, (1, 2, 3)
WELL = 2.1  # the published data, a single draw, are mixed with condition number 2.02
IVAE = (100.0, 1.0, 0.0, 10.0)

# name: condition number's bound, segments, weights, what the model knows of u
ROWS = {
    "iVAE": (WELL, 40, IVAE, "u"),
    "iVAE, u shuffled": (WELL, 40, IVAE, "shuffled"),
    "VAE": (WELL, 40, (1000.0, 1.0, 1.0, 1.0), None),
    "iVAE, 20 segments": (WELL, 20, IVAE, "u"),
    "iVAE, 10 segments": (WELL, 10, IVAE, "u"),
    "iVAE, 5 segments": (WELL, 5, IVAE, "u"),
    "iVAE, 2 segments": (WELL, 2, IVAE, "u"),
    "iVAE, any mixing": (None, 40, IVAE, "u"),
    "VAE, any mixing": (None, 40, (1000.0, 1.0, 1.0, 1.0), None),
}


def scores(condition_number, segments, weights, knows, *, seed):
    """Train one model; return strong and weak MCC of its means, over all samples."""
    sources = data.NonstationarySources(
        segments=segments, condition_number=condition_number, seed=seed
    )
    if knows == "shuffled":
        sources.condition = np.random.default_rng(seed).permutation(sources.condition)
    length = segments if knows else None
    keras.utils.set_random_seed(seed)
    model = models.IVAE(
        networks.mlp_encoder(sources.shape, latents=SOURCES, condition=length),
        networks.mlp_decoder(sources.shape, latents=SOURCES),
        prior=priors.Conditional(length, SOURCES) if knows else priors.Normal([1.0] * SOURCES),
        weights=weights,
        seed=seed,
    )
    train(
        model,
        data.streams.batches(sources, batch_size=64, seed=seed).take(STEPS),
        steps=STEPS,
        rate=1e-2,
    )
    x = {"x": sources.observations, "u": sources.condition} if knows else sources.observations
    mean = np.asarray(model.encode(x)[0])
    return (
        metrics.mcc(mean, sources.sources, continuous=True),
        metrics.weak_mcc(mean, sources.sources, continuous=True),
    )


def main():
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("rows", nargs="*", default=list(ROWS), metavar="ROW", help=", ".join(ROWS))
    print("| model | strong MCC, a seed each | mean ± spread | weak MCC |\n|---|---|---|---|")
    for name in parser.parse_args().rows:
        strong, weak = zip(*(scores(*ROWS[name], seed=seed) for seed in SEEDS), strict=True)
        each = " ".join(f"{value:.3f}" for value in strong)
        means = (f"{np.mean(values):.3f} ± {np.std(values):.3f}" for values in (strong, weak))
        print("| " + " | ".join((name, each, *means)) + " |", flush=True)


if __name__ == "__main__":
    main()
