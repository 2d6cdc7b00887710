"""MFCVAE's objective, fading and clusters, against loops over facets and clusters."""

import keras
import numpy as np
import pytest
import scipy.special
import scipy.stats

import disentlib
from disentlib import data, models
from disentlib.models import networks as nets
from disentlib.training import train

SIZES = [1, 2]  # latents of the facets
FACETS = [(1, 3), (2, 4)]


@pytest.fixture
def model(build):
    """Return a function that builds a compiled model with random mixtures."""

    def make(**options):
        model = build(models.MFCVAE, facets=FACETS, **options)
        model.compile(keras.optimizers.Adam(1e-3))
        rng = np.random.default_rng(0)
        for mixture in model.prior.mixtures:
            for weight in mixture.weights:
                weight.assign(rng.normal(scale=0.7, size=weight.shape))
        return model

    return make


def at_step(model, step):
    model.optimizer.variables[0].assign(step)
    assert int(model.step) == step
    return model


def covariance_of(mixture, cluster):
    scales = np.exp(np.asarray(mixture.logvars, np.float64)[cluster] / 2)
    factor = np.eye(mixture.latents)
    if mixture.lower is not None:
        factor += np.tril(mixture.lower[cluster], -1)
    factor = scales[:, None] * factor
    return factor @ factor.T


def joint_of(mixture, z):
    """Return log pi_c N(z; mean_c, covariance_c) (samples, clusters)."""
    log_weights = scipy.special.log_softmax(np.asarray(mixture.logits, np.float64))
    return np.array(
        [
            [
                log_weights[cluster]
                + scipy.stats.multivariate_normal.logpdf(
                    row, mixture.means[cluster], covariance_of(mixture, cluster)
                )
                for cluster in range(mixture.clusters)
            ]
            for row in np.asarray(z, np.float64)
        ]
    )


def facets_of(array):
    return np.split(np.asarray(array), [SIZES[0]], axis=1)


def five_terms(model, code):
    """Return the divergence of each facet (2,) with the cluster as a latent variable."""
    divergences = []
    parts = zip(model.prior.mixtures, *map(facets_of, code[:3]), strict=True)
    for mixture, mean, logvar, z in parts:
        log_q = scipy.stats.norm(mean, np.exp(logvar / 2)).logpdf(z).sum(axis=1)
        joint = joint_of(mixture, z)
        log_gamma = joint - scipy.special.logsumexp(joint, axis=1, keepdims=True)
        divergence = log_q - (np.exp(log_gamma) * (joint - log_gamma)).sum(axis=1)
        divergences.append(divergence.mean())
    return np.array(divergences)


def bernoulli(images, logits):
    elements = images * logits - np.logaddexp(0, logits)
    return -elements.reshape(len(images), -1).sum(axis=1).mean()


