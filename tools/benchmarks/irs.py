"""IRS beside the loop over factors and their values that it replaces.

    python tools/benchmarks/irs.py

Target: 20 times the loop at 10,000 samples x 10 codes x 5 factors.
"""

import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from disentlib import metrics

SIZES = (3, 6, 40, 32, 32)


def representation(samples: int, seed: int = 0) -> tuple[NDArray, NDArray]:
    """Return codes (samples, 10), half of them noise, and factors (samples, 5)."""
    rng = np.random.default_rng(seed)
    factors = np.stack([rng.integers(0, size, samples) for size in SIZES], axis=1)
    codes = np.hstack([factors, np.zeros_like(factors)])
    return codes + 0.5 * rng.normal(size=codes.shape), factors


def loop(codes: NDArray, factors: NDArray, protocol: str | None) -> float:
    """The score by NumPy, group by group."""
    if protocol is not None:
        cut = [np.digitize(f, np.histogram(f, 20)[1][:-1]) for f in factors.T]
        factors = np.stack(cut, axis=1)
    strayed = np.abs(codes - codes.mean(axis=0))
    overall = strayed.max(axis=0) if protocol else np.percentile(strayed, 99, axis=0)
    inside = np.zeros((codes.shape[1], factors.shape[1]))
    for i, factor in enumerate(factors.T):
        values = np.unique(factor)
        for value in values:
            group = codes[factor == value]
            inside[:, i] += np.percentile(np.abs(group - group.mean(axis=0)), 99, axis=0)
        inside[:, i] /= len(values)
    matrix = 1 - inside / overall[:, None]
    return float(np.average(np.maximum(matrix.max(axis=1), 0), weights=overall))


def fastest(first: Callable[[], object], second: Callable[[], object]) -> tuple[float, float]:
    """CPU milliseconds of the fastest calls, by turns: other work on the machine hardly counts."""
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(20):
        for call, repeats, taken in ((first, 1, times[0]), (second, 10, times[1])):
            for _ in range(repeats):
                start = time.process_time()
                call()
                taken.append(time.process_time() - start)
    return 1e3 * min(times[0]), 1e3 * min(times[1])


def main() -> None:
    codes, factors = representation(10_000)
    print(f"{'':24}{'loop, ms':>10}{'here, ms':>10}{'ratio':>8}{'target':>8}")
    for protocol in (None, "locatello2019"):
        for given in (codes, codes.astype(np.float32)):
            expected = loop(given.astype(np.float64), factors, protocol)
            np.testing.assert_allclose(
                metrics.irs(given, factors, protocol=protocol), expected, rtol=1e-9
            )
            theirs, ours = fastest(
                lambda c=given, p=protocol: loop(c, factors, p),
                lambda c=given, p=protocol: metrics.irs(c, factors, protocol=p),
            )
            name = f"{protocol or 'default'}, {given.dtype}"
            print(f"{name:24}{theirs:10.2f}{ours:10.2f}{theirs / ours:8.0f}{20:8}")


if __name__ == "__main__":
    main()
