"""Second moments of codes over a batch (Kumar et al., 2018, equations 6 and 7)."""

import tensorflow as tf


def covariance(codes: tf.Tensor) -> tf.Tensor:
    """Cov = E[c c^T] - E[c] E[c]^T over the batch, divided by its size.

    Args:
        codes: (batch, latents).

    Returns:
        (latents, latents).
    """
    centred = codes - tf.reduce_mean(codes, axis=0)
    return tf.matmul(centred, centred, transpose_a=True) / tf.cast(tf.shape(codes)[0], codes.dtype)


def deviation_from_identity(
    matrix: tf.Tensor, *, lambda_off_diagonal: float, lambda_diagonal: float
) -> tf.Tensor:
    """lambda_od sum_{i != j} S_ij^2 + lambda_d sum_i (S_ii - 1)^2.

    Args:
        matrix: S (latents, latents).
        lambda_off_diagonal: weight of the entries beside the diagonal.
        lambda_diagonal: weight of the diagonal.

    Returns:
        A scalar, >= 0.
    """
    diagonal = tf.linalg.diag_part(matrix)
    off_diagonal = matrix - tf.linalg.diag(diagonal)
    return lambda_off_diagonal * tf.reduce_sum(tf.square(off_diagonal)) + (
        lambda_diagonal * tf.reduce_sum(tf.square(diagonal - 1))
    )