@pytest.mark.parametrize("covariance", ["diagonal", "full"])
@pytest.mark.parametrize(("step", "weight"), [(0, 0.0), (25, 0.25), (30, 0.5), (40, 1.0)])
def test_the_objective_is_that_of_a_loop_while_the_first_facet_fades_in(
    model, images, covariance, step, weight
):
    model = at_step(model(covariance=covariance, fade_in=20, fade_every=20), step)
    code = model(images)
    # The decoder is linear: the weight of the first facet is that of its one row.
    kernel, bias = model.decoder.get_layer("output").get_weights()
    logits = (np.asarray(code.z) * [weight, 1, 1]) @ kernel + bias
    np.testing.assert_allclose(code.output, logits.reshape(images.shape), rtol=1e-4, atol=1e-5)
    np.testing.assert_array_equal(model.decode(code.z).distribution.logits, code.output)
    loss, terms = model.regularized_objective(images, None, code)
    expected = five_terms(model, code)
    reconstruction = bernoulli(images, np.asarray(code.output, np.float64))
    assert float(terms["reconstruction"]) == pytest.approx(reconstruction, rel=1e-5)
    assert float(terms["kl_1"]) == pytest.approx(expected[0], rel=1e-4)
    assert float(terms["kl_2"]) == pytest.approx(expected[1], rel=1e-4)
    assert float(terms["kl"]) == pytest.approx(expected.sum(), rel=1e-4)
    assert float(loss) == pytest.approx(reconstruction + expected @ [weight, 1], rel=1e-5)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, {0: [1, 1, 1], 1000: [1, 1, 1]}),
        (
            {"fade_in": 100},
            {0: [0, 0, 1], 100: [0, 0, 1], 150: [0, 0.5, 1], 225: [0.25, 1, 1], 300: [1, 1, 1]},
        ),
        (
            {"fade_in": 100, "fade_every": 40},
            {40: [0, 0, 1], 60: [0, 0.2, 1], 100: [0.2, 0.6, 1], 500: [1, 1, 1]},
        ),
    ],
)
def test_facets_fade_in_from_the_deepest(build, options, expected):
    model = build(models.MFCVAE, facets=[(1, 2)] * 3, **options)
    assert [float(weight) for weight in model.fades()] == expected.get(0, [0, 0, 1])
    model.compile()
    for step, weights in expected.items():
        found = [float(weight) for weight in at_step(model, step).fades()]
        assert found == pytest.approx(weights)


def test_a_facet_that_is_not_faded_in_does_not_learn(model, images):
    model = model(fade_in=2)
    first, second = model.prior.mixtures
    before = [first.get_weights(), second.get_weights()]
    model.train_on_batch(images)
    model.train_on_batch(images)  # at steps 0 and 1; the ramp starts at step 2 from 0
    np.testing.assert_equal(first.get_weights(), before[0])
    assert not np.array_equal(second.get_weights()[1], before[1][1])
    model.train_on_batch(images)
    np.testing.assert_equal(first.get_weights(), before[0])
    model.train_on_batch(images)
    assert not np.array_equal(first.get_weights()[1], before[0][1])


def trained(run_dir, steps, **method):
    """Return a run on ladder networks, on 16 x 16 sprites."""

    def model(encoder, decoder, *, seed):
        return models.MFCVAE(
            encoder, decoder, facets=FACETS, fade_in=5, fade_every=3, seed=seed, **method
        )

    def network(make):
        return lambda shape, latents: make(shape, facets=FACETS, latents=latents, units=(8, 8))

    train(
        run_dir=run_dir,
        steps=steps,
        data=data.MiniSprites,
        model=model,
        encoder=network(nets.ladder_encoder),
        decoder=network(nets.ladder_decoder),
        latents=3,
        batch_size=8,
        log_every=2,
        checkpoint_every=2,
        evaluation_steps=2,
        quiet=True,
    )
    return disentlib.Run(run_dir)


def test_a_run_is_resumed_while_facets_fade_in(tmp_path):
    whole = trained(tmp_path / "whole", 12)
    for steps in (0, 4, 6, 12):
        parts = trained(tmp_path / "parts", steps)
    np.testing.assert_equal(parts.model.get_weights(), whole.model.get_weights())
    np.testing.assert_equal(parts.history, whole.history)
    assert {"step", "loss", "reconstruction", "kl", "kl_1", "kl_2"} <= {*whole.history}
    assert [float(weight) for weight in parts.model.fades()] == [1, 1]


@pytest.mark.parametrize("fit_first", [True, False])
def test_a_run_begins_with_fitted_mixtures_unless_they_start_at_random(tmp_path, fit_first):
    found = trained(tmp_path / "one", 2, fit_first=fit_first).model
    # The first facet is not faded in yet: its mixture is as it was at the start.
    expected = trained(tmp_path / "none", 0, fit_first=False).model
    if fit_first:
        expected.fit_mixtures(data.MiniSprites().take(np.arange(576), 0)[1])
    first = [model.prior.mixtures[0].get_weights() for model in (found, expected)]
    np.testing.assert_equal(*first)


