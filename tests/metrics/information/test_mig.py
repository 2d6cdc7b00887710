"""MIG against a plain loop, a worked example, and its own promises."""

import numpy as np
import pytest
from sklearn.metrics import mutual_info_score

from disentlib import metrics, ops

SIZES = (3, 6, 40, 32, 32)


def by_loop(labels, factors):
    gaps = []
    for factor in factors.T:
        information = sorted(mutual_info_score(code, factor) for code in labels.T)
        gaps.append((information[-1] - information[-2]) / mutual_info_score(factor, factor))
    return np.mean(gaps)


def perfect(samples=10_000, seed=0):
    rng = np.random.default_rng(seed)
    factors = np.stack([rng.integers(0, size, samples) for size in SIZES], axis=1)
    return factors.astype(float), factors


def test_plain_loop():
    codes, factors = perfect(500)
    codes += np.random.default_rng(1).normal(size=codes.shape)
    labels = ops.discretise(codes, 13)
    assert metrics.mig(codes, factors, bins=13) == pytest.approx(by_loop(labels, factors))


def test_worked_example():
    a = np.repeat([0, 1], 6)
    b = np.array([0, 0, 1, 1, 2, 2] * 2)
    codes = np.array(
        [[0, 0, 0, 0, 1, 1, 3, 3, 3, 3, 2, 2], [0, 0, 1, 1, 3, 3, 0, 1, 1, 1, 3, 2], [0, 1] * 6]
    ).T
    factors = np.stack([a, b], axis=1)
    assert metrics.mig(codes, factors, bins=4) == pytest.approx(0.5472723512564152, abs=1e-12)


def test_golden_bounds():
    rng = np.random.default_rng(0)
    factors = rng.integers(0, 10, (3000, 10))
    assert metrics.mig(factors, factors, protocol="locatello2019") > 0.9
    assert metrics.mig(np.zeros((3000, 10)), factors, protocol="locatello2019") <= 0.2
    twice = np.concatenate([factors, factors], axis=1)
    assert metrics.mig(twice, factors, protocol="locatello2019") <= 0.1


@pytest.mark.parametrize("samples", [1000, 10_000])
def test_perfect_codes_score_1_where_20_bins_cannot(samples):
    codes, factors = perfect(samples)
    assert metrics.mig(codes, factors) == pytest.approx(1, abs=10 / samples)
    assert metrics.mig(codes, factors, protocol="locatello2019") < 0.9


def test_how_codes_space_their_values_does_not_matter():
    codes, factors = perfect()
    rng = np.random.default_rng(1)
    warped = np.exp((codes + 0.05 * rng.normal(size=codes.shape)) / np.array(SIZES) * 4)
    assert metrics.mig(warped, factors) > 0.995
    assert metrics.mig(warped, factors, protocol="locatello2019") < 0.8


@pytest.mark.parametrize("outlier", [1e3, -1e9, 1e30])
def test_one_outlier_in_10_000_does_not_matter(outlier):
    codes, factors = perfect()
    codes[17] = outlier
    assert metrics.mig(codes, factors) > 0.999
    assert metrics.mig(codes, factors, protocol="locatello2019") < 0.01


@pytest.mark.parametrize("samples", [300, 10_000])
def test_noise_scores_about_0(samples):
    _, factors = perfect(samples)
    scores = [
        metrics.mig(np.random.default_rng(seed).normal(size=(samples, 10)), factors)
        for seed in range(5)
    ]
    assert 0 <= np.mean(scores) < 5 / samples + 0.001


def test_codes_about_nothing_do_not_matter():
    codes, factors = perfect()
    more = np.random.default_rng(1).normal(size=(10_000, 5))
    dead = np.full((10_000, 2), 3.0)
    assert metrics.mig(np.concatenate([dead, codes, more], axis=1), factors) > 0.998


def test_a_single_code_has_a_runner_up_of_0():
    codes, factors = perfect()
    assert metrics.mig(codes[:, :1], factors[:, :1]) == pytest.approx(1)


def test_constant_factors_are_left_out_with_a_warning_that_names_them():
    codes, factors = perfect(1000)
    with_constant = np.insert(factors, 1, 7, axis=1)
    with pytest.warns(metrics.ConstantFactorWarning, match="factor 1 has a single value"):
        assert metrics.mig(codes, with_constant) == metrics.mig(codes, factors)
    with pytest.warns(metrics.ConstantFactorWarning):
        assert np.isnan(metrics.mig(codes, np.zeros_like(factors)))
