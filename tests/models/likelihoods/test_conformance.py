"""What holds for every likelihood, from one table: a new one gets each test by adding its line."""

import inspect
from collections.abc import Callable
from typing import NamedTuple

import keras
import numpy as np
import pytest
import scipy.special
import scipy.stats
import tensorflow as tf

from disentlib import models
from disentlib.models import likelihoods
from disentlib.models import networks as nets

GENES = 3
SHAPE = (2, GENES)  # of an observation
BATCH = 4
LOG_DISPERSION = np.array([-1.0, 0.5, 2.0])
LOGVAR = np.array([0.7, -1.2, 0.2])


class Case(NamedTuple):
    make: Callable[[], likelihoods.Likelihood]
    scipy: Callable  # (parameters, x) -> log density or log mass of every element, float64
    support: np.ndarray  # all values of an element of x, or a fine grid for a density
    step: float = 1.0  # the grid's
    wrong: tuple[tuple[float, str], ...] = ()  # values that are refused, and what is said
    learns: bool = False


def _bernoulli(parameters, x):
    q = scipy.special.expit(parameters[0])
    return scipy.stats.bernoulli.logpmf(x, q)


def _nbinom(log_mean, x):
    dispersion = np.exp(LOG_DISPERSION)
    return scipy.stats.nbinom.logpmf(x, dispersion, dispersion / (dispersion + np.exp(log_mean)))


def _zero_inflated(parameters, x):
    lost = scipy.special.expit(parameters[1])
    return np.log(lost * (x == 0) + (1 - lost) * np.exp(_nbinom(parameters[0], x)))


def _logistic(parameters, x, levels=5):
    cdf = scipy.stats.logistic(parameters[0], np.exp(parameters[1])).cdf
    half = 0.5 / (levels - 1)
    above = np.where(x > 1 - half, 1.0, cdf(x + half))
    below = np.where(x < half, 0.0, cdf(x - half))
    return np.log(above - below)


def _categorical(parameters, x):
    logits = np.stack(parameters, axis=-1)
    table = np.log(scipy.special.softmax(logits, axis=-1))
    x = np.broadcast_to(x, np.broadcast_shapes(np.shape(x), logits.shape[:-1]))
    table = np.broadcast_to(table, (*x.shape, table.shape[-1]))
    return np.take_along_axis(table, x.astype(int)[..., None], axis=-1)[..., 0]


def _with_weights(likelihood, value):
    likelihood.set_weights([value.astype(np.float32)])
    return likelihood


NOT_UNIT = ((1.5, r"in \[0, 1\]"), (np.nan, "got NaN"))
NOT_COUNTS = ((-1.0, "got -1"), (0.5, "got 0.5"), (np.nan, "got NaN"))
REAL = np.linspace(-25, 25, 2001)
COUNTS = np.arange(2000.0)

CASES = {
    "Bernoulli": Case(likelihoods.Bernoulli, _bernoulli, np.array([0.0, 1.0]), wrong=NOT_UNIT),
    "Gaussian": Case(
        lambda: likelihoods.Gaussian(0.3),
        lambda parameters, x: scipy.stats.norm.logpdf(x, parameters[0], 0.3),
        REAL,
        step=REAL[1] - REAL[0],
        wrong=((np.nan, "got NaN"), (np.inf, "infinity")),
    ),
    "LearnedGaussian": Case(
        lambda: _with_weights(likelihoods.LearnedGaussian((GENES,)), LOGVAR),
        lambda parameters, x: scipy.stats.norm.logpdf(x, parameters[0], np.exp(LOGVAR / 2)),
        REAL,
        step=REAL[1] - REAL[0],
        wrong=((np.nan, "got NaN"),),
        learns=True,
    ),
    "Poisson": Case(
        likelihoods.Poisson,
        lambda parameters, x: scipy.stats.poisson.logpmf(x, np.exp(parameters[0])),
        COUNTS,
        wrong=NOT_COUNTS,
    ),
    "NegativeBinomial": Case(
        lambda: _with_weights(likelihoods.NegativeBinomial(GENES), LOG_DISPERSION),
        lambda parameters, x: _nbinom(parameters[0], x),
        COUNTS,
        wrong=NOT_COUNTS,
        learns=True,
    ),
    "ZeroInflatedNegativeBinomial": Case(
        lambda: _with_weights(likelihoods.ZeroInflatedNegativeBinomial(GENES), LOG_DISPERSION),
        _zero_inflated,
        COUNTS,
        wrong=NOT_COUNTS,
        learns=True,
    ),
    "Categorical": Case(
        lambda: likelihoods.Categorical(4),
        _categorical,
        np.arange(4.0),
        wrong=(*NOT_COUNTS, (4.0, "from 0 to 3, got 4")),
    ),
    "DiscretizedLogistic": Case(
        lambda: likelihoods.DiscretizedLogistic(5),
        _logistic,
        np.linspace(0, 1, 5),
        wrong=(*NOT_UNIT, (0.3, "5 levels, k / 4, got 0.3")),
    ),
}
every_likelihood = pytest.mark.parametrize("name", CASES)


