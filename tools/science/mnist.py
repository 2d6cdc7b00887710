"""VaDE on MNIST with the published networks: how its clusters agree with the digits.

    python tools/science/mnist.py PATH [--run_dir runs/mnist] [--epochs 60] [--pretraining 20]

PATH is mnist.npz or the folder of the IDX files (see `data.MNIST`). All 70,000 images, layers of
500, 500 and 2,000, ten latents and ten clusters, batches of 100, Adam with 0.002 that falls by a
tenth every ten epochs, down to 0.0002. The first epochs train an autoencoder; the published program
starts from the weights of a stacked one. The same command again resumes; a larger --epochs goes on.
Prints the one-to-one accuracy after the fit of the mixture and at the end (published: 94.46 % after
3,000 epochs, the best of several runs).
"""

import argparse
import time
from functools import partial

import keras

import disentlib
from disentlib import data, metrics, models, training
from disentlib.models import networks

BATCH, EPOCH = 100, 700


def vade(encoder, decoder, *, seed, pretraining_steps):
    """Return the model with the published decay of both learning rates."""
    rate = models.StepDecay(0.002, every=10 * EPOCH, factor=0.9, least=0.0002)
    return models.VaDE(
        encoder,
        decoder,
        clusters=10,
        form="analytic",
        pretraining_steps=pretraining_steps,
        mixture_optimizer=keras.optimizers.Adam(rate, epsilon=1e-4, name="mixture_optimizer"),
        seed=seed,
    )


def main():
    """Train, and print the accuracy."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("path")
    parser.add_argument("--run_dir", default="runs/mnist")
    parser.add_argument("--epochs", type=int, default=60, help="in all")
    parser.add_argument("--pretraining", type=int, default=20, help="epochs of the autoencoder")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    first = EPOCH * options.pretraining
    rate = models.StepDecay(0.002, every=10 * EPOCH, factor=0.9, least=0.0002, start=first)
    images = data.MNIST(options.path)
    for epochs in (options.pretraining, options.epochs):
        started = time.monotonic()
        training.train(
            run_dir=options.run_dir,
            data=partial(data.MNIST, options.path),
            model=partial(vade, pretraining_steps=first),
            encoder=partial(networks.fc_encoder, units=(500, 500, 2000)),
            decoder=partial(networks.fc_decoder, units=(2000, 500, 500), activation="relu"),
            optimizer=lambda: keras.optimizers.Adam(rate, epsilon=1e-4),
            steps=EPOCH * epochs,
            batch_size=BATCH,
            seed=options.seed,
            log_every=EPOCH,
            checkpoint_every=10 * EPOCH,
        )
        seconds = time.monotonic() - started
        model = disentlib.Run(options.run_dir).model
        if int(model.stage) == 0:
            model.fit_mixture(images.observations)
        clusters = model.clusters(images.observations)
        score = metrics.cluster_accuracy(
            clusters, images.example_factors()[:, 0], match="hungarian"
        )
        print(f"{epochs} epochs ({seconds:.0f} s): {score}", flush=True)


if __name__ == "__main__":
    main()
