"""How far the support of a batch of codes is from the product of its marginal supports.

HFS = sum over pairs of latents of max_{a,b} min_n |(c_ai, c_bj) - (c_ni, c_nj)|^2, the Hausdorff
distance between the product set of a pair and the batch (Roth et al., 2023).
"""

from collections.abc import Callable

import tensorflow as tf

MATCHINGS = (
    "hard",
    "hard_mean",
    "soft_full_min",
    "soft_full_max",
    "soft_single_min",
    "soft_single_max",
    "probabilistic",
)

# The largest number of distances, of product points to the batch, that are held at once.
CHUNK_ELEMENTS = 1 << 22

# Draws of the probabilistic variant: of nearest points, and of farthest product points.
INNER_DRAWS, OUTER_DRAWS = 5, 20


def draw_pairs(latents: int, pairs: int, key: tf.Tensor) -> tf.Tensor:
    """Return min(pairs, latents (latents - 1) / 2) distinct pairs i < j as (pairs, 2) indices."""
    all_pairs = [(i, j) for i in range(latents) for j in range(i + 1, latents)]
    if len(all_pairs) <= pairs:
        return tf.constant(all_pairs, tf.int32, shape=(len(all_pairs), 2))
    order = tf.argsort(tf.random.stateless_uniform((len(all_pairs),), key, alg="philox"))
    return tf.gather(tf.constant(all_pairs, tf.int32), order[:pairs])


def support_distance(
    codes: tf.Tensor,
    pairs: tf.Tensor,
    *,
    matching: str = "hard",
    temperatures: tuple[float, float] = (1.0, 1.0),
    key: tf.Tensor | None = None,
) -> tf.Tensor:
    """HFS = sum_{(i,j)} max_{a,b} min_n d_abn, d_abn = (c_ai - c_ni)^2 + (c_bj - c_nj)^2.

    Gradients flow through product points and batch points alike.

    Args:
        codes: c (batch, latents), posterior means.
        pairs: (pairs, 2) indices of latents.
        matching: what stands for max and min. "hard" takes them; "hard_mean" averages the positive
            minima instead of the largest; "soft_full_min" and "soft_full_max" weight by
            softmax_n(-d / T1) or softmax_n(+d / T1), then by softmax_ab(w / T2); "soft_single_*"
            keep the entry of the largest weight, times that weight; "probabilistic" averages over
            5 and 20 entries drawn by these weights.
        temperatures: (T1, T2).
        key: of the draws of "probabilistic".

    Returns:
        A scalar, >= 0: 0 for a batch that is a product set (the soft variants approach it as the
        temperatures fall), 0 for one latent or one image.

    Raises:
        ValueError: for an unknown matching.
    """
    if matching not in MATCHINGS:
        raise ValueError(f"matching must be one of {', '.join(MATCHINGS)}, got {matching!r}")
    if matching == "probabilistic" and key is None:
        raise ValueError("matching='probabilistic' needs a key for its draws")
    if pairs.shape[0] == 0:
        return tf.zeros(())
    first = tf.transpose(tf.gather(codes, pairs[:, 0], axis=1))  # (pairs, batch)
    second = tf.transpose(tf.gather(codes, pairs[:, 1], axis=1))
    if matching == "hard":
        return _hard(first, second)
    inner, outer = _matching(matching, temperatures, key)
    if matching != "probabilistic":  # its few drawn entries need little memory as it is
        inner = tf.recompute_grad(inner)
    nearest = _chunked(first, second, inner)
    return tf.reduce_sum(outer(tf.reshape(nearest, (tf.shape(first)[0], -1))))


def _hard(first: tf.Tensor, second: tf.Tensor) -> tf.Tensor:
    """Search the extreme points without gradients, then differentiate only their distance."""
    detached_first, detached_second = tf.stop_gradient(first), tf.stop_gradient(second)
    batch = tf.shape(first)[1]
    nearest = _chunked(detached_first, detached_second, lambda d: tf.reduce_min(d, axis=3))
    best = tf.argmax(tf.reshape(nearest, (tf.shape(first)[0], -1)), axis=1, output_type=tf.int32)
    a, b = best // batch, best % batch

    def pick(values: tf.Tensor, at: tf.Tensor) -> tf.Tensor:
        return tf.gather(values, at, batch_dims=1)[:, None]

    to_batch = tf.square(pick(detached_first, a) - detached_first) + tf.square(
        pick(detached_second, b) - detached_second
    )
    n = tf.argmin(to_batch, axis=1, output_type=tf.int32)
    return tf.reduce_sum(
        tf.square(pick(first, a) - pick(first, n)) + tf.square(pick(second, b) - pick(second, n))
    )


