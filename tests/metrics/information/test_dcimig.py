"""DCIMIG against a worked example, a plain loop."""

import numpy as np
import pytest

from disentlib import metrics, ops


def test_worked_example():
    a = np.repeat([0, 1], 6)
    b = np.array([0, 0, 1, 1, 2, 2] * 2)
    codes = np.array(
        [[0, 0, 0, 0, 1, 1, 3, 3, 3, 3, 2, 2], [0, 0, 1, 1, 3, 3, 0, 1, 1, 1, 3, 2], [0, 1] * 6]
    ).T
    found = metrics.dcimig(codes, np.stack([a, b], axis=1), bins=4)
    assert found == pytest.approx(0.4756641375534825, abs=1e-12)


def test_plain_loop():
    rng = np.random.default_rng(0)
    factors = rng.integers(0, 5, (400, 3))
    codes = factors @ rng.normal(size=(3, 6)) + rng.normal(size=(400, 6))
    gaps = [0.0, 0.0, 0.0]
    for row in ops.mutual_information(codes, factors, bins=9):
        third, second, first = np.argsort(row)
        del third
        gaps[first] = max(gaps[first], row[first] - row[second])
    expected = sum(gaps) / ops.entropy(factors).sum()
    assert metrics.dcimig(codes, factors, bins=9) == pytest.approx(expected)


def test_a_second_code_for_a_factor_costs_nothing_but_a_factor_without_one_does():
    rng = np.random.default_rng(0)
    factors = rng.integers(0, 8, (10_000, 2))
    twice = factors[:, [0, 0, 1]].astype(float)
    assert metrics.dcimig(twice, factors) == pytest.approx(1, abs=0.01)
    assert metrics.dcimig(twice[:, :2], factors) == pytest.approx(0.5, abs=0.01)
