"""The kernels inside TensorFlow graphs: the answers of NumPy's doors, and shapes known before."""

import numpy as np
import pytest
import tensorflow as tf

from disentlib import ops
from disentlib.ops import graph

RNG = np.random.default_rng(0)
FACTORS = RNG.integers([3, 6], size=(500, 2))
CODES = (FACTORS[:, [0, 1, 1]] + RNG.normal(size=(500, 3))).astype(np.float32)


def in_graph(function, *arrays):
    """Return the answer of a traced function that knows columns, not samples; and its shape."""
    specs = [tf.TensorSpec((None, *a.shape[1:]), tf.as_dtype(a.dtype)) for a in arrays]
    traced = tf.function(function, input_signature=specs)
    return traced(*arrays).numpy(), traced.get_concrete_function().output_shapes


@pytest.mark.parametrize("rule", ["width", "quantile"])
def test_histogram(rule):
    got, shape = in_graph(lambda codes: graph.histogram(codes, 20, rule=rule), CODES)
    expected = ops.histogram(CODES, 20, rule=rule)
    np.testing.assert_array_equal(got, expected)
    assert shape == expected.shape


def test_entropy():
    got, shape = in_graph(graph.entropy, FACTORS)
    np.testing.assert_array_equal(got, ops.entropy(FACTORS))
    assert shape == (2,)
    got, shape = in_graph(graph.entropy, FACTORS[:, 0])
    assert got == ops.entropy(FACTORS[:, 0])
    assert shape == ()


def test_mutual_information():
    got, shape = in_graph(graph.mutual_information, CODES, FACTORS)
    np.testing.assert_array_equal(got, ops.mutual_information(CODES, FACTORS))
    assert shape == (3, 2)


def test_variance_votes():
    rows = RNG.integers(500, size=(40, 16))
    scale = CODES.astype(np.float64).var(axis=0, ddof=1)
    got, _ = in_graph(lambda c, r, s: graph.variance_votes(c, r, scale=s), CODES, rows, scale)
    np.testing.assert_array_equal(got, ops.variance_votes(CODES, rows, scale=scale))


def test_in_a_data_set():
    batches = tf.data.Dataset.from_tensor_slices((CODES, FACTORS)).batch(250, drop_remainder=True)
    scored = batches.map(graph.mutual_information)
    assert scored.element_spec.shape == (3, 2)
    for number, matrix in enumerate(scored):
        part = slice(250 * number, 250 * number + 250)
        expected = ops.mutual_information(CODES[part], FACTORS[part])
        np.testing.assert_array_equal(matrix, expected)


def test_mistakes_are_named():
    with pytest.raises(ValueError, match=r"expected codes \(samples, columns\), got shape"):
        graph.histogram(CODES[None], 20)
    with pytest.raises(ValueError, match=r"expected finite codes, got nan at \(0, 0\)"):
        graph.histogram(np.full((3, 2), np.nan, np.float32), 20)
