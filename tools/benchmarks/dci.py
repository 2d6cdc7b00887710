"""DCI with boosted trees: the kernel beside scikit-learn on the same rows, answers compared.

python tools/benchmarks/dci.py            # the study's size: scikit-learn takes minutes
python tools/benchmarks/dci.py --quick
"""

import argparse
import time

import numpy as np
from sklearn.ensemble import GradientBoostingClassifier

from disentlib import ops
from disentlib.metrics.prediction.dci import accuracy, disentanglement_of


def representation(samples, sizes, dims=10, seed=0):
    """Codes of which half tell a factor each, with noise and some mixing, and half tell nothing."""
    rng = np.random.default_rng(seed)
    factors = np.stack([rng.integers(0, size, samples) for size in sizes], axis=1)
    codes = rng.normal(size=(samples, dims))
    codes[:, : len(sizes)] *= 0.1
    codes[:, : len(sizes)] += factors / np.array(sizes)
    mixing = np.eye(dims) + 0.1 * rng.normal(size=(dims, dims))
    return (codes @ mixing).astype(np.float32), factors


def timed(fit, *arguments):
    """Return the answer, seconds on the wall and seconds of all cores."""
    wall, cpu = time.perf_counter(), time.process_time()
    answer = fit(*arguments)
    return answer, time.perf_counter() - wall, time.process_time() - cpu


def kernel(codes, labels, test):
    model = ops.gradient_boosting(codes, labels)
    return model.importances, model.fitted, model.predict(test)


def scikit_learn(codes, labels, test):
    model = GradientBoostingClassifier(random_state=0).fit(codes, labels)
    return model.feature_importances_, model.predict(codes), model.predict(test)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer rows, small factors only")
    quick = parser.parse_args().quick
    train, test, sizes = (2000, 1000, (3, 6, 8)) if quick else (10_000, 5_000, (3, 6, 40, 32, 32))
    codes, factors = representation(train + test, sizes)

    matrices, tests, seconds = [], [], []
    for fit in (kernel, scikit_learn):
        columns, scores, spent = [], [], np.zeros(2)
        for factor in factors.T:
            answer, wall, cpu = timed(fit, codes[:train], factor[:train], codes[train:])
            columns.append(answer[0])
            scores.append(accuracy(answer[2], factor[train:]))
            spent += wall, cpu
        matrices.append(np.stack(columns, axis=1))
        tests.append(np.mean(scores))
        seconds.append(spent)
        d, c = disentanglement_of(matrices[-1]), disentanglement_of(matrices[-1].T)
        print(
            f"{fit.__name__:>12}: {spent[0]:8.2f} s, {spent[1]:8.2f} s of all cores; "
            f"D {d:.4f}, C {c:.4f}, I {tests[-1]:.4f}",
            flush=True,
        )
    ratio = seconds[1] / seconds[0]
    print(f"{ratio[0]:.0f} times as fast; with one core each {ratio[1]:.0f} times")

    ours, theirs = matrices
    assert abs(ours - theirs).max() < 0.02
    assert abs(disentanglement_of(ours) - disentanglement_of(theirs)) < 0.01
    assert abs(disentanglement_of(ours.T) - disentanglement_of(theirs.T)) < 0.01
    assert abs(tests[0] - tests[1]) < 0.02


if __name__ == "__main__":
    main()
