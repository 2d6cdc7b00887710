"""OMES against worked examples, a plain loop, and its own promises."""

import numpy as np
import pytest

from disentlib import metrics
from disentlib.metrics.intervention.interventions import ArrayTable
from disentlib.metrics.intervention.omes import overlap_and_multiplicity

RESPONSES = np.array([[0.9, 0.1], [0.2, 0.7], [0.05, 0.0]])


@pytest.mark.parametrize(
    ("pooling", "alpha", "expected"),
    [
        ("avg", 1.0, 0.5521875),
        ("avg", 0.5, 0.5695991847826086),
        ("avg", 0.0, 0.5870108695652174),
        ("max", 1.0, 0.6675),
        ("max", 0.5, 0.6841666666666666),
        ("max", 0.0, 0.7008333333333334),
    ],
)
def test_worked_examples(pooling, alpha, expected):
    found = overlap_and_multiplicity(RESPONSES, alpha=alpha, pooling=pooling)
    assert found == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("pooling", ["avg", "max"])
def test_extremes(pooling):
    one_hot = np.zeros((5, 3))
    one_hot[[4, 0, 2], [0, 1, 2]] = 1
    assert overlap_and_multiplicity(one_hot, pooling=pooling) == 1
    everything = np.ones((5, 4))
    assert overlap_and_multiplicity(everything, alpha=1, pooling=pooling) == pytest.approx(1 / 4)
    assert overlap_and_multiplicity(everything, alpha=0, pooling=pooling) == pytest.approx(1 / 5)
    assert overlap_and_multiplicity(np.zeros((5, 4)), pooling=pooling) == 0


@pytest.fixture(scope="module")
def arrays():
    factors = np.indices((3, 8, 9)).reshape(3, -1).T
    rng = np.random.default_rng(0)
    return np.hstack([factors, factors[:, :1] + factors[:, 1:2]]) * [1, 2, -1, 0.5], factors, rng


def test_plain_loop(arrays):
    codes, factors, rng = arrays
    responses = np.zeros((4, 3))
    for k in range(3):
        first = rng.integers(len(factors), size=4000)
        partner = factors[first].copy()
        partner[:, k] = rng.integers(0, (3, 8, 9)[k], 4000)
        second = np.ravel_multi_index(tuple(partner.T), (3, 8, 9))
        for j in range(4):
            together = np.corrcoef(codes[first, j], codes[second, j])[0, 1]
            responses[j, k] = 1 - abs(together)
    expected = overlap_and_multiplicity(responses)
    assert metrics.omes(ArrayTable(codes, factors)) == pytest.approx(expected, abs=0.02)


def test_perfect_codes_of_few_values_score_1(arrays):
    _, factors, _ = arrays
    found = metrics.omes(ArrayTable(factors.astype(float), factors), pairs=50_000)
    assert found == pytest.approx(1, abs=0.01)


def test_dead_codes_and_constant_factors(arrays):
    codes, factors, _ = arrays
    expected = metrics.omes(ArrayTable(codes, factors))
    more = ArrayTable(np.insert(codes, 1, 0.1, axis=1), np.insert(factors, 2, 3, axis=1))
    assert metrics.omes(more) == expected
    assert metrics.omes(ArrayTable(np.zeros((216, 2)), factors)) == 0
    assert np.isnan(metrics.omes(ArrayTable(codes, np.zeros_like(factors))))


def test_what_it_refuses(arrays):
    codes, factors, _ = arrays
    with pytest.raises(ValueError, match=r"expected pooling as one of .* got 'sum'"):
        metrics.omes(ArrayTable(codes, factors), pooling="sum")
    apart = np.arange(216)[:, None] * [1, 1]
    with pytest.raises(ValueError, match="expected samples that differ in factor 0 alone"):
        metrics.omes(ArrayTable(codes, apart))