@pytest.mark.parametrize("fade_in", [0, 3])
def test_one_cluster_a_facet_is_a_vae(build, images, fade_in):
    model = build(models.MFCVAE, facets=[(1, 1), (2, 1)], variance=1.0, fade_in=fade_in, seed=3)
    for mixture in model.prior.mixtures:
        mixture.means.assign(np.zeros(mixture.means.shape))
    vae = build(models.VAE, seed=3)
    for one in (model, vae):
        one.compile(keras.optimizers.Adam(1e-3))
    at_step(model, 2 * fade_in), at_step(vae, 2 * fade_in)  # the noise is that of the step
    found = model.train_on_batch(images, return_dict=True)
    expected = vae.train_on_batch(images, return_dict=True)
    for term in ("loss", "reconstruction", "kl"):
        assert float(found[term]) == pytest.approx(float(expected[term]), rel=1e-6)
    assert [part.tolist() for part in model.clusters(images)] == [[[1.0]] * 8] * 2


@pytest.mark.parametrize("covariance", ["diagonal", "full"])
def test_clusters_are_bayes_rule_at_the_mean(model, images, covariance):
    model = model(covariance=covariance)
    many = np.tile(images, (40, 1, 1, 1))  # several batches
    found = model.clusters(many)
    assert [(part.shape, part.dtype) for part in found] == [((320, 3), "f4"), ((320, 4), "f4")]
    mean, _ = model.encode(images)
    for part, mixture, z in zip(found, model.prior.mixtures, facets_of(mean), strict=True):
        expected = scipy.special.softmax(joint_of(mixture, z), axis=1)
        np.testing.assert_allclose(part[:8], expected, rtol=1e-3, atol=1e-5)
        np.testing.assert_allclose(part[-8:], expected, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("covariance", ["diagonal", "full"])
def test_mixtures_are_fitted_to_the_means_of_each_facet(build, covariance):
    facets = [(1, 2), (2, 3)]
    model = build(models.MFCVAE, facets=facets, covariance=covariance, variance=0.02)
    for weight in model.prior.weights:  # whatever they were before
        weight.assign(weight + 1.0)
    rng = np.random.default_rng(0)
    prototypes = rng.uniform(size=(3, 16, 16, 1))
    prototypes[2] *= 3  # a third cluster in two latents, far away
    prototypes = np.clip(prototypes, 0, 1)
    kind = np.arange(90) % 3
    images = np.clip(prototypes[kind] + 0.01 * rng.normal(size=(90, 16, 16, 1)), 0, 1)
    model.fit_mixtures(images.astype(np.float32), seed=1)
    mean = np.asarray(model.encode(images.astype(np.float32))[0])
    groups = np.array([mean[kind == one, 1:].mean(axis=0) for one in range(3)])
    second = model.prior.mixtures[1]
    found = np.asarray(second.means)
    distances = np.linalg.norm(found[:, None] - groups[None], axis=2)
    assert sorted(distances.argmin(axis=1)) == [0, 1, 2]
    np.testing.assert_allclose(distances.min(axis=1), 0, atol=1e-3)
    for mixture in model.prior.mixtures:
        np.testing.assert_array_equal(mixture.logits, np.zeros(mixture.clusters))
        for cluster in range(mixture.clusters):
            matrix = covariance_of(mixture, cluster)
            np.testing.assert_allclose(matrix, 0.02 * np.eye(mixture.latents), rtol=1e-5, atol=1e-8)
    before = model.prior.get_weights()
    model.fit_mixtures(images.astype(np.float32), seed=1)
    np.testing.assert_equal(model.prior.get_weights(), before)
    sharp = [part.max(axis=1) for part in model.clusters(images.astype(np.float32))]
    assert sharp[1].min() > 0.9


def test_the_seed_of_a_fit_counts(model):
    images = np.random.default_rng(0).uniform(size=(50, 16, 16, 1)).astype(np.float32)
    model = model()
    means = []
    for seed in (0, 1):
        model.fit_mixtures(images, seed=seed)
        means.append(np.asarray(model.prior.mixtures[1].means))
    assert not np.allclose(*means)
    model.fit_mixtures(images)
    np.testing.assert_array_equal(model.prior.mixtures[1].means, means[model.seed])


def test_images_that_are_all_alike_are_one_cluster(model):
    model = model()
    model.fit_mixtures(np.full((9, 16, 16, 1), 0.5, np.float32))
    for part in model.clusters(np.full((2, 16, 16, 1), 0.5, np.float32)):
        np.testing.assert_allclose(part.sum(axis=1), 1, rtol=1e-5)


def test_fewer_images_than_clusters(model, images):
    with pytest.raises(ValueError, match=r"^expected at least 4 observations for as many"):
        model().fit_mixtures(images[:3])
    model().fit_mixtures(images[:4])


def ladder(sizes, **options):
    units = [4] * len(sizes)
    return (
        nets.ladder_encoder(6, facets=sizes, units=units),
        nets.ladder_decoder(6, facets=sizes, units=units),
    )


@pytest.mark.parametrize(
    ("facets", "error", "message"),
    [
        ([], ValueError, "^expected at least one of facets, got none$"),
        (
            [(3, 0)],
            ValueError,
            r"^expected facets \(latents, clusters\) of at least 1 each, got \[",
        ),
        (
            [(0, 3), (3, 3)],
            ValueError,
            r"^expected facets \(latents, clusters\) of at least 1 each",
        ),
        (
            [(1, 5), (3, 5)],
            ValueError,
            r"^expected facets whose latents add up to 3, the networks' code, got 1 \+ 3 = 4$",
        ),
        (
            [(2, 5), (1, 5)],
            ValueError,
            r"^expected facets of \[1, 2\] latents as in the encoder, got \[2, 1\]$",
        ),
        ([3], TypeError, r"^expected facets as pairs of whole numbers \(latents, clusters\), got"),
        (
            [(1.0, 2.5)],
            TypeError,
            r"^expected facets as pairs of whole numbers .* \[\(1.0, 2.5\)\]",
        ),
        ([(1, 2), (2,)], TypeError, r"^expected facets as pairs of whole numbers"),
        (3, TypeError, r"^expected facets as pairs of whole numbers .*, got 3$"),
    ],
)
def test_facets_that_do_not_go_with_the_networks(facets, error, message):
    with pytest.raises(error, match=message):
        models.MFCVAE(*ladder(SIZES), facets=facets)


def test_decoders_of_other_facets_and_numbers_out_of_range():
    encoder, decoder = ladder(SIZES)
    _, other = ladder([2, 1])
    with pytest.raises(ValueError, match=r"of \[2, 1\] latents as in the decoder, got \[1, 2\]$"):
        models.MFCVAE(encoder, other, facets=FACETS)
    for options in ({"fade_in": -1}, {"fade_every": 5}, {"fade_in": 3, "fade_every": 0}):
        with pytest.raises(
            ValueError, match=r"^expected fade_in of at least 0, and with a fade_in"
        ):
            models.MFCVAE(encoder, decoder, facets=FACETS, **options)
    with pytest.raises(ValueError, match=r"^expected a positive variance, got -1$"):
        models.MFCVAE(encoder, decoder, facets=FACETS, variance=-1)
    with pytest.raises(ValueError, match=r"^expected covariance 'diagonal' or 'full', got 'tied'$"):
        models.MFCVAE(encoder, decoder, facets=FACETS, covariance="tied")


def test_options_reach_the_mixtures():
    plain = models.MFCVAE(*ladder([5, 5]))
    assert [(one.latents, one.clusters) for one in plain.prior.mixtures] == [(5, 25), (5, 25)]
    assert {one.variance for one in plain.prior.mixtures} == {0.01}
    fixed = models.MFCVAE(*ladder(SIZES), facets=FACETS, learn_covariances=False)
    names = [weight.name for weight in fixed.prior.trainable_variables]
    assert names == ["logits", "means"] * 2
    models.MFCVAE(*ladder(SIZES), facets=FACETS, fade_in=1, fade_every=1)
