"""The clusters, the mixing and the condition are what the docstring says."""

import numpy as np
import pytest
from scipy import stats

from disentlib import data
from disentlib.data import streams
from disentlib.data.sets import nonstationary_sources


def made(**options):
    return data.ClusteredSources(**({"samples": 500, "condition_number": 12.0} | options))


@pytest.fixture(scope="module")
def sources():
    return made(samples=30_000, seed=3)


def test_clusters_are_uniform_and_each_is_a_gaussian_of_its_own(sources):
    counts = np.bincount(sources.clusters)
    assert len(counts) == 15
    assert stats.chisquare(counts).pvalue > 0.001
    for cluster in range(15):
        standard = (
            sources.sources[sources.clusters == cluster] - sources.means[cluster]
        ) / sources.scales[cluster]
        np.testing.assert_allclose(standard.mean(axis=0), 0, atol=0.1)
        np.testing.assert_allclose(np.cov(standard.T), np.eye(4), atol=0.12)
        assert stats.kstest(standard.ravel(), "norm").pvalue > 1e-4


def test_means_and_deviations_are_of_the_ranges_said():
    many = made(clusters=500, samples=1, seed=1)
    means = stats.uniform(-4, 8)
    assert stats.kstest(many.means.ravel(), means.cdf).pvalue > 0.01
    logs = stats.uniform(np.log(0.1), np.log(10))  # log 0.1 to 0
    assert stats.kstest(np.log(many.scales.ravel()), logs.cdf).pvalue > 0.01
    other = made(clusters=500, samples=1, mean_range=1.0, deviations=(2.0, 2.0))
    assert 0.9 < np.abs(other.means).max() <= 1
    np.testing.assert_allclose(other.scales, 2)


def test_the_defaults_are_those_of_the_published_table():
    plain = data.ClusteredSources()
    assert plain.sources.shape == (4000, 4)
    assert plain.observations.shape == (4000, 8)
    assert plain.condition.shape == (4000, 15)
    assert (plain.layers, plain.slope, plain.deviations) == (2, 0.2, (0.1, 1.0))


@pytest.mark.parametrize("slope", [0.2, 0.7])
def test_the_mixing_is_two_matrices_and_a_leaky_relu(slope):
    """Undo both layers by hand: matrices drawn afresh, 4 to 8 and 8 to 8."""
    mine = made(slope=slope, seed=5)
    rng = np.random.default_rng(5)
    for draw in (rng.uniform, rng.uniform):
        draw(size=(15, 4))
    rng.integers(15, size=500)
    rng.standard_normal((500, 4))
    first, second = (
        nonstationary_sources.mixing_matrix(*shape, "bounded", rng, condition_number=12.0)
        for shape in ((4, 8), (8, 8))
    )
    hidden = mine.sources @ first
    x = np.where(hidden > 0, hidden, slope * hidden) @ second
    np.testing.assert_allclose(mine.observations, (x - x.mean(axis=0)) / x.std(axis=0), atol=1e-5)
    assert np.linalg.cond(first) <= 12
    assert np.linalg.cond(second) <= 12


def test_observations_are_standardised(sources):
    np.testing.assert_allclose(sources.observations.mean(axis=0), 0, atol=1e-5)
    np.testing.assert_allclose(sources.observations.std(axis=0), 1, atol=1e-5)


def test_seeds_and_layers():
    np.testing.assert_array_equal(made(seed=1).observations, made(seed=1).observations)
    assert not np.allclose(made(seed=1).observations, made(seed=2).observations)
    linear = made(layers=1)
    x = linear.sources - linear.sources.mean(axis=0)
    residual = np.linalg.lstsq(x, linear.observations, rcond=None)[1]
    np.testing.assert_allclose(residual, 0, atol=1e-5)


def test_it_is_a_data_set(sources):
    again = data.from_config(sources.config())
    np.testing.assert_array_equal(again.observations, sources.observations)
    assert sources.config()["clusters"] == 15
    assert sources.config()["sources"] == 4
    assert repr(sources) == "ClusteredSources(15 clusters, 30000 samples)"
    assert sources.factor_sizes == (None,) * 4
    assert sources.factor_names == ("source_0", "source_1", "source_2", "source_3")
    np.testing.assert_array_equal(sources.condition.argmax(axis=1), sources.clusters)
    assert sources.condition.sum() == 30_000
    x, y = next(iter(streams.batches(sources, batch_size=6, seed=1)))
    assert x["x"].shape == (6, 8)
    np.testing.assert_array_equal(x["u"], y["u"])


def test_more_clusters_than_samples_and_a_single_one():
    few = made(clusters=40, samples=10)
    assert few.condition.shape == (10, 40)
    assert few.clusters.max() < 40
    one = made(clusters=1)
    assert (one.condition == 1).all()
    assert np.isfinite(made(samples=1).observations).all()


@pytest.mark.parametrize(
    "options",
    [
        {"clusters": 0},
        {"samples": 0},
        {"sources": 0},
        {"layers": 0},
        {"observed": 3},
        {"deviations": (0.0, 1.0)},
        {"deviations": (1.0, 0.5)},
        {"deviations": (1.0, np.inf)},
        {"mean_range": -1.0},
        {"mean_range": np.nan},
        {"slope": 0.0},
        {"slope": 1.1},
        {"condition_number": 1.5},
        {"condition_number": np.nan},
    ],
)
def test_wrong_arguments(options):
    with pytest.raises(ValueError, match="expected"):
        made(**options)