def output(likelihood, scale=1.0):
    """Return a decoder's output, and its parts one parameter each."""
    rng = np.random.default_rng(0)
    shape = likelihood.decoder_shape(SHAPE)
    values = rng.normal(scale=scale, size=(BATCH, *shape)).astype(np.float32)
    parts = np.split(values.astype(float), likelihood.parameters, axis=-1)
    return tf.constant(values), parts


def observations(case, count=BATCH):
    """Return observations from the support, of moderate size."""
    rng = np.random.default_rng(1)
    support = case.support[np.abs(case.support) <= 12]
    return rng.choice(support, size=(count, *SHAPE)).astype(np.float32)


def model(name, **compile_options):
    keras.utils.set_random_seed(2)
    likelihood = CASES[name].make()
    vae = models.BetaVAE(
        nets.mlp_encoder(SHAPE, latents=2, hidden_layers=0, log1p=CASES[name].support[0] == 0),
        nets.linear_decoder(SHAPE, latents=2, parameters=likelihood.parameters),
        likelihood=likelihood,
    )
    vae.compile(keras.optimizers.Adam(0.01), **compile_options)
    return vae


def test_every_likelihood_is_here():
    public = {
        name
        for name, value in vars(likelihoods).items()
        if inspect.isclass(value) and value is not likelihoods.Likelihood
    }
    assert public == set(CASES)


@every_likelihood
def test_the_log_density_is_scipys_summed_over_an_observation(name):
    case = CASES[name]
    likelihood = case.make()
    values, parts = output(likelihood)
    x = observations(case)
    distribution = likelihood(values, x)
    assert distribution.batch_shape == (BATCH,)
    assert distribution.event_shape == SHAPE
    expected = case.scipy(parts, x.astype(float)).sum(axis=(1, 2))
    np.testing.assert_allclose(distribution.log_prob(x), expected, rtol=2e-5, atol=1e-5)


@every_likelihood
def test_the_mass_of_an_element_is_one_and_its_mean_is_the_mean(name):
    case = CASES[name]
    likelihood = case.make()
    values, _ = output(likelihood)
    parts = tf.split(values, likelihood.parameters, axis=-1)
    elements = likelihood.elements(*parts)
    points = case.support.reshape(-1, 1, 1, 1).astype(np.float32)
    mass = np.exp(np.asarray(elements.log_prob(points), np.float64)) * case.step
    np.testing.assert_allclose(mass.sum(axis=0), 1, atol=1e-4)
    mean = (mass * case.support.reshape(-1, 1, 1, 1)).sum(axis=0)
    np.testing.assert_allclose(likelihood(values).mean(), mean, rtol=1e-3, atol=1e-4)


@every_likelihood
def test_draws_have_the_mean(name):
    likelihood = CASES[name].make()
    values, _ = output(likelihood)
    distribution = likelihood(values)
    draws = np.asarray(distribution.sample(4000, seed=3), np.float64)
    error = draws.std(axis=0) / np.sqrt(len(draws)) + 1e-6
    np.testing.assert_array_less(abs(draws.mean(axis=0) - distribution.mean()), 5 * error)
    assert np.isfinite(distribution.log_prob(draws.astype(np.float32))).all()


@every_likelihood
@pytest.mark.parametrize("value", [-100.0, 0.0, 100.0])
def test_extreme_outputs_are_finite_with_finite_gradients(name, value):
    case = CASES[name]
    likelihood = case.make()
    values = tf.fill((BATCH, *likelihood.decoder_shape(SHAPE)), value)
    ends = case.support[[0, -1]] if case.step == 1 else np.array([-25.0, 25.0])
    for x in ends:
        x = np.full((BATCH, *SHAPE), x, np.float32)
        with tf.GradientTape() as tape:
            tape.watch(values)
            loss = tf.reduce_sum(likelihood(values, x).log_prob(x))
        gradients = tape.gradient(loss, [values, *likelihood.trainable_variables])
        assert np.isfinite(loss), x
        assert all(np.isfinite(gradient).all() for gradient in gradients), x


