"""Estimates of the total correlation against golden values, a plain loop and a known Gaussian."""

import numpy as np
import pytest
import scipy.stats
import tensorflow as tf

from disentlib.losses import total_correlation as tc

MEAN = tf.constant([[0.1, 0.9], [0.8, -1.2]])
LOGVAR = tf.constant([[-1.0, -2.0], [-0.5, -1.0]])
Z = tf.constant([[0.0, 1.0], [1.0, -1.0]])
RNG = np.random.default_rng(0)


def random_codes(batch=7, latents=3):
    mean = RNG.normal(size=(batch, latents))
    logvar = RNG.normal(size=(batch, latents)) - 1
    z = mean + np.exp(logvar / 2) * RNG.normal(size=(batch, latents))
    return [part.astype(np.float32) for part in (z, mean, logvar)]


def by_loops(z, mean, logvar, weight):
    batch, latents = z.shape
    total = 0.0
    for j in range(batch):
        joint, marginals = 0.0, np.zeros(latents)
        for i in range(batch):
            density = scipy.stats.norm.pdf(z[j], mean[i], np.exp(logvar[i] / 2))
            joint += weight[j, i] * density.prod()
            marginals += weight[j, i] * density
        total += np.log(joint) - np.log(marginals).sum()
    return total / batch


def test_the_minibatch_estimate_has_the_golden_values():
    assert float(tc.from_batch(Z, MEAN, LOGVAR)) == pytest.approx(-0.3742230, abs=1e-6)
    one = tf.zeros((1000, 1))
    assert float(tc.from_batch(one, one, one)) == pytest.approx(0, abs=1e-4)
    same = tf.zeros((1000, 10))
    expected = -9 * np.log(1000)
    assert float(tc.from_batch(same, same, same)) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("estimator", tc.ESTIMATORS)
def test_estimates_are_their_plain_loops(estimator):
    z, mean, logvar = random_codes()
    batch, size = len(z), 1000
    weight = np.ones((batch, batch))
    if estimator == "weighted":
        weight /= size * batch
    if estimator == "stratified":
        others = batch - 1
        weight[:] = 1 / others
        for row in range(batch):
            weight[row, row] = 1 / size
            weight[row, (row + 1) % batch] = (size - others) / (size * others)
    got = tc.from_batch(
        *map(tf.constant, (z, mean, logvar)), estimator=estimator, dataset_size=size
    )
    assert float(got) == pytest.approx(by_loops(z, mean, logvar, weight), rel=1e-4)


def test_rows_of_the_stratified_weights_sum_to_one():
    weight = np.exp(tc.log_weight(tf.constant(5), "stratified", 100))
    np.testing.assert_allclose(weight.sum(axis=1), 1, rtol=1e-6)
    np.testing.assert_allclose(np.diag(weight), 1 / 100, rtol=1e-6)
    assert (np.isclose(weight, (100 - 4) / (100 * 4)).sum(axis=1) == 1).all()


def test_constants_do_not_change_gradients():
    z, mean, logvar = map(tf.constant, random_codes())

    def gradient(**options):
        with tf.GradientTape() as tape:
            tape.watch([z, mean, logvar])
            value = tc.from_batch(z, mean, logvar, **options)
        return tape.gradient(value, [z, mean, logvar])

    plain = gradient()
    weighted = gradient(estimator="weighted", dataset_size=1000)
    for a, b in zip(plain, weighted, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("estimator", ["weighted", "stratified"])
def test_the_estimate_finds_the_total_correlation_of_a_gaussian(estimator):
    rho, noise, n = 0.8, 0.6, 4000
    means = RNG.multivariate_normal([0, 0], [[1, rho], [rho, 1]], size=n).astype(np.float32)
    logvar = np.full((n, 2), 2 * np.log(noise), np.float32)
    z = means + noise * RNG.normal(size=(n, 2)).astype(np.float32)
    correlation = rho / (1 + noise**2)
    truth = -0.5 * np.log(1 - correlation**2)
    got = tc.from_batch(*map(tf.constant, (z, means, logvar)), estimator=estimator, dataset_size=n)
    # 1/(N M) for all undercounts q(z) by N when the batch is the data: ln N a factor.
    shift = (2 - 1) * np.log(n) if estimator == "weighted" else 0.0
    assert float(got) - shift == pytest.approx(truth, abs=0.03)


def test_mistakes_are_named():
    with pytest.raises(ValueError, match="estimator must be one of minibatch"):
        tc.from_batch(Z, MEAN, LOGVAR, estimator="mws")
    with pytest.raises(ValueError, match="stratified estimator needs dataset_size"):
        tc.from_batch(Z, MEAN, LOGVAR, estimator="stratified")
