"""The generator is what its section of the paper says, and every random part can be told apart."""

import numpy as np
import pytest
from scipy import stats

from disentlib import data
from disentlib.data import streams
from disentlib.data.sets import nonstationary_sources as module


def made(**options):
    return data.NonstationarySources(
        **({"segments": 5, "per_segment": 4000, "sources": 3, "observed": 3, "seed": 2} | options)
    )


def by_segment(array, segments=5):
    return array.reshape(segments, -1, array.shape[1])


@pytest.fixture(scope="module")
def sources():
    return made()


def test_every_segment_has_its_own_deviations(sources):
    deviation, mean = module.modulation(5, 3, np.random.default_rng(2))
    found = by_segment(sources.sources)
    np.testing.assert_allclose(found.std(axis=1), deviation, rtol=0.05)
    np.testing.assert_allclose(found.mean(axis=1) / deviation, mean, atol=0.06)
    assert deviation.min() >= 0.5
    assert deviation.max() <= 3.0
    assert sources.condition.argmax(axis=1).tolist() == sorted([*range(5)] * 4000)
    assert sources.condition.sum() == 20_000


def test_means(sources):
    uncentred = by_segment(made(means="uncentred").sources).mean(axis=1)
    assert np.abs(uncentred).max() > 1
    assert np.abs(uncentred).max() < 5.2
    stairs = by_segment(made(means="staircase").sources).mean(axis=1)
    np.testing.assert_allclose(np.sort(stairs[:, 0]), [0, 3, 6, 9, 12], atol=0.2)
    np.testing.assert_allclose(stairs[:, 1:], 0, atol=0.2)


@pytest.mark.parametrize(
    ("noise", "distribution"),
    [
        ("gaussian", stats.norm()),
        ("laplace", stats.laplace(scale=1 / np.sqrt(2))),
        ("hyperbolic_secant", stats.hypsecant(scale=2 / np.pi)),
    ],
)
def test_base_noise_is_of_its_kind_and_of_variance_one(noise, distribution):
    drawn = module.base_noise((20_000, 1), noise, np.random.default_rng(0))[:, 0]
    assert stats.kstest(drawn, distribution.cdf).pvalue > 0.01
    assert drawn.var() == pytest.approx(1, abs=0.05)
    assert distribution.var() == pytest.approx(1)


def test_mixing_matrices_are_well_conditioned():
    rng = np.random.default_rng(0)
    many = module._unit_columns((10_000, 4, 4), np.random.default_rng(0))
    bound = np.percentile(np.linalg.cond(many), 25)
    for _ in range(3):
        matrix = module.mixing_matrix(4, 4, "bounded", rng)
        np.testing.assert_allclose(np.linalg.norm(matrix, axis=0), 1)
        assert np.linalg.cond(matrix) < bound * 1.1  # each draws its own ten thousand
    for bound in (2.0, 3.0):
        matrix = module.mixing_matrix(4, 4, "bounded", rng, condition_number=bound)
        np.testing.assert_allclose(np.linalg.norm(matrix, axis=0), 1)
        assert np.linalg.cond(matrix) <= bound
    q = module.mixing_matrix(4, 4, "orthogonal", rng)
    np.testing.assert_allclose(q.T @ q, np.eye(4), atol=1e-12)


@pytest.mark.parametrize("activation", ["leaky_relu", "xtanh", "none"])
def test_the_mixing_can_be_undone(activation):
    """Solve every layer backwards by hand."""
    made = np.random.default_rng(4).normal(size=(50, 3))
    function = module.activation_function(activation, 0.1)
    mixed = module.mixed(made, 3, 3, np.random.default_rng(1), function=function)
    matrix = module.mixing_matrix(3, 3, "bounded", np.random.default_rng(1))
    values = mixed @ np.linalg.inv(matrix)
    for _ in range(2):
        values = inverse(function, values) @ np.linalg.inv(matrix)
    np.testing.assert_allclose(values, made, atol=1e-8)


def inverse(function, values):
    """Bisect a rising function."""
    low, high = np.full_like(values, -100.0), np.full_like(values, 100.0)
    for _ in range(80):
        middle = (low + high) / 2
        below = function(middle) < values
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    return (low + high) / 2


def test_layers_and_shapes():
    one = made(layers=1, observed=6, activation="none", per_segment=100)
    weights = np.linalg.lstsq(one.sources, one.observations, rcond=None)[0]
    np.testing.assert_allclose(one.sources @ weights, one.observations, atol=1e-5)
    assert one.observations.shape == (500, 6)
    fresh = made(repeat=False, per_segment=100).observations
    assert not np.allclose(fresh, made(per_segment=100).observations)


def test_a_bound_of_the_condition_number_reaches_the_mixing():
    one = made(layers=1, activation="none", per_segment=100, condition_number=1.6)
    weights = np.linalg.lstsq(one.sources, one.observations, rcond=None)[0]
    assert np.linalg.cond(weights) <= 1.6 + 1e-4
    assert data.from_config(one.config()).condition_number == 1.6


def test_noise_and_discrete_observations():
    plain, noisy = made(per_segment=100), made(per_segment=100, observation_noise=0.5)
    assert np.std(noisy.observations - plain.observations) == pytest.approx(0.5, abs=0.05)
    discrete = made(per_segment=100, discrete=True).observations
    assert set(np.unique(discrete)) == {0.0, 1.0}


def test_the_later_variant_standardises_and_activates_first():
    options = {"variant": "icebeem", "per_segment": 500, "layers": 2, "mixing": "orthogonal"}
    variant = made(**options, activation="leaky_relu", slope=0.2)
    activated = np.where(variant.sources > 0, variant.sources, 0.2 * variant.sources)
    q = np.linalg.lstsq(activated, variant.observations, rcond=None)[0]
    np.testing.assert_allclose(q.T @ q, np.eye(3), atol=1e-5)


def test_it_is_a_data_set(sources):
    again = data.from_config(sources.config())
    np.testing.assert_array_equal(again.observations, sources.observations)
    assert sources.factor_sizes == (None, None, None)
    factors, seen = sources.sample(7, rng=0)
    assert seen["x"].shape == (7, 3)
    assert seen["u"].shape == (7, 5)
    row = np.flatnonzero((sources.observations == seen["x"][0]).all(axis=1))[0]
    np.testing.assert_array_equal(sources.sources[row], factors[0])
    np.testing.assert_array_equal(sources.condition[row], seen["u"][0])


def test_the_stream_gives_what_networks_and_what_losses_see(sources):
    x, y = next(iter(streams.batches(sources, batch_size=6, seed=1)))
    assert x["x"].shape == (6, 3)
    np.testing.assert_array_equal(x["u"], y["u"])
    later = next(iter(streams.batches(sources, batch_size=6, seed=1, start=1)))
    second = list(streams.batches(sources, batch_size=6, seed=1).take(2))[1]
    np.testing.assert_array_equal(later[0]["x"], second[0]["x"])


@pytest.mark.parametrize(
    "options",
    [
        {"noise": "cauchy"},
        {"means": "up"},
        {"activation": "relu"},
        {"mixing": "any"},
        {"variant": "other"},
        {"segments": 0},
        {"observed": 2},
        {"deviations": (0.0, 1.0)},
        {"observation_noise": -1.0},
        {"condition_number": 1.5},
        {"condition_number": float("nan")},
    ],
)
def test_wrong_arguments(options):
    with pytest.raises(ValueError, match="expected"):
        made(**options)
