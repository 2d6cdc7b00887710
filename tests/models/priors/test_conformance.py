"""What holds for every prior, from one table: a new prior gets each test by adding its line."""

import inspect

import keras
import numpy as np
import pytest
import scipy.special
import scipy.stats
import tensorflow as tf

from disentlib.losses import normal
from disentlib.models import networks, priors

FULL = {"covariance": "full", "variance": 0.5}


def correlated(mixture):
    """Give a mixture of full covariances correlations and scales of every kind."""
    rng = np.random.default_rng(1)
    mixture.lower.assign(rng.normal(size=mixture.lower.shape))
    mixture.logvars.assign(rng.normal(scale=0.5, size=mixture.logvars.shape) - 0.5)
    mixture.logits.assign(rng.normal(size=mixture.logits.shape))
    return mixture


# Each of two latents, so that its density can be integrated over a grid.
PRIORS = {
    "Normal": lambda: priors.Normal([0.5, 2.0], means=[0.3, -0.2]),
    "GaussianMixture": lambda: priors.GaussianMixture(3, latents=2),
    "GaussianMixture, full": lambda: correlated(priors.GaussianMixture(3, latents=2, **FULL)),
    "Facets": lambda: priors.Facets(
        [
            priors.GaussianMixture(3, latents=1, variance=0.5),
            priors.GaussianMixture(2, latents=1, **FULL),
        ]
    ),
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
    assert public == {name.partition(",")[0] for name in PRIORS}


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
def test_draws_depend_on_the_numbers_of_a_key_of_any_type(name):
    prior, condition = make(name)
    key = np.random.default_rng(0).integers(2**31, size=2)  # int64, as reports have it
    draws = prior.draw(BATCH, key, condition)
    assert draws.shape == (BATCH, 2)
    np.testing.assert_array_equal(draws, prior.draw(BATCH, key.astype(np.int32), condition))
    assert not np.isclose(draws, prior.draw(BATCH, key + 1, condition)).any()


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
def test_its_numbers_are_counted(name):
    prior, _ = make(name)
    numbers = sum(np.size(values) for values in prior.get_weights())
    assert prior.count_params() == numbers  # Keras refuses to count what it takes for unbuilt


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
        (lambda: priors.Normal([1.0, float("inf")]), "positive variances"),
        (lambda: priors.Normal([1.0, 2.0], means=[0.0]), "2 finite means"),
        (lambda: priors.GaussianMixture(0, latents=2), "clusters of at least 1"),
        (
            lambda: mixture(covariance="diag"),
            "^expected covariance 'diagonal' or 'full', got 'diag'$",
        ),
        (lambda: mixture(variance=0.0), "^expected a positive variance, got 0.0$"),
        (lambda: mixture(variance=float("nan")), "^expected a positive variance, got nan$"),
        (lambda: mixture(variance=float("inf")), "^expected a positive variance, got inf$"),
        (lambda: priors.Facets([]), "^expected at least one of mixtures, one a facet, got none$"),
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


def mixture(**options):
    return priors.GaussianMixture(2, latents=2, **options)


def by_loops(prior, z):
    """Return log pi_c N(z; mean_c, covariance_c) (samples, clusters) as SciPy has it."""
    weights = scipy.special.softmax(np.asarray(prior.logits, np.float64))
    joint = np.empty((len(z), prior.clusters))
    for cluster in range(prior.clusters):
        scales = np.exp(np.asarray(prior.logvars, np.float64)[cluster] / 2)
        factor = np.diag(scales)
        for row in range(prior.latents):
            for column in range(row):
                if prior.covariance == "full":
                    factor[row, column] = scales[row] * prior.lower.numpy()[cluster, row, column]
        component = scipy.stats.multivariate_normal(prior.means[cluster], factor @ factor.T)
        joint[:, cluster] = np.log(weights[cluster]) + component.logpdf(z)
    return joint


@pytest.mark.parametrize("covariance", ["diagonal", "full"])
def test_a_mixture_is_scipys(covariance):
    keras.utils.set_random_seed(4)
    prior = priors.GaussianMixture(4, latents=3, covariance=covariance, variance=0.2)
    np.testing.assert_allclose(prior.components().stddev(), 0.2**0.5 * np.ones((4, 3)), rtol=1e-6)
    if covariance == "full":
        correlated(prior)
    z = np.random.default_rng(0).normal(size=(6, 3)).astype(np.float32)
    joint = by_loops(prior, z)
    expected = scipy.special.logsumexp(joint, axis=1)
    np.testing.assert_allclose(prior.log_prob(z), expected, rtol=1e-4)
    responsibilities = joint - expected[:, None]
    np.testing.assert_allclose(
        prior.log_responsibilities(z), responsibilities, rtol=1e-3, atol=1e-4
    )


def test_facets_are_independent_mixtures():
    keras.utils.set_random_seed(5)
    parts = [
        priors.GaussianMixture(3, latents=2, variance=0.3),
        correlated(priors.GaussianMixture(4, latents=3, **FULL)),
    ]
    prior = priors.Facets(parts)
    z = np.random.default_rng(0).normal(size=(6, 5)).astype(np.float32)
    joints = [
        by_loops(part, codes) for part, codes in zip(parts, (z[:, :2], z[:, 2:]), strict=True)
    ]
    logs = [scipy.special.logsumexp(joint, axis=1) for joint in joints]
    np.testing.assert_allclose(prior.log_prob(z), logs[0] + logs[1], rtol=1e-4)
    found = prior.log_responsibilities(z)
    assert [part.shape for part in found] == [(6, 3), (6, 4)]
    for part, joint, log in zip(found, joints, logs, strict=True):
        np.testing.assert_allclose(part, joint - log[:, None], rtol=1e-3, atol=1e-4)
    mean, logvar = np.random.default_rng(1).normal(size=(2, 6, 5)).astype(np.float32)
    q = scipy.stats.norm(mean, np.exp(logvar / 2)).logpdf(z)
    expected = np.stack([q[:, :2].sum(axis=1) - logs[0], q[:, 2:].sum(axis=1) - logs[1]], axis=1)
    divergences = prior.divergences(normal(mean, logvar), z)
    np.testing.assert_allclose(divergences, expected, rtol=1e-4, atol=1e-4)
    divergence = prior.divergence(normal(mean, logvar), z)
    np.testing.assert_allclose(divergence, expected.sum(axis=1), rtol=1e-4, atol=1e-4)


def test_one_cluster_is_a_normal_prior_whose_divergence_is_in_closed_form():
    plain = priors.Normal([1.0, 1.0])
    one = priors.GaussianMixture(1, latents=2, spread=0.0)
    facets = priors.Facets([priors.GaussianMixture(1, latents=1, spread=0.0)] * 2)
    q = posterior()
    expected = plain.divergence(q, None)
    np.testing.assert_allclose(one.divergence(q, q.sample(seed=1)), expected, rtol=1e-5)
    np.testing.assert_allclose(facets.divergence(q, q.sample(seed=1)), expected, rtol=1e-5)
    assert [weight.name for weight in one.trainable_variables] == ["means", "logvars"]


def test_covariances_may_stay_as_they_are():
    prior = priors.GaussianMixture(2, latents=2, learn_covariances=False, **FULL)
    assert [weight.name for weight in prior.trainable_variables] == ["logits", "means"]
    assert not priors.GaussianMixture(2, latents=2, learn=False, **FULL).trainable_variables
    single = priors.GaussianMixture(
        2, latents=1, **FULL
    )  # whose factor has no part off the diagonal
    assert [weight.name for weight in single.trainable_variables] == ["logits", "means", "logvars"]


def test_facets_take_mixtures_alone():
    with pytest.raises(
        TypeError, match="expected mixtures of the class GaussianMixture, got Normal"
    ):
        priors.Facets([mixture(), priors.Normal([1.0])])


def test_bimodal_is_what_it_says():
    prior = priors.bimodal(2)
    z = np.array([[0.9, -1.2]])
    sides = [
        np.exp(-((z - side) ** 2) / 2 / 0.0625) / np.sqrt(2 * np.pi * 0.0625) for side in (1, -1)
    ]
    expected = np.log(0.5 * (sides[0] + sides[1])).sum()
    assert float(prior.log_prob(z.astype(np.float32))[0]) == pytest.approx(expected, abs=1e-4)


def test_weights_of_two_clusters_are_trained_and_of_one_are_not():
    names = [variable.name for variable in mixture().trainable_variables]
    assert names == ["logits", "means", "logvars"]
    single = priors.GaussianMixture(1, latents=2).trainable_variables
    assert [variable.name for variable in single] == ["means", "logvars"]
