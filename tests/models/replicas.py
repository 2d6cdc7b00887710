"""Train methods on two logical devices; print what happened as JSON.

A program, for logical devices must be configured before TensorFlow starts.
"""

import json
import sys

import keras
import numpy as np
import tensorflow as tf
from test_conformance import FITTED, METHODS, batch, batches, build, quiet

from disentlib import models

DEVICES = [tf.config.LogicalDeviceConfiguration()] * 2


def gradients(model, x, y):
    """Return the gradient of the whole loss, as one vector."""
    with tf.GradientTape() as tape:
        loss = model.compute_loss(x, y, model(x, training=True))
    found = tape.gradient(loss, model.main_variables)
    return np.concatenate([np.ravel(gradient) for gradient in found])


def reference(name, weights, x, y, *, share=1.0):
    """Return the gradient on one device, for a share of the batch."""
    model = quiet(build(name))
    for regularizer in model.regularizers:
        if isinstance(regularizer, models.LabelCrossEntropy | models.LabelSquaredError):
            regularizer.gamma /= share  # a sum over all images, where all else is a mean
    model.set_weights(weights)
    return gradients(model, x, y)


def values(variables):
    """Return variables as one vector."""
    return np.concatenate([np.ravel(variable) for variable in variables])


def run(name, strategy):
    """Take one step without noise; tell how far it is from what one device makes of the batch."""
    with strategy.scope():
        model = build(name)
        model.compile(keras.optimizers.SGD(1.0), run_eagerly=True)
    weights, old = model.get_weights(), values(model.main_variables)
    zeros = tf.zeros((4, 3))
    noise = strategy.run(lambda: model.sample(zeros, zeros))
    first, second = (np.asarray(part) for part in strategy.experimental_local_results(noise))

    x, y = batch(name)
    half = len(x) // 2
    parts = [(x[:half], y if y is None else y[:half]), (x[half:], y if y is None else y[half:])]
    data = strategy.experimental_distribute_values_from_function(
        lambda context: parts[context.replica_id_in_sync_group]
    )
    strategy.run(quiet(model).train_step, args=(data,))
    step = old - values(model.main_variables)
    halves = np.mean([reference(name, weights, *part, share=0.5) for part in parts], axis=0)
    whole = reference(name, weights, x, y)
    return {
        "noise_differs": not np.isclose(first, second).any(),
        "terms": {term: float(value) for term, value in model.get_metrics_result().items()},
        "steps": int(model.step) // model.steps_per_update,
        "error_of_halves": float(np.linalg.norm(step - halves) / np.linalg.norm(halves)),
        "error_of_whole": float(np.linalg.norm(step - whole) / np.linalg.norm(whole)),
    }


def fit(name, strategy):
    """Return the history of a model fitted as users do."""
    with strategy.scope():
        model = build(name)
    history = model.fit(batches(METHODS[name].kind), epochs=3, verbose=0).history
    return {"history": history, "steps": int(model.step)}


if __name__ == "__main__":
    tf.config.set_logical_device_configuration(tf.config.list_physical_devices("CPU")[0], DEVICES)
    strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
    names = sys.argv[1:] or METHODS
    steps = {name: run(name, strategy) for name in names}
    fits = {name: fit(name, strategy) for name in FITTED if name in names}
    print(json.dumps({"steps": steps, "fits": fits}))
