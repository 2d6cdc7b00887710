"""Batches a second of the streams, beside a generator of single images and beside training.

Run: python tools/benchmarks/streams.py [NAME ...]

A stream is fast enough when it makes at least 5 times what training a beta-VAE consumes.
"""

import os
import resource
import subprocess
import sys
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import numpy as np
import tensorflow as tf

from disentlib import data
from disentlib.data.randomness import counter

BATCH = 64


def batches_per_second(stream, seconds=5.0):
    """Return how many batches an iterator makes a second, after warming up."""
    batches = iter(stream)
    for _ in range(20):
        next(batches)
    start, count = time.perf_counter(), 0
    while time.perf_counter() - start < seconds:
        next(batches)
        count += 1
    return count / (time.perf_counter() - start)


def one_by_one(source):
    """Return the same batches from a Python generator of single images, as older libraries do."""

    def generate():
        rng = np.random.RandomState(0)
        while True:
            yield source.sample(1, rng)[1][0].astype(np.float32) / 255

    signature = tf.TensorSpec(source.image_shape, tf.float32)
    return tf.data.Dataset.from_generator(generate, output_signature=signature).batch(
        BATCH, drop_remainder=True
    )


def training_steps_per_second(image_shape):
    """Return how many batches a second training a beta-VAE of the study consumes."""
    import keras

    from disentlib import models
    from disentlib.models import networks as nets

    model = models.BetaVAE(
        nets.conv_encoder(image_shape, latents=10), nets.deconv_decoder(image_shape, latents=10)
    )
    model.compile(optimizer=keras.optimizers.Adam(1e-4, epsilon=1e-8))
    constant = tf.data.Dataset.from_tensors(tf.zeros((BATCH, *image_shape))).repeat()
    model.fit(constant, steps_per_epoch=5, verbose=0)
    start = time.perf_counter()
    model.fit(constant, steps_per_epoch=100, verbose=0)
    return 100 / (time.perf_counter() - start)


def measure(name):
    """Print the row of one set; run in a process of its own, so that its memory is its own."""
    tf.constant(0.0)  # what TensorFlow itself takes
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    source = data.load(name)
    stream = data.streams.images(source, batch_size=BATCH, seed=0)
    batch = next(iter(stream)).numpy()
    scale = 255 if source.dtype == np.uint8 else 1
    expected = source.sample(BATCH, counter(0, 0))[1].astype(np.float32) / np.float32(scale)
    np.testing.assert_allclose(batch, expected, rtol=1e-6)
    speed = batches_per_second(stream)
    memory = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1000
    generator = batches_per_second(one_by_one(source))
    training = training_steps_per_second(source.image_shape)
    print(
        f"{name:28}{speed:10.0f}{generator:11.1f}{speed / generator:7.1f}"
        f"{training:10.1f}{speed / training:7.1f}{memory:10.0f}"
    )


def main(names):
    print(
        f"{'set':28}{'batches/s':>10}{'generator':>11}{'ratio':>7}{'training':>10}{'ratio':>7}"
        f"{'MB more':>10}",
        flush=True,
    )
    for name in names:
        subprocess.run([sys.executable, __file__, "--one", name], check=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        measure(sys.argv[2])
    else:
        main(sys.argv[1:] or ["dsprites_rendered", "shapes3d_rendered"])
