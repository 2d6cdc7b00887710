"""Maximum mean discrepancy between samples (Gretton et al., 2012; InfoVAE, Zhao et al., 2017)."""

import tensorflow as tf

SCALES = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)


def maximum_mean_discrepancy(
    z: tf.Tensor, prior: tf.Tensor, *, kernel: str = "inverse_multiquadratic"
) -> tf.Tensor:
    """MMD = E k(z, z') + E k(p, p') - 2 E k(z, p), an unbiased estimate.

    Args:
        z: (batch, latents) codes, one an image.
        prior: (batch, latents) independent draws of the prior.
        kernel: "gaussian", exp(-|a - b|^2 / C), or "inverse_multiquadratic", the sum over scales s
            of s C / (s C + |a - b|^2); C = 2 latents.

    Returns:
        A scalar; unbiased, so it may be negative. 0 for a batch of one, which has no pairs.

    Raises:
        ValueError: for an unknown kernel.
    """
    width = 2.0 * z.shape[1]

    def k(a: tf.Tensor, b: tf.Tensor) -> tf.Tensor:
        squared = tf.reduce_sum(tf.square(a[:, None] - b[None]), axis=2)
        if kernel == "gaussian":
            return tf.exp(-squared / width)
        if kernel == "inverse_multiquadratic":
            return tf.add_n([s * width / (s * width + squared) for s in SCALES])
        raise ValueError(f"kernel must be 'gaussian' or 'inverse_multiquadratic', got {kernel!r}")

    n = tf.cast(tf.shape(z)[0], tf.float32)

    def within(a: tf.Tensor) -> tf.Tensor:
        pairs = k(a, a)
        return (tf.reduce_sum(pairs) - tf.linalg.trace(pairs)) / tf.maximum(n * (n - 1), 1.0)

    discrepancy = within(z) + within(prior) - 2 * tf.reduce_mean(k(z, prior))
    return tf.where(n > 1, discrepancy, 0.0)
