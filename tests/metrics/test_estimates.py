"""The estimates that scores of information share."""

import numpy as np
import pytest
from sklearn.metrics import adjusted_mutual_info_score

from disentlib import ops
from disentlib.metrics.estimates import default_bins, estimate, mean, top_two


def draw(samples=500):
    rng = np.random.default_rng(0)
    factors = np.stack([rng.integers(0, size, samples) for size in (3, 7, 12)], axis=1)
    return factors + rng.normal(size=factors.shape), factors


def test_adjustment_is_scikit_learns():
    codes, factors = draw()
    found = estimate(codes, factors)
    labels = ops.discretise(codes, found.bins, rule="quantile")
    entropies = ops.entropy(factors)
    for j, code in enumerate(labels.T):
        for i, factor in enumerate(factors.T):
            # Their norm is a mean of both entropies, never larger than the factor's here.
            least = adjusted_mutual_info_score(factor, code, average_method="min")
            norm = min(entropies[i], ops.entropy(code))
            assert norm == pytest.approx(entropies[i])
            assert found.shared[j, i] == pytest.approx(max(least, 0) * norm, abs=1e-9)


def test_what_is_significant():
    codes, factors = draw(5000)
    assert (estimate(codes, factors).significant == np.eye(3, dtype=bool)).all()
    noise = np.random.default_rng(1).normal(size=(5000, 200))
    assert not estimate(noise, factors).significant.any()
    assert estimate(noise, factors, bins=20).significant.all()


def test_no_more_is_shared_than_there_is():
    _, factors = draw(50)
    for codes in (factors, -factors, np.zeros((50, 2))):
        found = estimate(codes, factors)
        assert (found.shared >= 0).all()
        assert (found.shared <= found.factors).all()


def test_labels_that_differ_in_every_sample_share_nothing():
    labels = np.arange(100)[:, None]
    found = estimate(np.concatenate([labels, labels], axis=1)[:4], labels[:4])
    assert not found.shared.any()


@pytest.mark.parametrize(
    ("values", "samples", "bins"), [(3, 10_000, 21), (40, 10_000, 81), (40, 200, 39), (2, 2, 3)]
)
def test_default_bins(values, samples, bins):
    assert default_bins(values, samples) == bins


def test_top_two():
    best, second = top_two(np.array([[3.0, 1.0], [2.0, 5.0], [0.0, 5.0]]), axis=0)
    np.testing.assert_array_equal([best, second], [[3, 5], [2, 5]])
    best, second = top_two(np.array([[3.0, 1.0]]), axis=0)
    np.testing.assert_array_equal([best, second], [[3, 1], [0, 0]])


def test_the_mean_of_nothing():
    assert np.isnan(mean(np.array([])))
    assert type(mean(np.array([1.0, 2.0]))) is float
