"""JEMMIG against a worked example, a plain loop."""

import numpy as np
import pytest

from disentlib import metrics, ops


def test_worked_example():
    a = np.repeat([0, 1], 6)
    b = np.array([0, 0, 1, 1, 2, 2] * 2)
    codes = np.array(
        [[0, 0, 0, 0, 1, 1, 3, 3, 3, 3, 2, 2], [0, 0, 1, 1, 3, 3, 0, 1, 1, 1, 3, 2], [0, 1] * 6]
    ).T
    found = metrics.jemmig(codes, np.stack([a, b], axis=1), bins=4)
    assert found == pytest.approx(0.5787728066071822, abs=1e-12)
    raw = np.array([0.73098274, 1.21990527])
    entropies = np.log([2, 3])
    assert found == pytest.approx(np.mean(1 - raw / (entropies + np.log(4))), abs=1e-8)


def test_plain_loop():
    rng = np.random.default_rng(0)
    factors = rng.integers(0, 5, (400, 3))
    codes = factors @ rng.normal(size=(3, 4)) + rng.normal(size=(400, 4))
    labels = ops.discretise(codes, 9)
    information = ops.mutual_information(codes, factors, bins=9)
    scores = []
    for i in range(3):
        second, best = np.argsort(information[:, i])[-2:]
        joint = ops.entropy(labels[:, best].astype(int) * 5 + factors[:, i])
        raw = joint - information[best, i] + information[second, i]
        scores.append(1 - raw / (ops.entropy(factors[:, i]) + np.log(9)))
    assert metrics.jemmig(codes, factors, bins=9) == pytest.approx(np.mean(scores))


def test_what_a_code_carries_beside_its_factor_costs():
    rng = np.random.default_rng(0)
    factors = rng.integers(0, 6, (10_000, 3))
    alone = factors[:, :2].astype(float)
    more = alone + 0.01 * factors[:, [2]]
    assert metrics.mig(more, factors[:, :2]) == pytest.approx(1, abs=0.02)
    assert metrics.jemmig(alone, factors[:, :2]) == pytest.approx(1, abs=0.01)
    assert metrics.jemmig(more, factors[:, :2]) < 0.85
