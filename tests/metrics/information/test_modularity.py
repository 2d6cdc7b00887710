"""Modularity against golden values, a plain loop, and its own promises."""

import numpy as np
import pytest

from disentlib import metrics, ops
from disentlib.metrics.information.modularity import modularity_of


def by_loop(matrix):
    scores = []
    for row in matrix:
        best = max(row)
        rest = sum(x * x for x in row) - best * best
        scores.append(1 - rest / (best * best * (len(row) - 1)) if best > 0 else 0.0)
    return scores


@pytest.mark.parametrize(
    ("matrix", "expected"),
    [
        (np.diag([5.0, 4, 3, 2, 1]), 1),
        ([[1, 0], [0, 1], [0, 0]], 2 / 3),
        (np.zeros((4, 4)), 0),
        (np.repeat(np.eye(5), 2, axis=0), 1),
        (np.repeat(np.eye(5), 2, axis=1), 1 - 1 / 9),
        ([[1, 0.5], [0, 1], [0, 0]], 0.583333),
    ],
)
def test_golden_matrices(matrix, expected):
    assert modularity_of(np.array(matrix)).mean() == pytest.approx(expected, abs=1e-6)


def test_plain_loop():
    rng = np.random.default_rng(0)
    factors = rng.integers(0, 5, (400, 3))
    codes = factors @ rng.normal(size=(3, 4)) + rng.normal(size=(400, 4))
    expected = np.mean(by_loop(ops.mutual_information(codes, factors, bins=9)))
    assert metrics.modularity(codes, factors, bins=9) == pytest.approx(expected)


def test_noise_scores_0_where_the_references_choices_give_it_nearly_1():
    rng = np.random.default_rng(0)
    factors = np.stack([rng.integers(0, size, 10_000) for size in (3, 6, 40)], axis=1)
    noise = rng.normal(size=(10_000, 5))
    assert metrics.modularity(noise, factors) == 0
    assert metrics.modularity(noise, factors, protocol="locatello2019") > 0.97
    codes = np.concatenate([factors, noise], axis=1)
    assert metrics.modularity(codes, factors) == pytest.approx(1, abs=1e-3)


def test_codes_of_two_factors_score_less():
    rng = np.random.default_rng(0)
    factors = rng.integers(0, 5, (5000, 3))
    mixed = factors[:, [0]] + factors[:, [1]]
    assert metrics.modularity(mixed, factors) == pytest.approx(0.5, abs=0.02)


def test_one_factor_leaves_no_other_to_be_about():
    factors = np.arange(100)[:, None] % 4
    assert np.isnan(metrics.modularity(factors, factors))
    with pytest.warns(metrics.ConstantFactorWarning, match="factor 1"):
        assert np.isnan(metrics.modularity(factors, np.insert(factors, 1, 0, axis=1)))
