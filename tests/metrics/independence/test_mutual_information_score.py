"""Information between codes against scikit-learn and closed forms."""

import itertools

import numpy as np
import pytest
from sklearn.metrics import mutual_info_score

from disentlib import metrics, ops


def test_plain_loop():
    codes = np.random.default_rng(0).normal(size=(300, 4)) @ np.array([[1, 1, 0, 0]] * 4).cumsum(0)
    labels = ops.discretise(codes, 7)
    pairs = itertools.combinations(labels.T, 2)
    expected = np.mean([mutual_info_score(a, b) for a, b in pairs])
    assert metrics.mutual_information_score(codes, bins=7) == pytest.approx(expected)


def test_it_notices_dependence_without_correlation():
    x = np.random.default_rng(0).normal(size=5000)
    codes = np.stack([x, np.abs(x)], axis=1)
    assert metrics.mutual_information_score(codes) > 1
    assert metrics.gaussian_total_correlation(codes) < 0.01


def test_gaussian_codes_share_what_theory_says():
    rho = 0.8
    codes = np.random.default_rng(0).multivariate_normal([0, 0], [[1, rho], [rho, 1]], size=100_000)
    truth = -0.5 * np.log(1 - rho**2)  # bins lose some
    assert metrics.mutual_information_score(codes) == pytest.approx(truth, abs=0.03)


def test_independent_codes_share_about_nothing_and_one_has_no_other():
    noise = np.random.default_rng(0).normal(size=(1000, 5))
    assert metrics.mutual_information_score(noise) < 0.01
    assert metrics.mutual_information_score(noise, bins=20) > 0.1
    assert metrics.mutual_information_score(noise[:, :1]) == 0.0
