"""What holds for every prior, from one table: a new prior gets each test by adding its line."""

import inspect

import keras
import numpy as np
import pytest
import scipy.stats
import tensorflow as tf

from disentlib.losses import normal
from disentlib.models import networks, priors

# Each of two latents, so that its density can be integrated over a grid.
PRIORS = {
    "Normal": lambda: priors.Normal([0.5, 2.0], means=[0.3, -0.2]),
    "GaussianMixture": lambda: priors.GaussianMixture(3, latents=2),
    "Conditional": lambda: priors.Conditional(
        4,
        2,
        logvar=networks.mlp(4, 2, units=8),
        mean=networks.mlp(4, 2, units=8, name="prior_mean"),
    ),
    "Product": lambda: priors.Product(
        [
            priors.Univariate("Laplace", {"loc": 0.2, "scale": 0.7}),
            priors.Mixture(
                [priors.Univariate("Normal", {"loc": side, "scale": 0.25}) for side in (-1.0, 1.0)],
                weights=[1.0, 3.0],
            ),
        ]
    ),
}
every_prior = pytest.mark.parametrize("name", PRIORS)
BATCH = 5


def make(name):
    keras.utils.set_random_seed(3)
    prior = PRIORS[name]()
    condition = tf.one_hot([0, 1, 2, 3, 0], 4) if prior.conditional else None
    return prior, condition


def posterior():
    rng = np.random.default_rng(0)
    return normal(*rng.normal(scale=0.5, size=(2, BATCH, 2)).astype(np.float32))


def test_every_prior_is_here():
    public = {
        name
        for name, value in vars(priors).items()
        if inspect.isclass(value) and issubclass(value, priors.Prior) and value is not priors.Prior
    }
    assert public == set(PRIORS)


@every_prior
def test_the_density_integrates_to_one(name):
    prior, condition = make(name)
    axis = np.linspace(-12, 12, 961, dtype=np.float32)
    points = np.stack(np.meshgrid(axis, axis, indexing="ij"), axis=-1).reshape(-1, 1, 2)
    density = tf.exp(prior.log_prob(points, condition))  # (points, 1 or batch)
    mass = np.asarray(density, np.float64).sum(axis=0) * (axis[1] - axis[0]) ** 2
    np.testing.assert_allclose(mass, 1.0, atol=2e-3)


@every_prior
def test_samples_have_the_moments_of_the_density(name):
    prior, condition = make(name)
    axis = np.linspace(-12, 12, 481, dtype=np.float32)
    points = np.stack(np.meshgrid(axis, axis, indexing="ij"), axis=-1).reshape(-1, 1, 2)
    density = np.asarray(tf.exp(prior.log_prob(points, condition)), np.float64)
    density /= density.sum(axis=0)
    mean = np.einsum("pb,pod->bd", density, points)
    draws = np.asarray(prior.sample(20_000, condition=condition, seed=1)).reshape(20_000, -1, 2)
    np.testing.assert_allclose(draws.mean(axis=0), mean, atol=0.05)


@every_prior
def test_the_divergence_is_the_mean_of_many_samples(name):
    prior, condition = make(name)
    q = posterior()
    z = q.sample(20_000, seed=2)
    estimate = tf.reduce_mean(q.log_prob(z) - prior.log_prob(z, condition), axis=0)
    # At one sample, or in closed form: the same mean.
    rows = tf.repeat(tf.range(BATCH), 4000)
    many = normal(tf.gather(q.mean(), rows), 2 * tf.math.log(tf.gather(q.stddev(), rows)))
    condition = None if condition is None else tf.gather(condition, rows)
    divergence = prior.divergence(many, many.sample(seed=5), condition)
    assert divergence.shape == (BATCH * 4000,)
    means = tf.reduce_mean(tf.reshape(divergence, (BATCH, 4000)), axis=1)
    np.testing.assert_allclose(means, estimate, atol=0.1)