def _chunked(
    first: tf.Tensor, second: tf.Tensor, inner: Callable[[tf.Tensor], tf.Tensor]
) -> tf.Tensor:
    """Return inner(d) (pairs, a, b) of the distances d (pairs, a, b, n), in chunks of rows a."""
    squared_first = tf.square(first[:, :, None] - first[:, None])  # (pairs, a, n)
    squared_second = tf.square(second[:, :, None] - second[:, None])  # (pairs, b, n)
    pairs, batch = first.shape
    if batch is None:
        rows, batch = 1, tf.shape(first)[1]
    else:
        rows = min(batch, max(1, CHUNK_ELEMENTS // (pairs * batch * batch)))

    def chunk(start: tf.Tensor) -> tf.Tensor:
        at = tf.minimum(start + tf.range(rows), batch - 1)  # the last chunk repeats the last row
        return inner(tf.gather(squared_first, at, axis=1)[:, :, None] + squared_second[:, None])

    if isinstance(batch, int) and rows == batch:
        return chunk(tf.constant(0))
    chunks = tf.map_fn(chunk, tf.range(0, batch, rows), fn_output_signature=first.dtype)
    joined = tf.reshape(tf.transpose(chunks, (1, 0, 2, 3)), (pairs, -1, batch))
    return joined[:, :batch]


def _matching(
    matching: str, temperatures: tuple[float, float], key: tf.Tensor | None
) -> tuple[Callable[[tf.Tensor], tf.Tensor], Callable[[tf.Tensor], tf.Tensor]]:
    """Return the functions in place of min over the last axis and of max over the last axis."""
    sign = 1.0 if matching.endswith("_max") else -1.0

    def logits(d: tf.Tensor) -> tf.Tensor:
        return sign * d / temperatures[0]

    if matching == "hard_mean":

        def positive_mean(m: tf.Tensor) -> tf.Tensor:
            positive = tf.math.count_nonzero(m > 0, axis=1, dtype=m.dtype)
            return tf.math.divide_no_nan(tf.reduce_sum(m, axis=1), positive)

        return lambda d: tf.reduce_min(d, axis=3), positive_mean
    if matching.startswith("soft_full"):
        return (
            lambda d: tf.reduce_sum(tf.nn.softmax(logits(d)) * d, axis=3),
            lambda w: tf.reduce_sum(tf.nn.softmax(w / temperatures[1]) * w, axis=1),
        )
    if matching.startswith("soft_single"):

        def single(values: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
            at = tf.argmax(weights, axis=-1)[..., None]
            dims = len(values.shape) - 1
            weighted = tf.gather(values * weights, at, batch_dims=dims)
            return tf.squeeze(weighted, axis=-1)

        return (
            lambda d: single(d, tf.nn.softmax(logits(d))),
            lambda w: single(w, tf.nn.softmax(w / temperatures[1])),
        )

    def draw(values: tf.Tensor, scores: tf.Tensor, draws: int, stream: int) -> tf.Tensor:
        flat = tf.reshape(tf.stop_gradient(scores), (-1, tf.shape(scores)[-1]))
        stream_key = tf.random.experimental.stateless_fold_in(key, stream)
        at = tf.random.stateless_categorical(flat, draws, stream_key)
        picked = tf.gather(tf.reshape(values, tf.shape(flat)), at, batch_dims=1)
        return tf.reshape(tf.reduce_mean(picked, axis=1), tf.shape(scores)[:-1])

    return (
        lambda d: draw(d, logits(d), INNER_DRAWS, 0),
        lambda w: draw(w, w / temperatures[1], OUTER_DRAWS, 1),
    )


def minimal_support(codes: tf.Tensor, *, low: float = 0.0, high: float = 1.0) -> tf.Tensor:
    """sum_l relu(high - max_b c_bl) + relu(min_b c_bl - low): every latent spans [low, high].

    The reference takes the extremes over the latents of each image, which looks unintended; here
    they are taken over the batch.
    """
    top, bottom = tf.reduce_max(codes, axis=0), tf.reduce_min(codes, axis=0)
    return tf.reduce_sum(tf.nn.relu(high - top) + tf.nn.relu(bottom - low))


def minimal_variance(codes: tf.Tensor) -> tf.Tensor:
    """sum_l relu(1 - sqrt(Var_b c_bl + 1e-6)): every latent has at least unit spread."""
    deviation = tf.sqrt(tf.math.reduce_variance(codes, axis=0) + 1e-6)
    return tf.reduce_sum(tf.nn.relu(1 - deviation))
