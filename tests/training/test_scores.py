"""Scores while a model trains, against the scores of arrays."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from disentlib import data, metrics, models, training
from disentlib.models import architectures as nets

RNG = np.random.default_rng(0)
SIZES = (3, 1, 6)  # the second never varies
FACTORS = RNG.integers(SIZES, size=(640, 3))
CODES = (FACTORS[:, [0, 2, 2, 0]] + 0.3 * RNG.normal(size=(640, 4))).astype(np.float32)
RANGE = {"low": CODES.min(axis=0), "high": CODES.max(axis=0), "dims": 4}


@pytest.mark.parametrize(
    ("streaming", "of_arrays"),
    [(training.MIG, metrics.mig), (training.Modularity, metrics.modularity)],
)
@pytest.mark.filterwarnings("ignore:factor 1 has a single value")
def test_batches_in_any_number_give_the_score_of_the_arrays(streaming, of_arrays):
    metric = streaming(SIZES, **RANGE)
    assert np.isnan(metric.result())
    for start in range(0, 640, 80):
        metric.update_state(FACTORS[start : start + 80], CODES[start : start + 80])
    expected = of_arrays(CODES, FACTORS, bins=20)
    assert float(metric.result()) == pytest.approx(expected, abs=1e-12)
    metric.reset_state()
    assert np.isnan(metric.result())
    again = streaming.from_config(metric.get_config())
    again.update_state(FACTORS, CODES)
    assert float(again.result()) == pytest.approx(expected, abs=1e-12)


def test_mistakes_are_named():
    with pytest.raises(ValueError, match="expected low < high for every code, got 1 and 1"):
        training.MIG(SIZES, low=1, high=1, dims=4)
    with pytest.raises(ValueError, match="sample_weight must be None"):
        training.MIG(SIZES, **RANGE).update_state(FACTORS, CODES, np.ones(640))
    with pytest.raises(ValueError, match="every of at least 1 epoch, got 0"):
        training.MetricsCallback(data.DSpritesRendered(), every=0)


def small(sprites):
    model = models.BetaVAE(
        nets.linear_encoder(sprites.image_shape, latents=3),
        nets.linear_decoder(sprites.image_shape, latents=3),
    )
    return model, data.streams.images(sprites, batch_size=8, seed=0)


def test_compiled_into_a_model_it_scores_the_means_of_the_codes():
    sprites = data.MiniSprites()
    model, _ = small(sprites)
    factors, images = sprites.sample(64, 0)
    images = images.astype(np.float32) / 255
    metric = training.MIG(sprites.sizes, low=-10, high=10, dims=3, name="mig")
    model.compile("adam", metrics=[metric])
    batches = tf.data.Dataset.from_tensor_slices((images, factors)).batch(16)
    got = model.evaluate(batches, return_dict=True, verbose=0)
    alone = training.MIG(sprites.sizes, low=-10, high=10, dims=3)
    alone.update_state(factors, model.encode(images)[0])
    assert got["mig"] == pytest.approx(float(alone.result()), abs=1e-6)


def test_the_callback_scores_every_so_many_epochs(tmp_path):
    sprites = data.MiniSprites()
    model, stream = small(sprites)
    model.compile("adam")
    callback = training.MetricsCallback(
        sprites, metrics=["mig"], every=2, samples=200, log_dir=tmp_path
    )
    history = model.fit(stream, steps_per_epoch=2, epochs=4, callbacks=[callback], verbose=0)
    assert len(callback.tables) == 2
    assert len(history.history["mean/mig"]) == 2
    expected = metrics.evaluate_encoder(
        sprites, model.encode, metrics=["mig"], samples=200, test_samples=100, rng=0
    )
    assert history.history["mean/mig"][-1] == expected.value("mig", representation="mean")
    assert history.history["sampled/mig"][-1] == expected.value("mig", representation="sampled")
    assert list(tmp_path.glob("events.out.tfevents.*"))


def test_the_callback_wants_a_model_of_disentlib():
    model = keras.Sequential([keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    with pytest.raises(TypeError, match="expected a model of disentlib, got Sequential"):
        model.fit(
            np.ones((2, 1)),
            np.ones((2, 1)),
            callbacks=[training.MetricsCallback(data.MiniSprites())],
            verbose=0,
        )
