"""iVAE's objective against NumPy, its weights, and u: seen by the encoder and by the prior."""

import keras
import numpy as np
import pytest
from scipy.special import logsumexp
from scipy.stats import norm

from disentlib import data, losses, models
from disentlib.models import ivae, networks, priors

CONDITION, LATENTS, OBSERVED, BATCH = 4, 2, 3, 7


def build(*, prior=None, **options):
    keras.utils.set_random_seed(5)
    return models.IVAE(
        networks.mlp_encoder(OBSERVED, latents=LATENTS, condition=CONDITION, units=8),
        networks.mlp_decoder(OBSERVED, latents=LATENTS, units=8),
        prior=prior or priors.Conditional(CONDITION, LATENTS),
        **options,
    )


def batch(seed=0):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(BATCH, OBSERVED)).astype(np.float32)
    u = np.eye(CONDITION, dtype=np.float32)[rng.integers(CONDITION, size=BATCH)]
    return {"x": x, "u": u}, {"u": u}


def by_hand(model, x, y, code, size):
    """The four terms in float64, with loops over the batch."""
    mean, logvar, z = (np.asarray(part, np.float64) for part in code[:3])
    scale = np.exp(logvar / 2)
    prior = model.prior(y["u"])
    log_prior = norm.logpdf(z, prior.mean(), prior.stddev()).sum(axis=1)
    error = x["x"] - np.asarray(code.output)
    reconstruction = -norm.logpdf(error, scale=0.1**0.5).sum(axis=1)
    log_q = norm.logpdf(z, mean, scale).sum(axis=1)
    joint, marginals = [], []
    for row in z:
        densities = norm.logpdf(row, mean, scale)
        joint.append(logsumexp(densities.sum(axis=1)) - np.log(BATCH * size))
        marginals.append((logsumexp(densities, axis=0) - np.log(BATCH * size)).sum())
    joint, marginals = np.array(joint), np.array(marginals)
    parts = (reconstruction, log_q - joint, joint - marginals, marginals - log_prior)
    return [part.mean() for part in parts]


@pytest.mark.parametrize("size", [1, 1000])
def test_the_objective_is_the_papers(size):
    model = build(weights=(2.0, 3.0, 5.0, 7.0), dataset_size=size)
    x, y = batch()
    code = model(x)
    loss, terms = model.objective(x, y, code)
    expected = by_hand(model, x, y, code, size)
    np.testing.assert_allclose([float(term) for term in terms.values()], expected, rtol=1e-4)
    assert float(loss) == pytest.approx(np.dot([2, 3, 5, 7], expected), rel=1e-4)


def test_equal_weights_are_the_negative_elbo():
    x, y = batch()
    ours = build(weights=(1.0, 1.0, 1.0, 1.0), dataset_size=123)
    code = ours(x)
    z = code.z
    elbo = -ours.reconstruction(x, code) - np.mean(
        code.posterior.log_prob(z) - ours.prior(y["u"]).log_prob(z)
    )
    assert float(ours.objective(x, y, code)[0]) == pytest.approx(-float(elbo), abs=1e-4)


def test_the_encoder_and_the_prior_see_u():
    model = build()
    x, y = batch()
    other = {"x": x["x"], "u": np.roll(x["u"], 1, axis=1)}
    assert not np.allclose(model.encode(x)[0], model.encode(other)[0])
    code = model(x)
    assert float(model.kl(code, y)) != float(model.kl(code, {"u": other["u"]}))
    with pytest.raises(ValueError, match=r'expected \{"x": \.\.\., "u"'):
        model.encode(x["x"])
    with pytest.raises(ValueError, match="expected the condition of Conditional"):
        model.objective(x, None, code)


def test_a_kl_with_a_conditional_prior_is_closed_form():
    model = models.VAE(
        networks.mlp_encoder(OBSERVED, latents=LATENTS, units=8),
        networks.mlp_decoder(OBSERVED, latents=LATENTS, units=8),
        prior=priors.Conditional(CONDITION, LATENTS),
        likelihood=losses.Gaussian(),
    )
    x, y = batch()
    code = model(x)  # the observation alone reaches an encoder that takes no u
    variance = np.exp(np.asarray(code.logvar, np.float64))
    spread = np.asarray(model.prior(y["u"]).variance(), np.float64)
    ratio = (variance + np.square(code.mean)) / spread
    expected = 0.5 * (ratio - 1 + np.log(spread / variance)).sum(axis=1).mean()
    assert float(model.kl(code, y)) == pytest.approx(expected, rel=1e-4)