@every_prior
def test_each_latents_divergence_is_that_of_its_marginal(name):
    prior, condition = make(name)
    q = posterior()
    mean, logvar = np.asarray(q.mean()), 2 * np.log(q.stddev())
    got = prior.latent_divergence(mean, logvar, condition)
    assert got.shape == (BATCH, 2)
    axis = np.linspace(-12, 12, 1201, dtype=np.float32)
    points = np.stack(np.meshgrid(axis, axis, indexing="ij"), axis=-1).reshape(-1, 1, 2)
    joint = np.exp(np.asarray(prior.log_prob(points, condition), np.float64))
    joint = joint.reshape(len(axis), len(axis), -1)
    for latent in range(2):
        marginal = joint.sum(axis=1 - latent).T * (axis[1] - axis[0])  # (1 or batch, points)
        density = scipy.stats.norm.pdf(axis, mean[:, [latent]], np.exp(logvar[:, [latent]] / 2))
        inside = density > 1e-12
        ratio = np.log(density, where=inside, out=np.zeros_like(density)) - np.log(
            np.maximum(marginal, 1e-300)
        )
        expected = np.where(inside, density * ratio, 0).sum(axis=1) * (axis[1] - axis[0])
        np.testing.assert_allclose(got[:, latent], expected, rtol=0.01, atol=0.01)


@every_prior
def test_gradients_reach_its_weights(name):
    prior, condition = make(name)
    q = posterior()
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(prior.divergence(q, q.sample(seed=3), condition))
    for variable, gradient in zip(
        prior.trainable_variables, tape.gradient(loss, prior.trainable_variables), strict=True
    ):
        assert gradient is not None, variable.path
        assert np.isfinite(gradient).all()
        assert np.any(gradient), variable.path


@every_prior
def test_it_is_built_again_from_its_configuration(name):
    prior, condition = make(name)
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(prior))
    again.set_weights(prior.get_weights())
    z = posterior().sample(seed=4)
    np.testing.assert_array_equal(again.log_prob(z, condition), prior.log_prob(z, condition))


@every_prior
def test_far_codes_give_no_nan(name):
    prior, condition = make(name)
    assert np.isfinite(prior.log_prob(np.full((BATCH, 2), 1e4, np.float32), condition)).all()


def test_a_conditional_prior_asks_for_its_condition():
    prior, _ = make("Conditional")
    with pytest.raises(ValueError, match="expected the condition of Conditional"):
        prior()
    with pytest.raises(ValueError, match=r"expected a condition \(batch, 4\)"):
        prior(np.zeros((3, 5), np.float32))


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: priors.Normal([1.0, 0.0]), "positive variances"),
        (lambda: priors.Normal([1.0, 2.0], means=[0.0]), "2 finite means"),
        (lambda: priors.GaussianMixture(0, latents=2), "clusters of at least 1"),
        (lambda: priors.Univariate("Nonesuch", {}), "as 'Laplace', got 'Nonesuch'"),
        (lambda: priors.Univariate("Laplace", {"mu": 0.0}), "expected parameters of Laplace"),
        (lambda: priors.Mixture([]), "at least one part"),
        (lambda: priors.Conditional(4, 2, logvar=networks.mlp(4, 3)), "expected logvar of"),
    ],
)
def test_wrong_arguments(build, message):
    with pytest.raises(ValueError, match=message):
        build()


def test_responsibilities_are_bayes_rule():
    prior, _ = make("GaussianMixture")
    prior.logits.assign([0.5, -1.0, 2.0])
    z = np.random.default_rng(0).normal(size=(6, 2))
    weights = np.exp(prior.logits) / np.exp(prior.logits).sum()
    means, variances = np.asarray(prior.means), np.exp(prior.logvars)
    joint = weights * np.prod(
        np.exp(-((z[:, None] - means) ** 2) / 2 / variances) / np.sqrt(2 * np.pi * variances),
        axis=-1,
    )
    found = np.exp(prior.log_responsibilities(z.astype(np.float32)))
    np.testing.assert_allclose(found, joint / joint.sum(axis=1, keepdims=True), rtol=1e-4)


def test_bimodal_is_what_it_says():
    prior = priors.bimodal(2)
    z = np.array([[0.9, -1.2]])
    sides = [
        np.exp(-((z - side) ** 2) / 2 / 0.0625) / np.sqrt(2 * np.pi * 0.0625) for side in (1, -1)
    ]
    expected = np.log(0.5 * (sides[0] + sides[1])).sum()
    assert float(prior.log_prob(z.astype(np.float32))[0]) == pytest.approx(expected, abs=1e-4)
