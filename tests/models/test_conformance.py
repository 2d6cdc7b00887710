"""What holds for every method, from one table: a new method gets each test by adding its line."""

import inspect

import keras
import numpy as np
import pytest
import tensorflow as tf

from disentlib import models
from disentlib.models import architectures as nets

SHAPE = (16, 16, 1)

# Method -> its options.
METHODS = {
    models.VAE: {},
    models.BetaVAE: {"beta": 4.0},
}

every_method = pytest.mark.parametrize("method", METHODS, ids=lambda method: method.__name__)


def images(batches: int = 8, batch_size: int = 16) -> tf.data.Dataset:
    pixels = np.random.default_rng(0).uniform(size=(batches * batch_size, *SHAPE))
    return tf.data.Dataset.from_tensor_slices((pixels > 0.7).astype(np.float32)).batch(batch_size)


def build(method, *, seed: int = 0, **compile_options):
    keras.utils.set_random_seed(seed)
    encoder = nets.linear_encoder(SHAPE, latents=3)
    decoder = nets.linear_decoder(SHAPE, latents=3)
    model = method(encoder, decoder, seed=seed, **METHODS[method])
    model.compile(keras.optimizers.Adam(1e-2), **compile_options)
    return model


def test_every_public_method_is_in_the_table():
    public = {
        value
        for value in vars(models).values()
        if inspect.isclass(value) and issubclass(value, models.VAE)
    }
    assert public == set(METHODS)


@every_method
def test_training_lowers_the_loss_and_reports_exactly_the_terms(method):
    history = build(method).fit(images(), epochs=3, verbose=0).history
    assert set(history) == {"loss", *method.terms}
    assert np.isfinite(list(history.values())).all()
    assert history["loss"][-1] < history["loss"][0]


@every_method
def test_a_loaded_model_codes_and_trains_as_the_saved_one(method, tmp_path):
    model = build(method)
    model.fit(images(), verbose=0)
    models.save(model, tmp_path / "model.keras")
    again = models.load(tmp_path / "model.keras")
    batch = next(iter(images()))
    np.testing.assert_array_equal(model.encode(batch)[0], again.encode(batch)[0])
    histories = [one.fit(images(), verbose=0).history for one in (model, again)]
    assert histories[0] == histories[1]
    for ours, theirs in zip(model.variables, again.variables, strict=True):
        np.testing.assert_array_equal(ours, theirs, err_msg=ours.path)


@every_method
def test_the_same_seed_gives_the_same_run(method):
    runs = [build(method, seed=seed).fit(images(), verbose=0).history for seed in (3, 3, 4)]
    assert runs[0] == runs[1]
    assert runs[0] != runs[2]


@every_method
def test_xla_computes_the_same_objective_and_trains(method):
    model = build(method, jit_compile=True)
    batch = next(iter(images()))
    code = model(batch)
    loss, terms = model.objective(batch, None, code)
    compiled = tf.function(lambda x, c: model.objective(x, None, c), jit_compile=True)
    compiled_loss, compiled_terms = compiled(batch, code)
    np.testing.assert_allclose(compiled_loss, loss, rtol=1e-5)
    for name in terms:
        np.testing.assert_allclose(compiled_terms[name], terms[name], rtol=1e-4, err_msg=name)
    # XLA turns the same bits into other normal numbers: the curves agree, the digits do not.
    history = model.fit(images(), epochs=3, verbose=0).history
    plain = build(method).fit(images(), epochs=3, verbose=0).history
    assert history["loss"][-1] < history["loss"][0]
    np.testing.assert_allclose(history["loss"], plain["loss"], rtol=0.03)
