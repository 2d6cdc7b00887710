"""Chen et al.'s estimator against a plain loop, integration, and its promises."""

import numpy as np
import pytest
from scipy.special import logsumexp
from scipy.stats import norm

from disentlib import metrics


def draw(sizes=(3, 4), dims=3, seed=0):
    rng = np.random.default_rng(seed)
    factors = np.stack([rng.integers(0, size, 60) for size in sizes], axis=1)
    mean = factors @ rng.normal(size=(len(sizes), dims))
    logvar = rng.normal(-2, 1, size=mean.shape)
    return mean, logvar, factors, mean + np.exp(logvar / 2) * rng.normal(size=mean.shape)


def by_loop(mean, logvar, factors, codes):
    def entropy(rows, j):
        total = 0.0
        for n in rows:
            logs = [norm.logpdf(codes[n, j], mean[m, j], np.exp(logvar[m, j] / 2)) for m in rows]
            total -= logsumexp(logs) - np.log(len(rows))
        return total / len(rows)

    gaps = []
    for column in factors.T:
        shared = []
        for j in range(mean.shape[1]):
            inside = 0.0
            for value in set(column):
                rows = np.flatnonzero(column == value)
                inside += len(rows) / len(column) * entropy(rows, j)
            shared.append(entropy(np.arange(len(column)), j) - inside)
        second, best = np.maximum(np.sort(shared)[-2:], 0)
        shares = np.unique(column, return_counts=True)[1] / len(column)
        gaps.append((best - second) / -(shares * np.log(shares)).sum())
    return np.mean(gaps)


def test_plain_loop_where_values_are_not_equally_frequent():
    mean, logvar, factors, codes = draw()
    found = metrics.mig_aggregated_posterior(mean, logvar, factors, codes=codes)
    assert found == pytest.approx(by_loop(mean, logvar, factors, codes), abs=1e-12)


def test_good_and_bad_codes():
    rng = np.random.default_rng(0)
    factors = np.indices((10, 10, 10)).reshape(3, -1).T
    narrow = np.full(factors.shape, -6.0)
    assert metrics.mig_aggregated_posterior(factors, narrow, factors) == pytest.approx(1, abs=0.01)
    assert metrics.mig_aggregated_posterior(factors * 0.0, narrow * 0, factors) < 0.01
    noise = rng.normal(size=(1000, 5))
    assert metrics.mig_aggregated_posterior(noise, np.full(noise.shape, -2.0), factors) < 0.02
    turned = factors @ np.linalg.qr(rng.normal(size=(3, 3)))[0]
    assert metrics.mig_aggregated_posterior(turned, narrow, factors) < 0.5


def test_a_code_of_unit_noise_shares_what_integration_says():
    # Two values, 2 apart: I = ln 2 - E[h(p)], by quadrature.
    z = np.linspace(-9, 11, 20_001)
    p = norm.pdf(z) / 2, norm.pdf(z, 2) / 2
    q = p[0] + p[1]
    truth = (norm.entropy() - np.trapezoid(-q * np.log(q), z)) / -np.log(2)
    factors = np.repeat([0, 1], 3000)[:, None]
    found = metrics.mig_aggregated_posterior(factors * 2.0, factors * 0.0, factors)
    assert found == pytest.approx(truth, abs=0.04)


def test_fewer_draws_are_enough():
    factors = np.indices((10, 10, 10)).reshape(3, -1).T
    mean, logvar = factors / 3.0, np.full(factors.shape, -1.0)
    full, part = (
        metrics.mig_aggregated_posterior(mean, logvar, factors, most=most) for most in (1000, 300)
    )
    assert part == pytest.approx(full, abs=0.05)
    assert part != full
    same = metrics.mig_aggregated_posterior(mean, logvar, factors, most=300)
    assert same == part


def test_constant_factors_are_left_out():
    mean, logvar, factors, codes = draw()
    with pytest.warns(metrics.ConstantFactorWarning, match="factor 1 has a single value"):
        found = metrics.mig_aggregated_posterior(
            mean, logvar, np.insert(factors, 1, 7, axis=1), codes=codes
        )
    assert found == metrics.mig_aggregated_posterior(mean, logvar, factors, codes=codes)
    with pytest.warns(metrics.ConstantFactorWarning):
        assert np.isnan(metrics.mig_aggregated_posterior(mean, logvar, factors[:, :1] * 0))


def test_bad_arrays():
    mean, logvar, factors, codes = draw()
    score = metrics.mig_aggregated_posterior
    with pytest.raises(ValueError, match=r"logvar of the mean's shape \(60, 3\), got \(60, 2\)"):
        score(mean, logvar[:, 1:], factors)
    with pytest.raises(ValueError, match=r"codes of the mean's shape \(60, 3\), got \(60, 2\)"):
        score(mean, logvar, factors, codes=codes[:, 1:])
    with pytest.raises(ValueError, match="expected finite logvar"):
        score(mean, logvar * np.inf, factors)
    with pytest.raises(TypeError, match="expected whole numbers in factor 0"):
        score(mean, logvar, factors + 0.5)
    with pytest.raises(ValueError, match="expected most of at least 1 sample, got 0"):
        score(mean, logvar, factors, most=0)
