"""All-pairs mutual information beside the loop over NumPy and scikit-learn that it replaces.

    python tools/benchmarks/mutual_information.py

Targets: 100 times the loop at 10,000 samples x 10 codes x 5 factors; 60 ms at 1,000,000 samples.
"""

import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import mutual_info_score

from disentlib import metrics, ops

SIZES = (3, 6, 40, 32, 32)


def loop(codes: NDArray, factors: NDArray) -> NDArray:
    information = np.empty((codes.shape[1], factors.shape[1]))
    for j, code in enumerate(codes.T):
        bins = np.digitize(code, np.histogram(code, 20)[1][:-1])
        for i, factor in enumerate(factors.T):
            information[j, i] = mutual_info_score(bins, factor)
    return information


def fastest(call: Callable[[], object], repeats: int) -> float:
    """Milliseconds of this thread in the fastest of `repeats` calls: other work hardly counts."""
    times = []
    for _ in range(repeats):
        start = time.thread_time()
        call()
        times.append(time.thread_time() - start)
    return 1e3 * min(times)


def compare(samples: int, repeats: int) -> None:
    rng = np.random.default_rng(0)
    factors = np.stack([rng.integers(0, size, samples) for size in SIZES], axis=1)
    rare = np.where(rng.random((samples, 1)) < 0.05, factors, 0)  # the same sizes, unbalanced
    doubles = np.concatenate([factors, rng.normal(size=(samples, 5))], axis=1)
    doubles += 0.5 * rng.normal(size=doubles.shape)
    expected = loop(doubles, factors)
    np.testing.assert_allclose(ops.mutual_information(doubles, factors), expected, atol=1e-9)
    spent = fastest(lambda: loop(doubles, factors), 3)
    print(f"{samples:,} samples of 10 codes and 5 factors: the loop takes {spent:.1f} ms")
    for codes in (doubles, doubles.astype(np.float32)):
        for name, call in {
            "ops.mutual_information": lambda c=codes: ops.mutual_information(c, factors),
            "mig, locatello2019": lambda c=codes: metrics.mig(c, factors, protocol="locatello2019"),
            "mig": lambda c=codes: metrics.mig(c, factors),
            "mig of rare values": lambda c=codes: metrics.mig(c, rare),
        }.items():
            taken = fastest(call, repeats)
            print(f"  {name:24}{codes.dtype!s:10}{taken:8.2f} ms{spent / taken:8.0f} x")


def main() -> None:
    compare(10_000, repeats=200)
    compare(1_000_000, repeats=10)


if __name__ == "__main__":
    main()
