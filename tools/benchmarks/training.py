"""Images a second of every method, beside its own bare step, a beta-VAE and PyTorch.

    python tools/benchmarks/training.py [NAME ...]
    python tools/benchmarks/training.py small

Columns: images/s of `fit` on a stream; its ratio to the method's own training step as a bare
`tf.function` on one constant batch (at least 0.9 is wanted); the time of that step over
beta-VAE's. Rounds of all methods are interleaved, so that a busy machine slows all alike; figures
are medians. Where PyTorch is installed, beta-VAE's step is compared with the same network written
by hand in it (at least 1.7 times as fast is wanted on CPU).

`small` compares steps a second of small networks, one a call of TensorFlow and up to 50 a call, as
`training.train` makes them (both must end with the same weights), on beta-VAE and FactorVAE of
16 x 16 sprites and on iVAE of vectors; of iVAE beside PyTorch, where that is installed.
"""

import inspect
import os
import statistics
import sys
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")  # as `import disentlib` first would

import keras
import numpy as np
import tensorflow as tf

from disentlib import data, models
from disentlib.models import networks as nets
from disentlib.models.pairs import PairVAE
from disentlib.training import execution

BATCH, LATENTS = 64, 10
ROUNDS, STEPS = 5, 30
SMALL_STEPS = 50
SPRITES = data.DSpritesRendered()

# Every public method, with its defaults.
METHODS = {
    name: method
    for name, method in vars(models).items()
    if callable(method) and {"encoder", "decoder"} <= {*inspect.signature(method).parameters}
}


class Contestant:
    """A method with two ways to train: `fit` on the stream, and its step on one batch."""

    def __init__(self, name):
        method = METHODS[name]
        keras.utils.set_random_seed(0)
        options = {}
        if "label_loss" in inspect.signature(method).parameters:
            options = {"label_loss": models.LabelCrossEntropy(SPRITES.sizes)}
        self.model = method(
            nets.conv_encoder(SPRITES.image_shape, latents=LATENTS),
            nets.deconv_decoder(SPRITES.image_shape, latents=LATENTS),
            **options,
        )
        self.model.compile(keras.optimizers.Adam(1e-4, epsilon=1e-8))
        stream = data.streams.images
        if isinstance(self.model, PairVAE):
            stream = data.streams.pairs
        elif "label_loss" in options:
            stream = data.streams.labelled
        # Pairs and labelled batches hold two images for one.
        size = BATCH if stream is data.streams.images else BATCH // 2
        self.batches = stream(SPRITES, batch_size=size, seed=0)
        self.batch = next(iter(self.batches))
        self.step = tf.function(self.model.train_step)
        self.stream_times, self.bare_times = [], []
        self.check()
        self.model.fit(self.batches, steps_per_epoch=2, verbose=0)
        self.step((self.batch,) if tf.is_tensor(self.batch) else self.batch)

    def check(self):
        """Compare the objective by both paths: as `fit` logs it, and evaluated by hand."""
        x, y = (self.batch, None) if tf.is_tensor(self.batch) else self.batch
        by_hand = float(self.model.regularized_objective(x, y, self.model(x))[0])
        logged = self.model.evaluate(
            tf.data.Dataset.from_tensors(self.batch), verbose=0, return_dict=True
        )
        assert np.isfinite(by_hand)
        assert abs(logged["loss"] - by_hand) < 1e-3 * abs(by_hand), (logged, by_hand)

    def round(self):
        """Time both ways once."""
        start = time.perf_counter()
        logs = self.model.fit(self.batches, steps_per_epoch=STEPS, verbose=0).history
        self.stream_times.append((time.perf_counter() - start) / STEPS)
        assert np.isfinite(list(logs.values())).all(), logs
        argument = (self.batch,) if tf.is_tensor(self.batch) else self.batch
        start = time.perf_counter()
        for _ in range(STEPS):
            found = self.step(argument)
        float(found["loss"])
        self.bare_times.append((time.perf_counter() - start) / STEPS)


