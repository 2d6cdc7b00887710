"""VaDE's objective against SciPy, its two optimizers, and its stages in a run."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy.special import logsumexp
from scipy.stats import multivariate_normal, norm

import disentlib
from disentlib import data, models
from disentlib.models import likelihoods, networks, priors
from disentlib.models.networks.initialization import standardize_activations
from disentlib.training import train

OBSERVED, LATENTS, CLUSTERS, BATCH = 5, 2, 3, 9


def build(*, method=models.VaDE, likelihood=None, **options):
    keras.utils.set_random_seed(3)
    if method is models.VaDE:
        options = {"clusters": CLUSTERS, "pretraining_steps": 0} | options
    return method(
        networks.mlp_encoder(OBSERVED, latents=LATENTS, units=8),
        networks.mlp_decoder(OBSERVED, latents=LATENTS, units=8),
        likelihood=likelihood or likelihoods.Gaussian(scale=0.5),
        seed=7,
        **options,
    )


def scatter(model, seed=1):
    """Give the mixture weights, means and variances that differ."""
    rng = np.random.default_rng(seed)
    for variable in (model.prior.logits, model.prior.means, model.prior.logvars):
        variable.assign(rng.normal(size=variable.shape))
    return model


def observations(count=BATCH, seed=0):
    return np.random.default_rng(seed).normal(size=(count, OBSERVED)).astype(np.float32)


def mixture(model):
    """Return log pi_c, means and standard deviations in float64."""
    logits, means, logvars = (
        np.asarray(part, np.float64)
        for part in (model.prior.logits, model.prior.means, model.prior.logvars)
    )
    return logits - logsumexp(logits), means, np.exp(logvars / 2)


def joint(model, z):
    """Return log pi_c + log N(z; mean_c, var_c) (batch, clusters)."""
    log_pi, means, scales = mixture(model)
    return np.stack(
        [log_pi[c] + norm.logpdf(z, means[c], scales[c]).sum(axis=1) for c in range(len(log_pi))],
        axis=1,
    )


@pytest.mark.parametrize("form", ["marginal", "responsibilities"])
def test_the_divergence_is_that_of_a_sample_with_the_cluster_summed_out(form):
    model = scatter(build(form=form))
    code = model(observations())
    mean, logvar, z = (np.asarray(part, np.float64) for part in code[:3])
    log_q = norm.logpdf(z, mean, np.exp(logvar / 2)).sum(axis=1)
    expected = (log_q - logsumexp(joint(model, z), axis=1)).mean()
    assert float(model.kl(code)) == pytest.approx(expected, rel=1e-5)


def test_the_analytic_divergence_is_the_authors():
    model = scatter(build(form="analytic"))
    code = model(observations())
    mean, logvar, z = (np.asarray(part, np.float64) for part in code[:3])
    log_pi, means, scales = mixture(model)
    log_g = joint(model, z)
    log_g -= logsumexp(log_g, axis=1, keepdims=True)
    total = 0.0
    for row in range(BATCH):
        total -= 0.5 * (1 + logvar[row]).sum()
        for c in range(CLUSTERS):
            squares = np.exp(logvar[row]) + (mean[row] - means[c]) ** 2
            within = 0.5 * (2 * np.log(scales[c]) + squares / scales[c] ** 2).sum()
            total += np.exp(log_g[row, c]) * (within + log_g[row, c] - log_pi[c])
    assert float(model.kl(code)) == pytest.approx(total / BATCH, rel=1e-5)


def test_the_loss_weighs_the_reconstruction():
    model = scatter(build(reconstruction_weight=5.0))
    x = observations()
    code = model(x)
    loss, terms = model.objective(x, None, code)
    error = norm.logpdf(x, np.asarray(code.output), 0.5).sum(axis=1)
    assert float(terms["reconstruction"]) == pytest.approx(-error.mean(), rel=1e-5)
    assert float(terms["kl"]) == pytest.approx(float(model.kl(code)), rel=1e-6)
    expected = 5 * float(terms["reconstruction"]) + float(terms["kl"])
    assert float(loss) == pytest.approx(expected, rel=1e-6)


def test_one_standard_cluster_is_a_vae():
    x = observations()
    standard = priors.GaussianMixture(1, latents=LATENTS, spread=0.0)
    both = (build(clusters=1, prior=standard), build(method=models.VAE))
    first, second = (float(model.objective(x, None, model(x))[0]) for model in both)
    assert first == pytest.approx(second, rel=1e-5)


@pytest.mark.parametrize("form", ["marginal", "responsibilities", "analytic"])
def test_the_order_of_clusters_does_not_matter(form):
    model = scatter(build(form=form))
    x = observations()
    before = float(model.objective(x, None, model(x))[0])
    for variable in (model.prior.logits, model.prior.means, model.prior.logvars):
        variable.assign(np.asarray(variable)[[2, 0, 1]])
    assert float(model.objective(x, None, model(x))[0]) == pytest.approx(before, rel=1e-5)


@pytest.mark.parametrize("form", ["marginal", "responsibilities", "analytic"])
def test_empty_and_collapsed_clusters_are_finite(form):
    model = scatter(build(form=form))
    model.prior.logits.assign([0.0, -1e9, 0.0])
    model.prior.logvars.assign(np.full((CLUSTERS, LATENTS), -200.0))
    x = observations()
    with tf.GradientTape() as tape:
        loss, _ = model.objective(x, None, model(x))
    assert np.isfinite(float(loss))
    for gradient in tape.gradient(loss, model.trainable_variables):
        assert np.isfinite(np.asarray(gradient)).all()
    z = np.asarray(model.prior.means[:1], np.float64)
    expected = norm.logpdf(0, 0, 0.01) * LATENTS  # the least variance is 1e-4
    component = model.prior.components().log_prob(z.astype(np.float32))
    assert float(component[0]) == pytest.approx(expected, rel=1e-5)


def test_an_autoencoder_is_trained_without_noise_and_divergence():
    model = scatter(build(pretraining_steps=100))
    x = observations()
    code = model(x)
    np.testing.assert_array_equal(code.z, code.mean)
    loss, terms = model.objective(x, None, code)
    assert float(loss) == float(terms["reconstruction"])
    mean, logvar = np.asarray(code.mean, np.float64), np.asarray(code.logvar, np.float64)
    kl = 0.5 * (mean**2 + np.exp(logvar) - 1 - logvar).sum(axis=1).mean()
    assert float(terms["kl"]) == pytest.approx(kl, rel=1e-5)


def test_a_pretrained_vae_is_one():
    x = observations()
    both = (build(pretraining="vae", pretraining_steps=10), build(method=models.VAE))
    first, second = (float(model.objective(x, None, model(x))[0]) for model in both)
    assert first == pytest.approx(second, rel=1e-6)


def test_the_mixture_waits_and_has_its_own_optimizer():
    rate = keras.optimizers.SGD(0.125)
    model = scatter(build(pretraining_steps=100, mixture_optimizer=rate))
    model.compile(keras.optimizers.SGD(0.0))
    x = observations(4 * BATCH)
    before = [np.asarray(variable) for variable in model.prior.weights]
    model.fit(x, batch_size=BATCH, verbose=0)
    for old, variable in zip(before, model.prior.weights, strict=True):
        np.testing.assert_array_equal(variable, old)
    assert (int(model.step), int(rate.iterations)) == (4, 0)

    model.stage.assign(1)
    networks_before = [np.asarray(variable) for variable in model.main_variables]
    with tf.GradientTape() as tape:
        loss, _ = model.objective(x, None, model(x))
    gradients = tape.gradient(loss, model.prior.trainable_variables)
    expected = [
        np.asarray(variable) - 0.125 * np.asarray(gradient)
        for variable, gradient in zip(model.prior.trainable_variables, gradients, strict=True)
    ]
    logs = model.train_on_batch(x, return_dict=True)
    assert logs["loss"] == pytest.approx(float(loss), rel=1e-5)
    for value, variable in zip(expected, model.prior.trainable_variables, strict=True):
        np.testing.assert_allclose(variable, value, rtol=1e-4, atol=1e-5)
    for old, variable in zip(networks_before, model.main_variables, strict=True):
        np.testing.assert_array_equal(variable, old)
    assert int(rate.iterations) == 1


def test_a_fixed_mixture_stays():
    fixed = priors.GaussianMixture(CLUSTERS, latents=LATENTS, learn=False)
    model = build(prior=fixed)
    model.compile(keras.optimizers.Adam(0.01))
    before = np.asarray(fixed.means)
    model.fit(observations(), verbose=0)
    np.testing.assert_array_equal(fixed.means, before)


def clouds(count=300, seed=0):
    """Three clouds in the plane: their points, in the order of their clouds."""
    rng = np.random.default_rng(seed)
    centres = np.array([[-4.0, 0.0], [4.0, 0.0], [0.0, 6.0]])
    scales = np.array([[0.5, 1.0], [1.0, 0.3], [0.2, 0.6]])
    index = np.sort(rng.integers(3, size=count))
    return centres, scales, centres[index] + scales[index] * rng.normal(size=(count, 2)), index


def test_a_mixture_is_fitted_to_codes():
    centres, scales, z, index = clouds(3000)
    prior = priors.GaussianMixture(3, latents=2)
    prior.logits.assign([1.0, 2.0, 3.0])
    prior.fit(z, seed=4)
    order = np.argmin(((np.asarray(prior.means)[:, None] - centres) ** 2).sum(-1), axis=0)
    np.testing.assert_allclose(np.asarray(prior.means)[order], centres, atol=0.1)
    deviations = np.exp(np.asarray(prior.logvars)[order] / 2)
    np.testing.assert_allclose(deviations, scales, rtol=0.1)
    np.testing.assert_array_equal(prior.logits, 0)
    chosen = np.argmax(prior.log_responsibilities(z.astype(np.float32)), axis=1)
    assert (order[index] == chosen).mean() > 0.99


def test_full_covariances_are_fitted():
    rng = np.random.default_rng(0)
    covariance = np.array([[2.0, 1.2], [1.2, 1.0]])
    z = rng.multivariate_normal([1.0, -2.0], covariance, size=5000)
    prior = priors.GaussianMixture(1, latents=2, covariance="full")
    prior.fit(z)
    np.testing.assert_allclose(prior.components().covariance()[0], np.cov(z.T), rtol=1e-3)
    expected = multivariate_normal(z.mean(axis=0), np.cov(z.T)).logpdf(z[:5])
    log_prob = prior.log_prob(z[:5].astype(np.float32))
    np.testing.assert_allclose(log_prob, expected, rtol=1e-3)


def test_covariances_that_are_not_learned_are_not_fitted():
    prior = priors.GaussianMixture(3, latents=2, variance=0.01, learn_covariances=False)
    prior.fit(clouds()[2])
    np.testing.assert_allclose(np.exp(prior.logvars), 0.01, rtol=1e-6)
    assert np.ptp(np.asarray(prior.means)) > 5


@pytest.mark.parametrize(
    ("z", "message"),
    [
        (np.zeros((2, LATENTS)), "expected at least 3 observations for as many clusters, got 2"),
        (np.zeros((9, 4)), r"expected codes \(n, 2\), got shape \(9, 4\)"),
        (np.full((9, LATENTS), np.nan), "expected finite codes to fit a mixture to"),
    ],
)
def test_codes_that_a_mixture_cannot_be_fitted_to(z, message):
    with pytest.raises(ValueError, match=message):
        priors.GaussianMixture(CLUSTERS, latents=LATENTS).fit(z)


def test_a_mixture_of_equal_codes_is_finite():
    prior = priors.GaussianMixture(CLUSTERS, latents=LATENTS)
    prior.fit(np.ones((9, LATENTS)))
    assert np.isfinite(np.asarray(prior.log_prob(np.ones((1, LATENTS), np.float32)))).all()


def test_clusters_are_probabilities_given_the_mean():
    model = build(pretraining_steps=100)
    x = observations(50)
    with pytest.raises(ValueError, match=r"call fit_mixture\(x\)"):
        model.clusters(x)
    model.fit_mixture(x)
    log_joint = joint(scatter(model), np.asarray(model.encode(x)[0], np.float64))
    expected = np.exp(log_joint - logsumexp(log_joint, axis=1, keepdims=True))
    np.testing.assert_allclose(model.clusters(x), expected, rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"form": "exact"}, ValueError, "form must be one of"),
        ({"pretraining": "gan"}, ValueError, "pretraining must be one of"),
        ({"pretraining_steps": -1}, ValueError, "pretraining_steps of at least 0, got -1"),
        ({"data_dependent": True, "pretraining_steps": 5}, ValueError, "data_dependent with"),
        ({"latents": 7}, ValueError, "expected networks of 7 latents, got 2"),
        ({"clusters": 0}, ValueError, "clusters of at least 1, got 0"),
        ({"prior": priors.Normal([1.0, 1.0])}, TypeError, "expected a GaussianMixture as prior"),
    ],
)
def test_wrong_arguments_are_named(options, error, message):
    with pytest.raises(error, match=message):
        build(**options)


# Stages of a run.

SOURCES = data.ArrayData(observations(200), np.zeros((200, 1), int))


def run(path, *, steps, **options):
    def model(encoder, decoder, *, seed):
        return models.VaDE(
            encoder,
            decoder,
            likelihood=likelihoods.Gaussian(),
            seed=seed,
            **{"clusters": CLUSTERS, "pretraining_steps": 6} | options,
        )

    train(
        run_dir=path,
        data=SOURCES,
        model=model,
        encoder=lambda shape, *, latents: networks.mlp_encoder(shape, latents=latents, units=8),
        decoder=lambda shape, *, latents: networks.mlp_decoder(shape, latents=latents, units=8),
        optimizer=lambda: keras.optimizers.Adam(0.01),
        stream=data.streams.batches,
        latents=LATENTS,
        steps=steps,
        batch_size=16,
        log_every=4,
        checkpoint_every=4,
        evaluation_steps=1,
        quiet=True,
    )
    trained = models.load(path / "model.keras")
    optimizers = [one.variables for one in (trained.optimizer, trained.mixture_optimizer)]
    state = [np.asarray(one) for one in [*trained.weights, *optimizers[0], *optimizers[1]]]
    return trained, state, disentlib.Run(path, data=SOURCES).history


def test_a_run_pretrains_then_clusters_and_resumes_at_every_point(tmp_path):
    whole, state, history = run(tmp_path / "whole", steps=12)
    assert int(whole.stage) == 1
    assert int(whole.mixture_optimizer.iterations) == 6
    np.testing.assert_array_equal(history["step"], [4, 6, 8, 12])
    np.testing.assert_array_equal(history["stage"], [0, 0, 1, 1])
    for last in (5, 6, 7):  # before the second stage, at its start, and within it
        path = tmp_path / str(last)
        part, *_ = run(path, steps=last)
        assert int(part.stage) == (last > 6)
        _, resumed, _ = run(path, steps=12)
        for one, other in zip(state, resumed, strict=True):
            np.testing.assert_array_equal(one, other)


def test_the_second_stage_fits_the_mixture_to_the_means_of_all_data(tmp_path, monkeypatch):
    pretrained, *_ = run(tmp_path, steps=6)
    fits = []
    fit = priors.GaussianMixture.fit
    monkeypatch.setattr(
        priors.GaussianMixture,
        "fit",
        lambda prior, z, *, seed: [fits.append((z, seed)), fit(prior, z, seed=seed)],
    )
    run(tmp_path, steps=7)
    ((codes, seed),) = fits
    np.testing.assert_allclose(codes, pretrained.encode(SOURCES.observations)[0], atol=1e-6)
    assert seed == pretrained.seed


def test_networks_are_scaled_by_the_first_batch(tmp_path):
    model, *_ = run(tmp_path, steps=0, pretraining_steps=0, data_dependent=True)
    model.compile(keras.optimizers.SGD(0.0))
    (stage,) = model.stages
    stage.prepare(iter([SOURCES.observations]))
    mean, logvar = model.encode(SOURCES.observations)
    output = model.decoder(mean)
    for part in (mean, logvar, output):
        np.testing.assert_allclose(np.mean(part, axis=0), 0, atol=1e-5)
        np.testing.assert_allclose(np.std(part, axis=0), 1, rtol=1e-4)


@pytest.mark.parametrize("kind", ["dense", "convolution", "transposed"])
def test_pre_activations_have_mean_0_and_variance_1(kind):
    keras.utils.set_random_seed(0)
    layers = keras.layers
    rng = np.random.default_rng(0)
    x = rng.normal(2.0, 3.0, size=(64, 6, 6, 2)).astype(np.float32)
    images = keras.Input((6, 6, 2))
    first = {
        "dense": lambda: layers.Dense(5, activation="tanh", name="first"),
        "convolution": lambda: layers.Conv2D(5, 3, activation="tanh", name="first"),
        "transposed": lambda: layers.Conv2DTranspose(5, 3, activation="tanh", name="first"),
    }[kind]()
    second = layers.Dense(4, activation="relu", name="second")
    network = keras.Model(images, second(layers.Flatten()(first(images))))
    standardize_activations(network, x)
    after = first(x)
    before = np.arctanh(np.asarray(after, np.float64).clip(-1 + 1e-7, 1 - 1e-7))
    np.testing.assert_allclose(before.mean(axis=(0, 1, 2)), 0, atol=0.01)
    np.testing.assert_allclose(before.std(axis=(0, 1, 2)), 1, rtol=0.01)
    flat = np.asarray(after).reshape(64, -1)
    last = flat @ np.asarray(second.kernel) + np.asarray(second.bias)
    np.testing.assert_allclose(last.mean(axis=0), 0, atol=1e-4)
    np.testing.assert_allclose(last.std(axis=0), 1, rtol=1e-3)
    assert second.activation is keras.activations.relu


def test_constant_units_keep_their_scale():
    dense = keras.layers.Dense(2, name="dense")
    x = keras.Input((3,))
    network = keras.Model(x, dense(x))
    kernel = np.array([[1.0, 0.0], [2.0, 0.0], [3.0, 0.0]], np.float32)
    dense.set_weights([kernel, np.array([0.5, 4.0], np.float32)])
    standardize_activations(network, observations()[:, :3])
    np.testing.assert_array_equal(dense.kernel[:, 1], 0)
    np.testing.assert_allclose(dense.bias[1], 0)


def test_a_network_without_layers_to_scale_is_refused():
    with pytest.raises(ValueError, match="with kernels and biases to scale"):
        standardize_activations(keras.Sequential([keras.layers.ReLU()], name="plain"), np.ones(3))


@pytest.mark.parametrize(
    "options",
    [
        {"first": 0.0, "every": 1, "factor": 0.5},
        {"first": 1.0, "every": 1, "factor": 0.0},
        {"first": 1.0, "every": 1, "factor": 1.5},
        {"first": 1.0, "every": 1, "factor": 0.5, "least": 2.0},
        {"first": 1.0, "every": 0, "factor": 0.5},
        {"first": 1.0, "every": 1, "factor": 0.5, "start": -1},
        {"first": np.inf, "every": 1, "factor": 0.5},
    ],
)
def test_wrong_decays_are_refused(options):
    with pytest.raises(ValueError, match="expected"):
        models.StepDecay(**options)


def test_a_decay_is_saved_with_its_optimizer():
    rate = models.StepDecay(0.2, every=3, factor=0.9, least=0.1, start=2)
    assert models.StepDecay.__module__.startswith("disentlib.models")  # files load without training
    copy = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(rate))
    assert copy.get_config() == rate.get_config()
    assert [float(copy(step)) for step in range(9)] == [float(rate(step)) for step in range(9)]
