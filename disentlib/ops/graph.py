"""The kernels as TensorFlow ops, with static shapes known: for `tf.function` and `tf.data` maps.

They run on the CPU through `tf.numpy_function`, so not under XLA, and have no gradients. What they
measure, and their errors, are those of the functions of the same names in `disentlib.ops`.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from disentlib import ops
from disentlib.ops.information import Rule

__all__ = ["entropy", "histogram", "mutual_information", "variance_votes"]


def histogram(codes: Any, bins: int, *, rule: Rule = "width") -> tf.Tensor:
    """Return `ops.histogram` of codes (samples, dims): int64 counts (dims, bins).

    >>> histogram(tf.constant([[0.0], [1.0], [2.0]]), 2).numpy()
    array([[1, 2]])
    """
    codes = tf.convert_to_tensor(codes)
    width = bins if rule == "width" else 2 * bins - 1
    return _run(
        lambda codes: ops.histogram(codes, bins, rule=rule),
        [codes],
        tf.int64,
        (_columns(codes, "codes"), width),
    )


def entropy(labels: Any) -> tf.Tensor:
    """Return `ops.entropy` of labels: float64, a scalar for (samples,), else (columns,)."""
    labels = tf.convert_to_tensor(labels)
    shape = () if labels.shape.rank == 1 else (_columns(labels, "labels"),)
    return _run(lambda labels: np.asarray(ops.entropy(labels)), [labels], tf.float64, shape)


def mutual_information(
    codes: Any, factors: Any, *, bins: int = 20, rule: Rule = "width"
) -> tf.Tensor:
    """Return `ops.mutual_information` in nats: float64 (dims, factors)."""
    codes, factors = tf.convert_to_tensor(codes), tf.convert_to_tensor(factors)
    return _run(
        lambda codes, factors: ops.mutual_information(codes, factors, bins=bins, rule=rule),
        [codes, factors],
        tf.float64,
        (_columns(codes, "codes"), _columns(factors, "factors")),
    )


def variance_votes(codes: Any, rows: Any, *, scale: Any, largest: bool = False) -> tf.Tensor:
    """Return `ops.variance_votes` of codes (any, dims), rows (votes, batch): int64 (votes,)."""
    codes, rows, scale = (tf.convert_to_tensor(part) for part in (codes, rows, scale))
    return _run(
        lambda codes, rows, scale: ops.variance_votes(codes, rows, scale=scale, largest=largest),
        [codes, rows, scale],
        tf.int64,
        (rows.shape[0],),
    )


def _run(
    function: Callable[..., Any],
    tensors: Sequence[tf.Tensor],
    dtype: tf.DType,
    shape: tuple[int | None, ...],
) -> tf.Tensor:
    """Run a kernel inside a graph, and say what shape comes out."""
    result = tf.numpy_function(
        lambda *arrays: np.asarray(function(*arrays), dtype.as_numpy_dtype),
        tensors,
        dtype,
        stateful=False,
    )
    return tf.ensure_shape(result, shape)


def _columns(matrix: tf.Tensor, name: str) -> int | None:
    if matrix.shape.rank not in (None, 2):
        raise ValueError(f"expected {name} (samples, columns), got shape {matrix.shape}")
    return None if matrix.shape.rank is None else matrix.shape[1]