class Torch:
    """The beta-VAE of the study, hand-written in PyTorch, on one constant batch."""

    def __init__(self, torch, images):
        from torch import nn

        self.torch = torch
        torch.manual_seed(0)
        self.images = torch.tensor(np.moveaxis(np.asarray(images), 3, 1).copy())
        channels = self.images.shape[1]
        self.encoder = nn.Sequential(
            *(nn.Conv2d(channels, 32, 4, 2, 1), nn.ReLU(), nn.Conv2d(32, 32, 4, 2, 1), nn.ReLU()),
            *(nn.Conv2d(32, 64, 2, 2), nn.ReLU(), nn.Conv2d(64, 64, 2, 2), nn.ReLU()),
            *(nn.Flatten(), nn.Linear(1024, 256), nn.ReLU(), nn.Linear(256, 2 * LATENTS)),
        )
        self.decoder = nn.Sequential(
            *(nn.Linear(LATENTS, 256), nn.ReLU(), nn.Linear(256, 1024), nn.ReLU()),
            *(nn.Unflatten(1, (64, 4, 4)), nn.ConvTranspose2d(64, 64, 4, 2, 1), nn.ReLU()),
            *(nn.ConvTranspose2d(64, 32, 4, 2, 1), nn.ReLU()),
            *(nn.ConvTranspose2d(32, 32, 4, 2, 1), nn.ReLU()),
            nn.ConvTranspose2d(32, channels, 4, 2, 1),
        )
        own = [*self.encoder.parameters(), *self.decoder.parameters()]
        self.parameters = sum(parameter.numel() for parameter in own)
        self.optimizer = torch.optim.Adam(own, lr=1e-4, eps=1e-8)
        self.times = []
        self.step()

    def step(self):
        """Take a step; return the loss."""
        torch = self.torch
        mean, logvar = self.encoder(self.images).chunk(2, dim=1)
        z = mean + torch.exp(logvar / 2) * torch.randn_like(mean)
        reconstruction = torch.nn.functional.binary_cross_entropy_with_logits(
            self.decoder(z), self.images, reduction="sum"
        )
        kl = 0.5 * (mean**2 + logvar.exp() - logvar - 1).sum()
        loss = (reconstruction + 4 * kl) / len(self.images)
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        return loss.item()

    def round(self):
        """Time some steps."""
        start = time.perf_counter()
        for _ in range(STEPS):
            loss = self.step()
        self.times.append((time.perf_counter() - start) / STEPS)
        assert np.isfinite(loss)


