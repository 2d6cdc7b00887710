"""What holds for every method, from one table: a new method gets each test by adding its line."""

import inspect
from collections.abc import Callable
from typing import NamedTuple

import keras
import numpy as np
import pytest
import tensorflow as tf

from disentlib import models
from disentlib.models import architectures as nets

SHAPE = (16, 16, 1)
LATENTS = 3
SIZES = (3, 4)  # values of the labels, where there are any


class Method(NamedTuple):
    make: Callable
    options: Callable[[], dict] = dict
    kind: str = "images"  # what a batch holds: images, pairs or labelled
    terms: tuple[str, ...] = ("reconstruction", "kl")


METHODS = {
    "VAE": Method(models.VAE),
    "BetaVAE": Method(models.BetaVAE, lambda: {"beta": 2.0}),
    "AnnealedVAE": Method(
        models.AnnealedVAE,
        lambda: {"c_max": 5.0, "gamma": 10.0, "iteration_threshold": 1000},
        terms=("reconstruction", "kl", "capacity"),
    ),
    "FactorVAE": Method(
        models.FactorVAE,
        lambda: {"discriminator": small_discriminator()},
        terms=("reconstruction", "kl", "total_correlation", "discriminator"),
    ),
    "DIPVAE": Method(
        models.DIPVAE, lambda: {"variant": "ii"}, terms=("reconstruction", "kl", "covariance")
    ),
    "BetaTCVAE": Method(
        models.BetaTCVAE,
        lambda: {"estimator": "stratified", "dataset_size": 1000},
        terms=("reconstruction", "kl", "total_correlation"),
    ),
    "HFSVAE": Method(
        models.HFSVAE,
        lambda: {"gamma": 2.0, "beta": 1.0, "delta": 1.0},
        terms=("reconstruction", "kl", "support_distance", "support_scale"),
    ),
    "InfoVAE": Method(models.InfoVAE, terms=("reconstruction", "kl", "mean_discrepancy")),
    "ControlVAE": Method(models.ControlVAE, terms=("reconstruction", "kl", "beta", "target")),
    "GroupVAE": Method(models.GroupVAE, kind="pairs"),
    "MLVAE": Method(models.MLVAE, kind="pairs"),
    "AdaGVAE": Method(models.AdaGVAE, kind="pairs"),
    "AdaMLVAE": Method(models.AdaMLVAE, kind="pairs"),
    "S2VAE": Method(
        models.S2VAE,
        lambda: {"label_loss": models.LabelCrossEntropy(SIZES)},
        kind="labelled",
        terms=("reconstruction", "kl", "labels"),
    ),
    "S2FactorVAE": Method(
        models.S2FactorVAE,
        lambda: {
            "label_loss": models.LabelEmbedding(SIZES, sigma=None),
            "discriminator": small_discriminator(),
        },
        kind="labelled",
        terms=("reconstruction", "kl", "total_correlation", "discriminator", "labels"),
    ),
    "S2DIPVAE": Method(
        models.S2DIPVAE,
        lambda: {"label_loss": models.LabelCovariance()},
        kind="labelled",
        terms=("reconstruction", "kl", "covariance", "labels"),
    ),
    "S2BetaTCVAE": Method(
        models.S2BetaTCVAE,
        lambda: {"label_loss": models.LabelSquaredError()},
        kind="labelled",
        terms=("reconstruction", "kl", "total_correlation", "labels"),
    ),
    "SupervisedVAE": Method(
        models.SupervisedVAE,
        lambda: {"label_loss": models.LabelInformation(len(SIZES), LATENTS)},
        kind="labelled",
        terms=("reconstruction", "kl", "labels"),
    ),
}

every_method = pytest.mark.parametrize("name", METHODS)


