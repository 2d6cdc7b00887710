"""MIG-sup against worked examples and its own promises."""

import numpy as np
import pytest

from disentlib import metrics

A = np.repeat([0, 1], 6)
B = np.array([0, 0, 1, 1, 2, 2] * 2)
CODES = np.array(
    [[0, 0, 0, 0, 1, 1, 3, 3, 3, 3, 2, 2], [0, 0, 1, 1, 3, 3, 0, 1, 1, 1, 3, 2], [0, 1] * 6]
).T
FACTORS = np.stack([A, B], axis=1)


def test_worked_example():
    everything = np.ones(3, bool)
    found = {
        norm: metrics.mig_sup(CODES, FACTORS, bins=4, normaliser=norm, active=everything)
        for norm in ("code", "factor")
    }
    assert found["code"] == pytest.approx(0.223852647631858, abs=1e-12)
    assert found["factor"] == pytest.approx(0.3648482341709436, abs=1e-12)


def draw():
    rng = np.random.default_rng(0)
    factors = np.stack([rng.integers(0, size, 10_000) for size in (3, 6, 40)], axis=1)
    return factors.astype(float), factors, rng.normal(size=(10_000, 3))


def test_noise_does_not_count_unless_asked():
    codes, factors, noise = draw()
    both = np.concatenate([codes, noise], axis=1)
    assert metrics.mig_sup(both, factors) == pytest.approx(1, abs=0.01)
    everything = np.ones(6, bool)
    assert metrics.mig_sup(both, factors, active=everything) == pytest.approx(0.5, abs=0.01)
    assert metrics.mig_sup(noise, factors) == 0
    assert np.isnan(metrics.mig_sup(codes, factors, active=[False] * 3))


def test_codes_of_two_factors_score_0_where_mig_does_not():
    rng = np.random.default_rng(0)
    factors = rng.integers(0, 6, (10_000, 2))
    codes = factors[:, [0]] + factors[:, [1]]
    assert metrics.mig_sup(codes, factors) == pytest.approx(0, abs=0.02)
    assert metrics.mig(codes, factors) > 0.2


def test_bad_options():
    codes, factors, _ = draw()
    with pytest.raises(ValueError, match=r"normaliser in \('factor', 'code'\), got 'codes'"):
        metrics.mig_sup(codes, factors, normaliser="codes")
    with pytest.raises(ValueError, match=r"active of shape \(3,\), one a code, got \(2,\)"):
        metrics.mig_sup(codes, factors, active=[True, False])