@every_likelihood
def test_gradients_reach_its_weights(name):
    case = CASES[name]
    likelihood = case.make()
    assert bool(likelihood.trainable_variables) == case.learns
    values, _ = output(likelihood)
    x = observations(case)
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(likelihood(values, x).log_prob(x))
    for gradient in tape.gradient(loss, likelihood.trainable_variables):
        assert np.all(gradient != 0)


@every_likelihood
def test_xla_gives_the_same_density_and_gradients(name):
    likelihood = CASES[name].make()
    values, _ = output(likelihood)
    x = observations(CASES[name])

    def density(values):
        with tf.GradientTape() as tape:
            tape.watch(values)
            found = likelihood(values, x).log_prob(x)
        return found, *tape.gradient(found, [values, *likelihood.trainable_variables])

    compiled = tf.function(density, jit_compile=True)(values)
    for ours, theirs in zip(compiled, density(values), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-5)


def test_xla_trains_with_what_a_likelihood_learns():
    vae = model("NegativeBinomial", jit_compile=True)
    x = observations(CASES["NegativeBinomial"], 16)
    before = vae.likelihood.get_weights()
    losses = [vae.train_on_batch(x, return_dict=True)["loss"] for _ in range(12)]
    assert losses[-1] < losses[0]
    assert np.all(before[0] != vae.likelihood.get_weights()[0])


@every_likelihood
def test_a_vae_trains_its_weights_with_it_and_is_loaded_again(name, tmp_path):
    vae = model(name, run_eagerly=True)
    x = observations(CASES[name], 16)
    before = vae.likelihood.get_weights()
    losses = [vae.train_on_batch(x, return_dict=True)["loss"] for _ in range(12)]
    assert losses[-1] < losses[0]
    for old, new in zip(before, vae.likelihood.get_weights(), strict=True):
        assert np.all(old != new)
    models.save(vae, tmp_path / "model.keras")
    again = models.load(tmp_path / "model.keras")
    np.testing.assert_array_equal(again.reconstruct(x), vae.reconstruct(x))
    codes = vae.encode(x)[0]
    np.testing.assert_array_equal(again.decode(codes).log_prob(x), vae.decode(codes).log_prob(x))
    assert again.likelihood.get_config() == vae.likelihood.get_config()


@every_likelihood
def test_values_that_it_does_not_have_are_refused_before_the_first_step(name):
    vae, compiled = model(name, run_eagerly=True), model(name, jit_compile=True)
    before = vae.get_weights()
    for value, message in CASES[name].wrong:
        x = observations(CASES[name], 16)
        x[3, 1, 2] = value
        with pytest.raises(ValueError, match=message):
            vae.encode(x)
        with pytest.raises(ValueError, match=message):
            vae.fit(tf.data.Dataset.from_tensor_slices(x).batch(16), verbose=0)
        with pytest.raises(ValueError, match=message):
            compiled.train_on_batch(x)
    np.testing.assert_equal(vae.get_weights(), before)
    np.testing.assert_equal(compiled.get_weights(), before)


@every_likelihood
def test_a_decoder_of_another_shape_is_refused(name):
    likelihood = CASES[name].make()
    decoder = nets.linear_decoder(SHAPE, latents=2, parameters=likelihood.parameters + 1)
    with pytest.raises(ValueError, match="expected a decoder of images"):
        models.VAE(nets.linear_encoder(SHAPE, latents=2), decoder, likelihood=likelihood)


@every_likelihood
def test_half_precision_outputs_are_scored_in_float32(name):
    likelihood = CASES[name].make()
    values, _ = output(likelihood)
    x = observations(CASES[name])
    assert likelihood(tf.cast(values, tf.bfloat16), x).log_prob(x).dtype == tf.float32


def test_counts_are_refused_by_compiled_steps():
    vae = model("Poisson")
    before = vae.get_weights()
    x = observations(CASES["Poisson"], 16)
    x[3, 1, 2] = 0.5
    with pytest.raises(ValueError, match=r"^expected whole numbers of at least 0, got 0\.5: give"):
        vae.fit(tf.data.Dataset.from_tensor_slices(x).batch(16), verbose=0)
    np.testing.assert_equal(vae.get_weights(), before)
