"""Methods for pairs: what is shared, and how."""

import numpy as np
import pytest
import tensorflow as tf

from disentlib import models
from disentlib.models.pairs import adaptive_changes, labelled_changes

METHODS = [models.GroupVAE, models.MLVAE, models.AdaGVAE, models.AdaMLVAE]
RNG = np.random.default_rng(0)
MEAN = RNG.normal(size=(5, 2, 3)).astype(np.float32)
LOGVAR = RNG.normal(size=(5, 2, 3)).astype(np.float32)


def averages(method, mean, logvar):
    v = np.exp(logvar)
    if method in (models.GroupVAE, models.AdaGVAE):
        return mean.mean(axis=1), np.log(v.mean(axis=1))
    variance = 2 * v[:, 0] * v[:, 1] / (v[:, 0] + v[:, 1])
    return (mean / v).sum(axis=1) * variance / 2, np.log(variance)


@pytest.mark.parametrize("method", METHODS)
def test_unchanged_latents_are_averaged_and_changed_ones_kept(build, method):
    model = build(method)
    y = np.eye(3, dtype=np.float32)[[0, 1, 2, 0, 1]]
    mean, logvar = (part.numpy() for part in model.share(MEAN, LOGVAR, tf.constant(y)))
    changed = np.asarray(model.changed(MEAN, LOGVAR, tf.constant(y)))
    shared_mean, shared_logvar = averages(method, MEAN, LOGVAR)
    for image in (0, 1):
        np.testing.assert_allclose(
            mean[:, image], np.where(changed, MEAN[:, image], shared_mean), rtol=1e-4, atol=1e-6
        )
        np.testing.assert_allclose(
            logvar[:, image],
            np.where(changed, LOGVAR[:, image], shared_logvar),
            rtol=1e-4,
            atol=1e-5,
        )


@pytest.mark.parametrize("method", METHODS)
def test_equal_posteriors_stay_as_they_are(build, method):
    same = np.repeat(MEAN[:, :1], 2, axis=1), np.repeat(LOGVAR[:, :1], 2, axis=1)
    shared = build(method).share(*same, tf.zeros((5, 3)))
    for ours, theirs in zip(shared, same, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-6)


def test_adaptive_changes_are_above_the_midpoint_of_the_divergences():
    v = np.exp(LOGVAR.astype(float))
    delta = (
        v[:, 0] / v[:, 1]
        + (MEAN[:, 1] - MEAN[:, 0]) ** 2 / v[:, 1]
        - 1
        + LOGVAR[:, 1]
        - LOGVAR[:, 0]
    )
    middle = (delta.min(axis=1, keepdims=True) + delta.max(axis=1, keepdims=True)) / 2
    np.testing.assert_array_equal(adaptive_changes(MEAN, LOGVAR), delta >= middle)


def test_where_nothing_stands_out_everything_is_shared():
    same = np.ones((2, 2, 3), np.float32)
    assert not adaptive_changes(same, same).numpy().any()


def test_labels_are_tied_to_latents_by_their_number():
    changed = labelled_changes(tf.constant([[0.0, 1.0], [1.0, 1.0]]), 3)
    np.testing.assert_array_equal(changed, [[False, True, False], [True, True, False]])
    with pytest.raises(ValueError, match="at most 1 factors, one a latent, got 2"):
        labelled_changes(tf.zeros((2, 2)), 1)
    with pytest.raises(ValueError, match=r"expected labels \(batch, factors\)"):
        labelled_changes(None, 3)


@pytest.mark.parametrize("method", METHODS)
def test_the_loss_is_the_mean_of_both_images(build, method, images):
    model = build(method, beta=3.0)
    pairs = tf.constant(np.stack([images, images[::-1]], axis=1))
    y = tf.constant(np.eye(3, dtype=np.float32)[np.arange(8) % 3])
    loss, terms = model.regularized_objective(pairs, y, model(pairs))
    mean, logvar = model.share(*model(pairs), y)
    kl = 0.5 * (mean**2 + tf.exp(logvar) - logvar - 1).numpy().sum(axis=2)
    assert float(terms["kl"]) == pytest.approx(kl.mean(), rel=1e-5)
    assert float(loss) == pytest.approx(float(terms["reconstruction"] + 3 * terms["kl"]), rel=1e-6)


def test_changes_that_are_not_known_are_refused(build):
    model = build(models.GroupVAE)
    mean = np.zeros((2, 2, 3), np.float32)
    with pytest.raises(ValueError, match="expected whether each factor changed, got NaN"):
        model.share(mean, mean, np.array([[1, np.nan], [0, 1]], np.float32))
