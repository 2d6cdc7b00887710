"""MMD against hand-worked values and a plain loop."""

import numpy as np
import pytest
import tensorflow as tf

from disentlib.losses.mean_discrepancy import SCALES, maximum_mean_discrepancy

Z = tf.constant([[0.0, 0], [1, 0], [0, 2]])
PRIOR = tf.constant([[1.0, 1], [-1, 0], [0, 0]])


def test_the_golden_values():
    gaussian = maximum_mean_discrepancy(Z, PRIOR, kernel="gaussian")
    assert float(gaussian) == pytest.approx(-0.20315454593814608, abs=1e-6)
    assert float(maximum_mean_discrepancy(Z, PRIOR)) == pytest.approx(-0.9771966787292463, abs=1e-5)


@pytest.mark.parametrize("n", [2, 6])
def test_a_plain_loop_agrees(n):
    rng = np.random.default_rng(0)
    z, prior = rng.normal(size=(n, 3)), rng.normal(size=(n, 3))

    def k(a, b):
        squared = ((a - b) ** 2).sum()
        return sum(s * 6 / (s * 6 + squared) for s in SCALES)

    within = [
        sum(k(s[i], s[j]) for i in range(n) for j in range(n) if i != j) / (n * (n - 1))
        for s in (z, prior)
    ]
    across = np.mean([k(a, b) for a in z for b in prior])
    got = maximum_mean_discrepancy(tf.constant(z, tf.float32), tf.constant(prior, tf.float32))
    assert float(got) == pytest.approx(sum(within) - 2 * across, abs=1e-5)


def test_it_tells_distributions_apart():
    rng = np.random.default_rng(0)
    same, other = (
        float(
            maximum_mean_discrepancy(
                tf.constant(rng.normal(shift, 1, size=(500, 2)), tf.float32),
                tf.constant(rng.normal(size=(500, 2)), tf.float32),
            )
        )
        for shift in (0, 1)
    )
    assert abs(same) < 0.05 < other


def test_an_unknown_kernel_is_named():
    with pytest.raises(ValueError, match=r"kernel must be .* got 'rbf'"):
        maximum_mean_discrepancy(Z, PRIOR, kernel="rbf")