class Small:
    """A method with small networks, trained with one step a call and with several."""

    def __init__(self, make, batches):
        self.models = []
        for _ in range(2):
            keras.utils.set_random_seed(0)
            self.models.append(make())
        self.streams = [iter(batches), iter(batches)]
        self.functions = []
        for model, at_once in zip(self.models, (1, SMALL_STEPS), strict=True):
            model.steps_per_execution = at_once
            if at_once > 1:
                model.train_function = execution.train_function(model)
            model.make_train_function()
            self.functions.append(model.train_function)
        self.times = [[], []]
        self.step()
        self.times = [[], []]

    def step(self):
        """Make the same number of steps both ways and time them."""
        sides = zip(self.models, self.functions, self.streams, self.times, strict=True)
        for model, function, stream, times in sides:
            start = time.perf_counter()
            for _ in range(SMALL_STEPS // model.steps_per_execution):
                logs = function(stream)
            float(logs["loss"])
            times.append((time.perf_counter() - start) / SMALL_STEPS)

    def check(self):
        """Both ways make the same weights, to the last bit."""
        for one, other in zip(*(model.weights for model in self.models), strict=True):
            np.testing.assert_array_equal(one, other)


class TorchIVAE:
    """iVAE as published, hand-written in PyTorch: the same networks, weights and batch."""

    def __init__(self, torch, batch):
        from torch import nn

        def mlp(inputs):
            return nn.ModuleList([nn.Linear(inputs, 100), nn.Linear(100, 100), nn.Linear(100, 5)])

        self.torch, self.times = torch, []
        self.x, self.u = (torch.tensor(np.asarray(batch[name])) for name in ("x", "u"))
        self.variance, self.decode, self.mean, self.logvar = mlp(40), mlp(5), mlp(45), mlp(45)
        nets = (self.variance, self.decode, self.mean, self.logvar)
        own = [weight for net in nets for weight in net.parameters()]
        self.optimizer = torch.optim.Adam(own, lr=0.01)
        self.step()
        self.times = []

    def run(self, net, x):
        """Return what a perceptron makes of x."""
        for layer in net[:-1]:
            x = layer(x)
            x = self.torch.tanh(x) + 0.1 * x
        return net[-1](x)

    def density(self, x, mean, variance):
        """Return the log density of a Gaussian."""
        return -0.5 * (self.torch.log(2 * np.pi * variance) + (x - mean) ** 2 / variance)

    def step(self):
        """Make steps and time them."""
        torch, start = self.torch, time.perf_counter()
        for _ in range(SMALL_STEPS):
            seen = torch.cat([self.x, self.u], 1)
            mean, variance = self.run(self.mean, seen), self.run(self.logvar, seen).exp()
            z = mean + variance.sqrt() * torch.randn_like(mean)
            x = self.density(self.x, self.run(self.decode, z), torch.tensor(0.1)).sum(1)
            q = self.density(z, mean, variance).sum(1)
            prior = self.density(z, torch.zeros(1), self.run(self.variance, self.u).exp()).sum(1)
            pairs = self.density(z[:, None], mean[None], variance[None])
            joint = torch.logsumexp(pairs.sum(2), 1) - np.log(BATCH)
            marginals = (torch.logsumexp(pairs, 1) - np.log(BATCH)).sum(1)
            loss = -(100 * x - (q - joint) - 10 * (marginals - prior)).mean()
            self.optimizer.zero_grad()
            loss.backward()
            self.optimizer.step()
            last = loss.item()
        self.times.append((time.perf_counter() - start) / SMALL_STEPS)
        assert np.isfinite(last)


def small():
    """Compare one step a call of TensorFlow with several."""
    # As `training.train` has it: sums keep their order.
    tf.config.optimizer.set_experimental_options({"arithmetic_optimization": False})
    sprites = data.MiniSprites()
    sources = data.NonstationarySources(seed=1)

    def made(method, *networks, rate=1e-3, **options):
        model = method(*(network() for network in networks), **options)
        model.compile(keras.optimizers.Adam(rate))
        return model

    images = (
        lambda: nets.fc_encoder(sprites.image_shape, latents=6, units=128),
        lambda: nets.fc_decoder(sprites.image_shape, latents=6, units=128),
    )

    def factor_vae():
        discriminator = nets.fc_discriminator(latents=6, units=128)
        return made(models.FactorVAE, *images, discriminator=discriminator)

    def ivae():
        prior = models.priors.Conditional(condition=40, latents=5)
        networks = (
            lambda: nets.mlp_encoder(5, latents=5, condition=40),
            lambda: nets.mlp_decoder(5, latents=5),
        )
        return made(models.IVAE, *networks, rate=0.01, prior=prior)

    mini = data.streams.images(sprites, batch_size=BATCH, seed=0)
    vectors = data.streams.batches(sources, batch_size=BATCH, seed=0)
    contestants = {
        "BetaVAE": Small(lambda: made(models.BetaVAE, *images), mini),
        "FactorVAE": Small(factor_vae, mini),
        "IVAE": Small(ivae, vectors),
    }
    try:
        import torch
    except ImportError:
        other = None
    else:
        other = TorchIVAE(torch, next(iter(vectors))[0])
    for _ in range(ROUNDS):
        for contestant in contestants.values():
            contestant.step()
        if other:
            other.step()
    print("| method | steps/s, one a call | several a call | ratio |\n|---|---|---|---|")
    for name, one in contestants.items():
        one.check()
        single, several = (1 / statistics.median(times) for times in one.times)
        ratio = statistics.median(a / b for a, b in zip(*one.times, strict=True))
        print(f"| {name} | {single:.0f} | {several:.0f} | {ratio:.2f} |")
    if other:
        pairs = zip(other.times, contestants["IVAE"].times[1], strict=True)
        ratio = statistics.median(theirs / ours for theirs, ours in pairs)
        print(f"\niVAE trains {ratio:.2f} times as fast as in PyTorch {torch.__version__}.")


def main(names):
    contestants = {name: Contestant(name) for name in dict.fromkeys(["BetaVAE", *names])}
    beta = contestants["BetaVAE"]
    try:
        import torch
    except ImportError:
        other = None
    else:
        other = Torch(torch, beta.batch)
        assert other.parameters == beta.model.count_params()
    for _ in range(ROUNDS):
        for contestant in contestants.values():
            contestant.round()
        if other:
            other.round()

    print("| method | images/s | of its bare step | bare step over BetaVAE's |\n|---|---|---|---|")
    for name, one in contestants.items():
        speed = BATCH / statistics.median(one.stream_times)
        pairs = zip(one.bare_times, one.stream_times, strict=True)
        ratio = statistics.median(bare / stream for bare, stream in pairs)
        pairs = zip(one.bare_times, beta.bare_times, strict=True)
        cost = statistics.median(bare / reference for bare, reference in pairs)
        print(f"| {name} | {speed:.0f} | {ratio:.2f} | {cost:.2f} |")
    if other:
        pairs = zip(other.times, beta.bare_times, strict=True)
        ratio = statistics.median(theirs / ours for theirs, ours in pairs)
        print(f"\nBetaVAE's step is {ratio:.2f} times as fast as PyTorch {torch.__version__}'s.")


if __name__ == "__main__":
    if sys.argv[1:] == ["small"]:
        small()
    else:
        main(sys.argv[1:] or METHODS)
