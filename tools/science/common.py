"""What the scripts share: small networks on MiniSprites, a training run, a table."""

import os
from functools import partial

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from disentlib import data

SPRITES = data.MiniSprites()
LATENTS = 6
POOL = 300  # batches in memory


def encoder(latents=LATENTS):
    """Return two dense layers of 128 and two heads."""
    images = layers.Input(SPRITES.image_shape)
    x = layers.Flatten()(images)
    for _ in range(2):
        x = layers.Dense(128, activation="relu")(x)
    return keras.Model(images, [layers.Dense(latents)(x), layers.Dense(latents)(x)])


def decoder(latents=LATENTS):
    """Return two dense layers of 128 and one to the pixels."""
    codes = layers.Input((latents,))
    x = codes
    for _ in range(2):
        x = layers.Dense(128, activation="relu")(x)
    x = layers.Dense(int(np.prod(SPRITES.image_shape)))(x)
    return keras.Model(codes, layers.Reshape(SPRITES.image_shape)(x))


def discriminator(latents=LATENTS):
    """Return a small discriminator for FactorVAE."""
    codes = layers.Input((latents,))
    x = codes
    for _ in range(3):
        x = layers.LeakyReLU(negative_slope=0.2)(layers.Dense(128)(x))
    return keras.Model(codes, layers.Dense(2)(x))


def trained(method, *, seed, steps=4000, stream=data.streams.images, rate=1e-3, **options):
    """Return a model trained for so many steps of 64 images (or pairs), and its logged terms."""
    keras.utils.set_random_seed(seed)
    options = {
        name: value() if callable(value) else value for name, value in options.items()
    }  # what has weights is made after the seed is set
    model = method(encoder(), decoder(), seed=seed, **options)
    batches = stream(SPRITES, batch_size=64, seed=seed).take(POOL)
    return model, train(model, batches, steps=steps, rate=rate)


def train(model, batches, *, steps, rate, rows=10):
    """Train as `fit` does, many steps in one compiled loop, over the batches again and again.

    Returns:
        A column of `rows` means for each term.
    """
    schedule = keras.optimizers.schedules.CosineDecay(rate, steps)
    model.compile(keras.optimizers.Adam(schedule, epsilon=1e-8), jit_compile=True)
    drawn = [batch if isinstance(batch, tuple) else (batch,) for batch in batches]
    pool = tf.nest.map_structure(lambda *parts: tf.stack(parts), *drawn)

    @tf.function(jit_compile=True)
    def many(first, pool):
        # A range or a slice from `first` would be compiled anew for each row.
        for step in tf.range(steps // rows):
            batch = partial(tf.gather, indices=(first + step) % len(drawn))
            model.train_step(tf.nest.map_structure(batch, pool))

    history = []
    for row in range(rows):
        model.reset_metrics()
        many(tf.constant(row * steps // rows), pool)
        history.append({name: float(value) for name, value in model.get_metrics_result().items()})
    return {name: [row[name] for row in history] for name in history[0]}


def codes(model):
    """Return factors, means and samples of the posteriors of every image of the set, thrice."""
    factors = np.tile(SPRITES.grid_factors(range(SPRITES.grid_size)), (3, 1))
    mean, logvar = (np.asarray(part) for part in model.encode(SPRITES.images(factors)))
    noise = np.random.default_rng(0).normal(size=mean.shape)
    return factors, mean, (mean + np.exp(logvar / 2) * noise).astype(np.float32)


def row(name, values, *, digits=3):
    """Print a name, the value of every seed, their mean and standard deviation, as Markdown."""
    each = " ".join(f"{value:.{digits}f}" for value in values)
    mean, spread = np.mean(values), np.std(values)
    print(f"| {name} | {each} | {mean:.{digits}f} ± {spread:.{digits}f} |", flush=True)


def head(name, what):
    """Print the head of a table of rows."""
    print(f"| {name} | {what}, a seed each | mean ± spread |\n|---|---|---|", flush=True)
