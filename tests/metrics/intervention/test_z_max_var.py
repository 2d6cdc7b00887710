"""RF-VAE score against a plain loop, and its own promises."""

import numpy as np
import pytest

from disentlib import metrics
from disentlib.metrics.intervention.interventions import ArrayTable


@pytest.fixture(scope="module")
def arrays():
    factors = np.indices((3, 4, 6)).reshape(3, -1).T.repeat(5, axis=0)
    rng = np.random.default_rng(0)
    codes = factors / [3, 4, 6] + 0.1 * rng.normal(size=factors.shape)
    return codes @ np.linalg.qr(rng.normal(size=(3, 3)))[0], factors


def test_plain_loop(arrays):
    codes, factors = arrays
    rng = np.random.default_rng(1)
    scale = codes.var(axis=0, ddof=1)
    votes = np.zeros((3, 3))
    for _ in range(2000):
        k = rng.integers(3)
        like = factors[rng.integers(len(factors))]
        others = [i for i in range(3) if i != k]
        rows = np.flatnonzero((factors[:, others] == like[others]).all(axis=1))
        local = codes[rng.choice(rows, 64)].var(axis=0, ddof=1)
        votes[k, (local / scale).argmax()] += 1
    expected = votes.max(axis=0).sum() / 2000
    found = metrics.z_max_var(ArrayTable(codes, factors))
    assert found == pytest.approx(expected, abs=0.04)


def test_dead_codes_constant_factors_and_rows_that_never_agree(arrays):
    codes, factors = arrays
    expected = metrics.z_max_var(ArrayTable(codes, factors))
    more = ArrayTable(np.insert(codes, 1, 0.1, axis=1), np.insert(factors, 2, 3, axis=1))
    assert metrics.z_max_var(more) == expected
    assert metrics.z_max_var(ArrayTable(np.zeros_like(codes), factors)) == 0
    assert np.isnan(metrics.z_max_var(ArrayTable(codes, np.zeros_like(factors))))
    apart = np.arange(360)[:, None] * [1, 1]
    with pytest.raises(ValueError, match="expected samples that agree"):
        metrics.z_max_var(ArrayTable(codes, apart))
    with pytest.raises(ValueError, match="at least 2, got 1"):
        metrics.z_max_var(more, batch=1)
