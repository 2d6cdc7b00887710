"""Explicitness with both solvers, fits and areas, beside scikit-learn.

python tools/benchmarks/explicitness.py
"""

import time

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.multiclass import OneVsRestClassifier

from disentlib import metrics

SIZES = (3, 6, 40, 32, 32)
SOLVERS = {"multinomial": None, "one-vs-rest": "locatello2019"}


def representation(seed=0):
    """Return 10,000 training and 5,000 test samples of 10 scaled codes, half of them noise."""
    rng = np.random.default_rng(seed)
    factors = np.stack([rng.integers(0, size, 15_000) for size in SIZES], axis=1)
    scaled = (factors - factors.mean(axis=0)) / factors.std(axis=0)
    codes = np.hstack([scaled + 0.3 * rng.normal(size=scaled.shape), rng.normal(size=scaled.shape)])
    codes = (codes - codes[:10_000].mean(axis=0)) / codes[:10_000].std(axis=0)
    return codes[:10_000], factors[:10_000], codes[10_000:], factors[10_000:]


def with_scikit_learn(solver, codes, factors, test_codes, test_factors):
    areas = []
    for labels, test_labels in zip(factors.T, test_factors.T, strict=True):
        if solver == "multinomial":
            fit = LogisticRegression()
        else:
            fit = OneVsRestClassifier(LogisticRegression(solver="liblinear"))
        told = fit.fit(codes, labels).predict_proba(test_codes)
        areas.append(roc_auc_score(test_labels[:, None] == fit.classes_, told))
    return np.mean(areas)


def timed(repeats, work):
    shortest = np.inf
    for _ in range(repeats):
        start = time.perf_counter()
        answer = work()
        shortest = min(shortest, time.perf_counter() - start)
    return shortest, answer


def main():
    codes, factors, *test = representation()
    print(f"{'solver':16}{'scikit-learn s':>16}{'here s':>10}{'ratio':>8}{'target':>8}")
    for solver, protocol in SOLVERS.items():
        theirs, expected = timed(1, lambda s=solver: with_scikit_learn(s, codes, factors, *test))
        ours, found = timed(
            3,
            lambda p=protocol: metrics.explicitness(codes, factors, test=tuple(test), protocol=p),
        )
        assert abs(found - expected) < 0.003, f"{solver}: {found:.4f}, scikit-learn {expected:.4f}"
        print(f"{solver:16}{theirs:16.2f}{ours:10.2f}{theirs / ours:8.0f}{10:8}")


if __name__ == "__main__":
    main()
