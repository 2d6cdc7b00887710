"""The full default evaluation of one representation, score by score: at most 15 s on two cores.

On a busy machine look at the processor time, which two idle cores share.

python tools/benchmarks/evaluation.py
"""

import time

import numpy as np

from disentlib import metrics
from disentlib.metrics import SCORES

SIZES = (3, 6, 40, 32, 32)
TRAIN, TEST, CODES, LIMIT = 10_000, 5_000, 10, 15.0


def draw(samples, seed):
    """Return codes (samples, CODES) and factors: five noisy factors, two mixed, three of noise."""
    rng = np.random.default_rng(seed)
    factors = np.stack([rng.integers(0, size, samples) for size in SIZES], axis=1)
    scaled = (factors - np.array(SIZES) / 2) / np.array(SIZES)
    mixed = scaled[:, [0, 3]] + scaled[:, [1, 4]]
    codes = np.hstack([scaled, mixed, np.zeros((samples, 3))])
    return codes + 0.05 * rng.normal(size=codes.shape), factors


def main():
    codes, factors = draw(TRAIN, seed=0)
    test = draw(TEST, seed=1)
    assert codes.shape[1] == CODES
    names = [s.name for s in SCORES.values() if s.by_default and not s.intervenes]
    whole = metrics.ScoreTable(())
    spent = {}
    for name in names:
        start = time.perf_counter()
        whole += metrics.evaluate(codes, factors, metrics=[name], test=test)
        spent[name] = time.perf_counter() - start
    start, worked = time.perf_counter(), time.process_time()
    together = metrics.evaluate(codes, factors, test=test)
    total, work = time.perf_counter() - start, time.process_time() - worked
    for one, other in zip(whole, together, strict=True):
        assert one.score == other.score
        np.testing.assert_equal(one.value, other.value)
    assert together.value("dci.informativeness") > 0.5
    assert together.value("mig") > 0.1
    print(f"{'score':40}{'seconds':>10}")
    for name in sorted(spent, key=spent.__getitem__, reverse=True):
        print(f"{name:40}{spent[name]:10.3f}")
    print(f"{'all of them in one call':40}{total:10.3f}  limit {LIMIT:.0f}")
    print(f"{'their processor time, of all cores':40}{work:10.3f}")


if __name__ == "__main__":
    main()
