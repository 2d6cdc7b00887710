"""Estimates of log q(z) and of the total correlation from one mini-batch.

TC = E[log q(z) - sum_l log q(z_l)], q(z) the mixture of the posteriors of all images, estimated
from the batch at hand (Chen et al., 2018, equations 4, S5 and S6).
"""

import math

import tensorflow as tf

ESTIMATORS = ("minibatch", "weighted", "stratified")


def from_batch(
    z: tf.Tensor,
    mean: tf.Tensor,
    logvar: tf.Tensor,
    *,
    estimator: str = "minibatch",
    dataset_size: int | None = None,
) -> tf.Tensor:
    """TC = mean_j [log q(z_j) - sum_l log q(z_jl)], in nats.

    Args:
        z: (batch, latents), one sample of each posterior.
        mean: (batch, latents).
        logvar: (batch, latents).
        estimator: "minibatch" sums over the batch without constants, as the study did: the same
            gradients as "weighted", but shifted by (latents - 1) ln(batch * dataset_size), so that
            the value is no total correlation and may be negative. "weighted" has the constants.
            "stratified" weights the image that made z by 1/dataset_size and the others so that they
            stand for the rest of the data, which is unbiased for q(z).
        dataset_size: number of images in the data; "weighted" and "stratified" need it.

    Returns:
        A scalar.

    Raises:
        ValueError: for an unknown estimator, or without the data set's size where it is needed.
    """
    # density[j, i, l] = log q(z_jl | x_i)
    density = log_density(z[:, None], mean[None], logvar[None])
    weight = log_weight(tf.shape(z)[0], estimator, dataset_size)
    joint = tf.reduce_logsumexp(weight + tf.reduce_sum(density, axis=2), axis=1)
    marginals = tf.reduce_logsumexp(weight[:, :, None] + density, axis=1)
    return tf.reduce_mean(joint - tf.reduce_sum(marginals, axis=1))


def check(estimator: str, dataset_size: int | None) -> None:
    """Raise a ValueError for an unknown estimator, or one that lacks the data set's size."""
    if estimator not in ESTIMATORS:
        raise ValueError(f"estimator must be one of {', '.join(ESTIMATORS)}, got {estimator!r}")
    if estimator != "minibatch" and dataset_size is None:
        raise ValueError(f"the {estimator} estimator needs dataset_size, the number of images")


def log_density(z: tf.Tensor, mean: tf.Tensor, logvar: tf.Tensor) -> tf.Tensor:
    """log N(z; mean, exp(logvar)) of each latent, with broadcasting."""
    squared = tf.square(z - mean) * tf.exp(-logvar)
    return -0.5 * (squared + logvar + math.log(2 * math.pi))


def log_weight(batch: tf.Tensor, estimator: str, dataset_size: int | None = None) -> tf.Tensor:
    """Return log W (batch, batch): how much posterior i counts in the mixture at sample j.

    The rows of the stratified W sum to 1: W_jj = 1/N, one other entry (N - M)/(N M), the rest 1/M,
    with N the size of the data and M = batch - 1; one image alone has all the weight.
    """
    check(estimator, dataset_size)
    if estimator == "minibatch" or dataset_size is None:
        return tf.zeros((batch, batch))
    if estimator == "weighted":
        return -tf.math.log(float(dataset_size) * tf.cast(batch, tf.float32)) * tf.ones(
            (batch, batch)
        )
    others = tf.cast(tf.maximum(batch - 1, 1), tf.float32)
    rest = (dataset_size - others) / (dataset_size * others)
    row = tf.range(batch)
    same = tf.equal(row[:, None], row[None])
    stratum = tf.equal((row[:, None] + 1) % batch, row[None])  # any one other image
    weight = tf.where(same, 1.0 / dataset_size, tf.where(stratum, rest, 1.0 / others))
    return tf.where(batch > 1, tf.math.log(weight), 0.0)