def test_discrete_observations():
    """The published DiscreteIVAE: cross-entropy and the KL in closed form, by hand in float64."""
    model = models.VAE(
        networks.mlp_encoder(OBSERVED, latents=LATENTS, condition=CONDITION, units=8),
        networks.mlp_decoder(OBSERVED, latents=LATENTS, units=8),
        prior=priors.Conditional(CONDITION, LATENTS),
        likelihood=losses.Bernoulli(),
    )
    sources = data.NonstationarySources(
        segments=CONDITION, per_segment=5, sources=LATENTS, observed=OBSERVED, discrete=True
    )
    x, y = {"x": sources.observations, "u": sources.condition}, {"u": sources.condition}
    code = model(x)
    mean, logvar, _, logits = (np.asarray(part, np.float64) for part in code)
    p = 1 / (1 + np.exp(-logits))
    cross_entropy = -(x["x"] * np.log(p) + (1 - x["x"]) * np.log(1 - p)).sum(axis=1)
    log_prior = np.log(np.asarray(model.prior(y["u"]).variance(), np.float64))
    kl = (log_prior - logvar - 1 + (mean**2 + np.exp(logvar)) / np.exp(log_prior)).sum(axis=1) / 2
    loss, _ = model.objective(x, y, code)
    assert float(loss) == pytest.approx((cross_entropy + kl).mean(), rel=1e-5)


def test_without_a_prior_it_is_a_weighted_vae():
    model = models.IVAE(
        networks.mlp_encoder(OBSERVED, latents=LATENTS, units=8),
        networks.mlp_decoder(OBSERVED, latents=LATENTS, units=8),
        weights=(1000.0, 1.0, 1.0, 1.0),
    )
    x, y = batch()
    code = model(x)
    log_q = norm.logpdf(code.z, code.mean, np.exp(np.asarray(code.logvar) / 2)).sum(axis=1)
    expected = 1000 * model.reconstruction(x, code) + np.mean(
        log_q - norm.logpdf(code.z).sum(axis=1)
    )
    assert float(model.objective(x, y, code)[0]) == pytest.approx(float(expected), rel=1e-5)


def test_published_schedules():
    first = 10_000 / 1.6
    a, b, c, d = (
        [float(weight(step)) for step in (0, first / 2, first + 1)]
        for weight in ivae.annealed(10_000)
    )
    assert a == pytest.approx([5.0, 7.5, 1.0])
    assert b == pytest.approx([1.5, 1.0, 1.0])
    assert c == pytest.approx([0.0, 0.5, 1.0])
    assert d == pytest.approx([2.5, 1.25, 1.0])
    loud = [
        [float(weight(step)) for weight in ivae.annealed(10_000, variance=1.0)]
        for step in (0, first)
    ]
    assert loud == [[0.5, 1.0, 0.0, 1.0], [1.0, 1.0, 1.0, 1.0]]  # a alone may be below 1
    phases = ivae.two_phases((100.0, 1.0, 0.0, 10.0), 10_000)
    values = [[float(one(step)) for one in phases] for step in (0, first, first + 1)]
    assert values == [[100, 1, 0, 10], [100, 1, 0, 10], [200, 1, 1, 1]]


def test_it_trains_and_is_loaded_again(tmp_path):
    sources = data.NonstationarySources(
        segments=CONDITION, per_segment=200, sources=LATENTS, observed=OBSERVED, seed=1
    )
    model = build(weights=(*ivae.two_phases((100.0, 1.0, 0.0, 10.0), 60),))
    model.compile(keras.optimizers.Adam(1e-2))
    stream = data.streams.batches(sources, batch_size=32, seed=0)
    history = model.fit(stream, steps_per_epoch=20, epochs=3, verbose=0).history
    assert history["reconstruction"][-1] < history["reconstruction"][0]
    models.save(model, tmp_path / "ivae.keras")
    again = models.load(tmp_path / "ivae.keras")
    x = {"x": sources.observations, "u": sources.condition}
    np.testing.assert_allclose(again.encode(x)[0], model.encode(x)[0], rtol=1e-5, atol=1e-6)
    assert again.part_weights == model.part_weights


def test_wrong_arguments():
    with pytest.raises(ValueError, match="four weights"):
        build(weights=(1.0, 2.0))
    with pytest.raises(ValueError, match="dataset_size of at least 1"):
        build(dataset_size=0)
    with pytest.raises(ValueError, match="expected a prior of 2 latents"):
        build(prior=priors.Normal([1.0, 1.0, 1.0]))


def test_an_encoder_that_sees_u_asks_for_it():
    model = build()
    x, _ = batch()
    for given in (x["x"], {"x": x["x"]}):
        with pytest.raises(ValueError, match="the encoder sees the auxiliary variable u"):
            model.encode(given)
