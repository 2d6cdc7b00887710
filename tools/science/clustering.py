"""A learned prior of clusters makes codes as stable under retraining as one that is told them.

    python tools/science/clustering.py [sources] [digits]

Four sources in 15 clusters, mixed to eight variables (Willetts and Paige, 2021): 6,200 steps of
128, two draws of the data, five seeds each. Weak MCC between the codes of every pair of seeds, on
samples that the maps were not fitted on; the clusters' majority accuracy; strong MCC with the
truth. "Told the clusters" is iVAE's prior, a table of means and variances by the true cluster, and
an encoder of x alone. Digits are scikit-learn's, three seeds of 2,240 steps of 64.
"""

import argparse
import tempfile
from functools import partial
from pathlib import Path

import keras
import numpy as np

import disentlib
from disentlib import data, metrics, models, training
from disentlib.models import likelihoods, networks, priors

SEEDS, DRAWS = (1, 2, 3, 4, 5), (1, 2)


def vae(encoder, decoder, *, seed, likelihood, **_):
    """Return the baseline without clusters."""
    return models.VAE(encoder, decoder, likelihood=likelihood(), seed=seed)


def told(encoder, decoder, *, seed, clusters, likelihood, **_):
    """Return a VAE whose prior is a table by the true cluster."""
    latents = decoder.input_shape[-1]
    tables = {name: networks.table(clusters, latents, name=name) for name in ("mean", "logvar")}
    prior = priors.Conditional(clusters, latents, **tables)
    return models.VAE(encoder, decoder, prior=prior, likelihood=likelihood(), seed=seed)


def vade(encoder, decoder, *, seed, clusters, likelihood, pretraining_steps, steps, rate):
    """Return VaDE whose first stage is a VAE, or which starts at random."""
    schedule = keras.optimizers.schedules.CosineDecay(rate, steps - pretraining_steps)
    return models.VaDE(
        encoder,
        decoder,
        clusters=clusters,
        pretraining="vae",
        pretraining_steps=pretraining_steps,
        mixture_optimizer=keras.optimizers.Adam(schedule, name="mixture_optimizer"),
        likelihood=likelihood(),
        seed=seed,
    )


def random_start(*arguments, **options):
    """Return VaDE without pretraining."""
    return vade(*arguments, **options | {"pretraining_steps": 0})


METHODS = {
    "VAE": vae,
    "VaDE": vade,
    "VaDE, random start": random_start,
    "told the clusters": told,
}


def trained(method, source, *, seed, steps, batch_size, latents, units, rate, **options):
    """Train a model as a run; return it and the loss of the finished run."""
    schedule = keras.optimizers.schedules.CosineDecay(rate, steps)
    parts = (networks.mlp_encoder, networks.mlp_decoder)
    encoder, decoder = (partial(part, units=units, activation="leaky_relu") for part in parts)
    with tempfile.TemporaryDirectory() as folder:
        training.train(
            run_dir=folder,
            data=source,
            model=partial(method, steps=steps, rate=rate, **options),
            parts={
                "encoder": lambda shape, *, latents: encoder(shape, latents=latents),
                "decoder": lambda shape, *, latents: decoder(shape, latents=latents),
            },
            optimizer=lambda: keras.optimizers.Adam(schedule),
            stream=data.streams.batches,
            latents=latents,
            steps=steps,
            batch_size=batch_size,
            seed=seed,
            log_every=steps // 10,
            checkpoint_every=steps // 10,
            quiet=True,
        )
        run = disentlib.Run(Path(folder))
        return run.model, run.metrics["evaluation"]["loss"]


def head(*columns):
    """Print the head of a table."""
    print("| " + " | ".join(("model", *columns)) + " |\n" + "|---" * (len(columns) + 1) + "|")


def cells(values, digits=3):
    """Return the mean and the standard deviation."""
    return f"{np.mean(values):.{digits}f} ± {np.std(values):.{digits}f}"


def stability(codes, components):
    """Return strong and weak stability over seeds."""
    return [
        metrics.seed_stability(codes, kind=kind, components=components)
        for kind in ("strong", "weak")
    ]


def compare(name, weak, other):
    """Print the tests of two methods over seeds."""
    print(f"\n{name}: {metrics.compare_seed_stability(weak, other)}\n", flush=True)


def sources():
    """Print a table for each draw of the data."""
    for draw in DRAWS:
        maker = partial(data.ClusteredSources, seed=draw)
        source = maker()
        print(f"\n## Draw {draw}\n")
        print(
            "| model | weak MCC between seeds | strong | MCC with the truth, a seed each |", end=""
        )
        print(" accuracy | loss |\n|---|---|---|---|---|---|", flush=True)
        weak_of = {}
        for name, method in METHODS.items():
            codes, truths, accuracy, losses = [], [], [], []
            for seed in SEEDS:
                model, loss = trained(
                    method,
                    maker,
                    seed=seed,
                    steps=6200,
                    batch_size=128,
                    latents=4,
                    units=128,
                    rate=3e-3,
                    clusters=15,
                    pretraining_steps=1240,
                    likelihood=partial(likelihoods.Gaussian, scale=0.1),
                )
                codes.append(np.asarray(model.encode(source.observations)[0]))
                truths.append(
                    metrics.mcc(codes[-1], source.sources, continuous=True, out_of_sample=True)
                )
                losses.append(loss)
                if hasattr(model, "clusters"):
                    p = model.clusters(source.observations)
                    accuracy.append(metrics.cluster_accuracy(p, source.clusters).accuracy)
            strong, weak_of[name] = stability(codes, 4)
            each = " ".join(f"{value:.3f}" for value in truths)
            between = [cells(one.out_of_sample.values) for one in (weak_of[name], strong)]
            values = (name, *between, each, cells(accuracy) if accuracy else "", cells(losses, 2))
            print("| " + " | ".join(values) + " |", flush=True)
        for other in ("VAE", "told the clusters"):
            compare(f"VaDE against {other}", weak_of["VaDE"], weak_of[other])


def digits():
    """Print the table of scikit-learn's digits."""
    source = data.Digits()
    labels = source.example_factors()[:, 0]
    print(
        "\n## Digits\n\n| model | weak MCC between seeds | strong | accuracy |\n|---|---|---|---|"
    )
    weak_of = {}
    for name, method in (("VAE", vae), ("VaDE", vade)):
        codes, accuracy = [], []
        for seed in SEEDS[:3]:
            model, _ = trained(
                method,
                data.Digits,
                seed=seed,
                steps=2240,
                batch_size=64,
                latents=8,
                units=128,
                rate=3e-3,
                clusters=20,
                pretraining_steps=448,
                likelihood=likelihoods.Bernoulli,
            )
            codes.append(np.asarray(model.encode(source.observations)[0]))
            if hasattr(model, "clusters"):
                p = model.clusters(source.observations)
                accuracy.append(metrics.cluster_accuracy(p, labels).accuracy)
        strong, weak_of[name] = stability(codes, 8)
        between = [cells(one.out_of_sample.values) for one in (weak_of[name], strong)]
        print("| " + " | ".join((name, *between, cells(accuracy) if accuracy else "")) + " |")
    compare("VaDE against VAE", weak_of["VaDE"], weak_of["VAE"])


def main():
    """Print the tables."""
    tables = {"sources": sources, "digits": digits}
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("tables", nargs="*", default=[*tables], choices=[*tables, []])
    for name in parser.parse_args().tables:
        tables[name]()


if __name__ == "__main__":
    main()
