"""MED against its authors' unit values, and a plain loop."""

import numpy as np
import pytest

from disentlib import metrics
from disentlib.metrics.information.med import top_codes

REFERENCE = {"protocol": "locatello2019"}


def draw():
    rng = np.random.default_rng(0)
    factors = rng.integers(0, 5, (10_000, 4))
    noise = rng.normal(size=(10_000, 196))
    rotation = np.linalg.qr(rng.normal(size=(4, 4)))[0]
    return factors, noise, rotation


def test_unit_values():
    factors, noise, rotation = draw()
    everything = {"train_fraction": 0.9999, "bins": 20}
    found = {
        name: metrics.top_k_med(codes, factors, k=200, **everything).disentanglement
        for name, codes in (
            ("permuted", factors[:, [2, 0, 3, 1]]),
            ("rotated", factors @ rotation),
            ("noise", noise[:, :10]),
            ("diluted", np.concatenate([factors, noise], axis=1)),
        )
    }
    assert found["permuted"] == pytest.approx(0.992, abs=0.02)
    assert found["rotated"] < 0.7
    assert found["noise"] < 0.016
    assert found["diluted"] == pytest.approx(0.677, abs=0.03)
    top = metrics.top_k_med(np.concatenate([factors, noise], axis=1), factors, **everything)
    assert top.disentanglement == pytest.approx(0.992, abs=0.02)


def test_chance_does_not_drown_what_is_known():
    factors, noise, _ = draw()
    diluted = np.concatenate([factors, noise], axis=1)
    assert metrics.top_k_med(diluted, factors, k=200).disentanglement > 0.99
    assert metrics.top_k_med(noise, factors, k=200).disentanglement == 0


def test_top_codes_by_loop():
    rng = np.random.default_rng(0)
    shares = rng.dirichlet(np.full(30, 0.3), size=4).T
    for k in (1, 2, 5):
        chosen = []
        for factor in range(4):
            mine = [j for j in range(30) if max(shares[j]) == shares[j, factor]]
            p = {j: (shares[j] + 1e-11) / (shares[j] + 1e-11).sum() for j in mine}
            mine.sort(key=lambda j, p=p: (p[j] * np.log(p[j])).sum(), reverse=True)
            chosen += mine[:k]
        np.testing.assert_array_equal(top_codes(shares, k), sorted(chosen))


def test_bad_k():
    with pytest.raises(ValueError, match="expected k of at least 1, got 0"):
        metrics.top_k_med(np.eye(8), np.eye(8, dtype=int), k=0)
