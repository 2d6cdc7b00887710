"""Factorised support against a worked example, a plain loop, and its own promises."""

import itertools

import numpy as np
import pytest

from disentlib import metrics


def test_worked_example():
    codes = np.array(
        [[0, 0, 0, 0, 1, 1, 3, 3, 3, 3, 2, 2], [0, 0, 1, 1, 3, 3, 0, 1, 1, 1, 3, 2], [0, 1] * 6]
    ).T
    assert metrics.factorized_support(codes, standardise=False) == 2
    assert metrics.factorized_support(codes[:, [0, 2]], standardise=False) == 0
    corners = [[0, 0, 0], [1, 1, 2], [2, 0, 1]]
    assert metrics.factorized_support(corners, standardise=False) == 3


def test_plain_loop():
    rng = np.random.default_rng(0)
    codes = rng.normal(size=(70, 3)) @ rng.normal(size=(3, 3))
    scaled = codes / codes.std(axis=0)
    total = []
    for start in range(0, 70, 32):
        part = scaled[start : start + 32]
        distance = 0.0
        for a, b in itertools.combinations(range(3), 2):
            product = np.array(list(itertools.product(part[:, a], part[:, b])))
            squared = ((product[:, None] - part[:, [a, b]]) ** 2).sum(axis=2)
            distance += squared.min(axis=1).max()
        total.append(distance)
    found = metrics.factorized_support(codes, batch=32)
    assert found == pytest.approx(np.mean(total), rel=1e-12)


def test_correlated_and_missing_combinations_raise_it():
    rng = np.random.default_rng(1)
    free = rng.uniform(size=(2000, 2))
    missing = free[(free[:, 0] < 0.5) | (free[:, 1] < 0.5)]
    turned = free @ [[1, 1], [1, -1]]
    expected = metrics.factorized_support(free)
    assert metrics.factorized_support(missing) > 3 * expected
    assert metrics.factorized_support(turned) > 3 * expected


def test_one_code_and_dead_codes():
    rng = np.random.default_rng(2)
    codes = rng.normal(size=(300, 3))
    assert metrics.factorized_support(codes[:, :1]) == 0
    assert metrics.factorized_support(np.insert(codes, 1, 0.1, axis=1)) == pytest.approx(
        metrics.factorized_support(codes)
    )


def test_an_empty_batch_is_rejected():
    with pytest.raises(ValueError, match="expected a batch of at least 1 sample, got 0"):
        metrics.factorized_support(np.eye(3), batch=0)
