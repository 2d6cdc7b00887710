"""SAP with linear machines and with trees, beside scikit-learn's LinearSVC.

python tools/benchmarks/sap.py
"""

import time

import numpy as np
from sklearn.svm import LinearSVC

from disentlib.metrics.prediction.sap import predictability

SIZES = (3, 6, 40, 32, 32)


def representation(seed=0):
    """Return 10,000 training and 5,000 test samples of 10 codes, half of them noise."""
    rng = np.random.default_rng(seed)
    factors = np.stack([rng.integers(0, size, 15_000) for size in SIZES], axis=1)
    scaled = (factors - factors.mean(axis=0)) / factors.std(axis=0)
    codes = np.hstack([scaled + 0.3 * rng.normal(size=scaled.shape), rng.normal(size=scaled.shape)])
    return codes[:10_000], factors[:10_000], codes[10_000:], factors[10_000:]


def best_of(repeats, work):
    """Return the shortest time and the last answer."""
    shortest = np.inf
    for _ in range(repeats):
        start = time.perf_counter()
        answer = work()
        shortest = min(shortest, time.perf_counter() - start)
    return shortest, answer


def with_scikit_learn(codes, factors, test_codes, test_factors):
    told = np.empty((codes.shape[1], factors.shape[1]))
    for dim in range(codes.shape[1]):
        for factor in range(factors.shape[1]):
            machine = LinearSVC(C=0.01, class_weight="balanced", dual=False)
            machine.fit(codes[:, [dim]], factors[:, factor])
            told[dim, factor] = machine.score(test_codes[:, [dim]], test_factors[:, factor])
    return told


def main():
    codes, factors, *test = representation()
    theirs, expected = best_of(3, lambda: with_scikit_learn(codes, factors, *test))
    print(f"{'estimator':24}{'ms':>10}{'ratio':>8}{'target':>8}")
    print(f"{'scikit-learn, 50 fits':24}{1000 * theirs:10.1f}")
    for estimator in ("svm", "tree"):
        ours, told = best_of(
            10, lambda e=estimator: predictability(codes, factors, test=tuple(test), estimator=e)
        )
        if estimator == "svm":
            difference = np.abs(told - expected).max()
            assert difference < 0.002, f"accuracies differ by {difference:.4f} from scikit-learn's"
        print(f"{estimator:24}{1000 * ours:10.1f}{theirs / ours:8.0f}{50:8}")


if __name__ == "__main__":
    main()