def batches(kind: str, count: int = 6, size: int = 16) -> tf.data.Dataset:
    rng = np.random.default_rng(0)
    n = count * size
    shape = (n, 2, *SHAPE) if kind == "pairs" else (n, *SHAPE)
    images = (rng.uniform(size=shape) > 0.7).astype(np.float32)
    if kind == "images":
        return tf.data.Dataset.from_tensor_slices(images).batch(size)
    if kind == "pairs":
        labels = np.eye(2, dtype=np.float32)[rng.integers(2, size=n)]
    else:
        labels = np.stack([rng.integers(k, size=n) for k in SIZES], axis=1).astype(np.float32)
        labels[::2] = np.nan
    return tf.data.Dataset.from_tensor_slices((images, labels)).batch(size)


def build(name: str, *, seed: int = 0, **compile_options):
    keras.utils.set_random_seed(seed)
    encoder = nets.linear_encoder(SHAPE, latents=LATENTS)
    decoder = nets.linear_decoder(SHAPE, latents=LATENTS)
    options = METHODS[name].options()
    model = METHODS[name].make(encoder, decoder, seed=seed, **options)
    model.compile(keras.optimizers.Adam(1e-2), **compile_options)
    return model


def small_discriminator():
    codes = keras.Input((LATENTS,))
    hidden = keras.layers.Dense(16, activation="relu")(codes)
    return keras.Model(codes, keras.layers.Dense(2)(hidden))


def fit(model, name: str, epochs: int = 1) -> dict[str, list[float]]:
    return model.fit(batches(METHODS[name].kind), epochs=epochs, verbose=0).history


def test_every_public_method_is_in_the_table():
    public = {
        key
        for key, value in vars(models).items()
        if (inspect.isclass(value) and issubclass(value, models.VAE))
        or (inspect.isfunction(value) and key.endswith("VAE"))
    }
    assert public == set(METHODS)


@every_method
def test_training_lowers_the_loss_and_reports_exactly_the_terms(name):
    history = fit(build(name), name, epochs=3)
    assert set(history) == {"loss", *METHODS[name].terms}
    assert np.isfinite(list(history.values())).all()
    assert history["loss"][-1] < history["loss"][0]


@every_method
def test_a_loaded_model_codes_and_trains_as_the_saved_one(name, tmp_path):
    model = build(name)
    fit(model, name)
    models.save(model, tmp_path / "model.keras")
    again = models.load(tmp_path / "model.keras")
    images = next(iter(batches("images")))
    np.testing.assert_array_equal(model.encode(images)[0], again.encode(images)[0])
    assert fit(model, name) == fit(again, name)
    for ours, theirs in zip(model.variables, again.variables, strict=True):
        np.testing.assert_array_equal(ours, theirs, err_msg=ours.path)


@every_method
def test_the_same_seed_gives_the_same_run(name):
    runs = [fit(build(name, seed=seed), name) for seed in (3, 3, 4)]
    assert runs[0] == runs[1]
    assert runs[0] != runs[2]


@every_method
def test_xla_computes_the_same_objective_and_trains(name):
    model = build(name, jit_compile=True)
    batch = next(iter(batches(METHODS[name].kind)))
    x, y = batch if isinstance(batch, tuple) else (batch, None)
    code = model(x)
    if METHODS[name].kind != "pairs":  # which sample after sharing: other noise under XLA
        loss, terms = model.objective(x, y, code)
        compiled = tf.function(model.objective, jit_compile=True)
        compiled_loss, compiled_terms = compiled(x, y, code)
        for term in set(terms) - {"mean_discrepancy", "discriminator"}:  # which draw, too
            np.testing.assert_allclose(
                compiled_terms[term], terms[term], rtol=1e-4, atol=1e-5, err_msg=term
            )
        if "mean_discrepancy" not in terms:
            np.testing.assert_allclose(compiled_loss, loss, rtol=1e-5)
    history = fit(model, name, epochs=3)
    assert np.isfinite(list(history.values())).all()
    assert history["loss"][-1] < history["loss"][0]
