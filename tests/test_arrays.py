"""What people hold, and what NumPy would make of it without a word."""

import ml_dtypes
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from scipy import sparse

from disentlib import data, metrics, ops, pixels
from disentlib.arrays import as_array, as_labels
from disentlib.visualization import grids

WORDS = np.array([["square", "10"], ["heart", "9"], ["square", "9"]])
NUMBERS = [[1, 10], [0, 9], [1, 9]]


class Tensor:
    """Like PyTorch's: no NumPy of what needs a gradient, lies elsewhere, or is bfloat16."""

    def __init__(self, values, dtype="torch.float32", *, gradient=False, device="cpu"):
        self.values, self.dtype = np.asarray(values, np.float32), dtype
        self.gradient, self.device = gradient, device
        self.shape = self.values.shape

    def detach(self):
        return Tensor(self.values, self.dtype, device=self.device)

    def cpu(self):
        return Tensor(self.values, self.dtype, gradient=self.gradient)

    def float(self):
        return Tensor(self.values, gradient=self.gradient, device=self.device)

    def __array__(self, dtype=None, copy=None):
        if self.gradient:
            raise RuntimeError("Can't call numpy() on Tensor that requires grad.")
        if self.device != "cpu":
            raise TypeError("can't convert cuda:0 device type tensor to numpy.")
        if self.dtype == "torch.bfloat16":
            raise TypeError("Got unsupported ScalarType BFloat16")
        return self.values


class Capsule:
    """An array that gives itself away by DLPack alone."""

    def __init__(self, values):
        self.values = values

    def __dlpack__(self, **options):
        return self.values.__dlpack__(**options)

    def __dlpack_device__(self):
        return self.values.__dlpack_device__()


def test_tensors():
    values = np.arange(6, dtype=np.float32).reshape(3, 2)
    for tensor in (
        Tensor(values),
        Tensor(values, gradient=True),
        Tensor(values, "torch.bfloat16", gradient=True, device="cuda:0"),
        Capsule(values),
        values.astype(ml_dtypes.bfloat16),
        values.astype(ml_dtypes.float8_e5m2),
        pd.DataFrame(values).convert_dtypes(),
        pa.table({"a": values[:, 0], "b": values[:, 1]}),
        [Tensor(row, gradient=False) for row in values],
    ):
        np.testing.assert_array_equal(as_array(tensor), values)
        np.testing.assert_array_equal(ops.check_codes(tensor), values)
    assert as_array(values.astype(ml_dtypes.bfloat16)).dtype == np.float32
    assert as_array(np.array([[1], [3]], ml_dtypes.int4)).tolist() == [[1], [3]]
    assert as_labels(np.array([[1], [3]], ml_dtypes.uint4))[0].tolist() == [[1], [3]]


def test_tensorflow():
    tf = pytest.importorskip("tensorflow")
    values = tf.constant([[0.5, 1.0], [2.0, 3.0]], tf.bfloat16)
    np.testing.assert_array_equal(ops.check_codes(values), [[0.5, 1.0], [2.0, 3.0]])
    assert pixels.as_input(tf.constant([0.25], tf.bfloat16)).tolist() == [0.25]


@pytest.mark.parametrize(
    "labels",
    [
        WORDS,
        WORDS.astype("S"),
        WORDS.astype(object),
        WORDS.tolist(),
        WORDS.astype(np.dtypes.StringDType()),
        [["square", 10], ["heart", 9.0], ["square", 9]],
        pd.DataFrame({"shape": WORDS[:, 0], "size": [10.0, 9.0, 9.0]}),
        pd.DataFrame({"shape": WORDS[:, 0], "size": pd.array([10, 9, 9], "Int64")}),
        pd.DataFrame(
            {"shape": pd.Categorical(WORDS[:, 0]), "size": pd.array([10, 9, 9], "Float64")}
        ),
        pa.table({"shape": WORDS[:, 0].tolist(), "size": [10, 9, 9]}),
        np.array([("square", 10), ("heart", 9), ("square", 9)], [("shape", "U9"), ("size", "i2")]),
        np.ma.masked_array(NUMBERS, False),
    ],
)
def test_labels(labels):
    (table,) = as_labels(labels)
    assert table.tolist() == NUMBERS
    assert table.dtype == np.int64
    assert ops.check_factors(labels).tolist() == NUMBERS


def test_words_are_numbered_alike_in_all_tables():
    train, test = as_labels([["b", "2"], ["a", "10"]], [["c", "10"], ["b", "2"]])
    assert (train.tolist(), test.tolist()) == ([[1, 2], [0, 10]], [[2, 10], [1, 2]])
    # "2" and "10" are words where one of the column is, in training or in test.
    assert as_labels(["2", "10"], ["x", "2"])[1].tolist() == [[2], [1]]
    with pytest.raises(TypeError, match="expected numbers in factor 0 of factors, got words"):
        as_labels(["a", "b"], [0, 1])


def test_test_rows_in_words_mean_what_training_rows_do():
    """Numbered by themselves, the test rows' "c" would be the training rows' "b"."""
    rng = np.random.default_rng(0)
    factors = rng.integers(0, 3, (300, 2))
    codes = factors + 0.01 * rng.normal(size=factors.shape)
    words, kept = np.array(["a", "b", "c"])[factors], (factors > 0).all(axis=1)
    test = (codes[kept], words[kept])
    for name in ("dci", "sap", "explicitness"):
        table = metrics.evaluate(codes, words, test=test, metrics=[name])
        other = metrics.evaluate(codes, factors, test=(codes[kept], factors[kept]), metrics=[name])
        assert [row.value for row in table] == [row.value for row in other]
    assert metrics.dci(codes, words, test=test).informativeness == 1.0
    assert ops.tree_accuracy(codes, words, *test).max() == 1.0


def test_categories_keep_the_order_they_declare():
    sizes = pd.Categorical(["small", "large", "small"], ["small", "medium", "large"], ordered=True)
    assert as_labels(sizes)[0].ravel().tolist() == [0, 2, 0]
    assert as_labels(pd.Series(sizes), ["medium"])[1].tolist() == [[1]]
    assert as_labels(pd.Categorical([30, 4, 4]))[0].ravel().tolist() == [30, 4, 4]


def test_real_valued_factors():
    (table,) = as_labels([["0.5", "b"], ["1.5", "a"]], continuous=[True, False])
    assert table.tolist() == [[0.5, 1.0], [1.5, 0.0]]
    with pytest.raises(TypeError, match=r"expected numbers in factor 1 .* such as 'b'"):
        as_labels([["0.5", "b"], ["1.5", "a"]], continuous=True)
    with pytest.raises(ValueError, match=r"one for each of \(2,\) factors, got \(3,\)"):
        as_labels([[1, 2]], continuous=[True] * 3)


@pytest.mark.parametrize(
    ("labels", "kind", "message"),
    [
        (["a", None], ValueError, r"a label in every row of factors, got None at \(1, 0\): leave"),
        (["a", float("nan")], ValueError, r"got 'nan' at \(1, 0\)"),
        (np.array(["a", np.nan], object), ValueError, r"got nan at \(1, 0\)"),
        (["a", " "], ValueError, r"got ' ' at \(1, 0\)"),
        (pd.array([1, None], "Int64"), ValueError, r"got (<NA>|nan) at \(1, 0\)"),
        (pd.DataFrame({"a": [1.0, None]}), ValueError, r"got nan at \(1, 0\): leave rows without"),
        (pd.Categorical(["a", None]), ValueError, r"got nan at \(1, 0\)"),
        ([1.0, np.inf], ValueError, r"finite factors, got inf at \(1, 0\)"),
        ([0.5, 1.0], TypeError, "factor 0, got 0.5 in row 0: is it continuous"),
        (["0.5", "1"], TypeError, "factor 0, got 0.5 in row 0: is it continuous"),
        ([1e17, 0.0], ValueError, r"up to 2\^53"),
        (np.array(["2020-01-01"] * 2, "M8[D]"), TypeError, "got dtype datetime64"),
        (np.array([1, "a"], object), TypeError, "numbers or words, got int, str in factor 0"),
        ([1j, 2j], TypeError, "numbers or words, got dtype complex128"),
        ([[1, 2], [3]], ValueError, "factors of rows of one length"),
        (sparse.eye(3), TypeError, r"a sparse matrix: pass factors\.toarray\(\)"),
        (np.ma.masked_equal([[1], [2], [1]], 1), ValueError, "without masked values, got 2 masked"),
        ([np.ma.masked_equal([1, 2], 1)] * 2, ValueError, "got 2 masked"),
        (None, ValueError, r"of shape \(samples, factors\), got \(\)"),
    ],
)
def test_labels_without_a_clear_meaning_are_refused(labels, kind, message):
    with pytest.raises(kind, match=message):
        as_labels(labels)


def test_masks_are_refused_wherever_arrays_come_in():
    codes = np.random.default_rng(0).normal(size=(20, 2))
    factors = np.arange(40).reshape(20, 2) % 3
    hidden = np.ma.masked_array(codes, codes > 1)
    count = int((codes > 1).sum())
    labels = np.ma.masked_array(factors, factors == 0)
    images = np.ma.masked_array(np.full((20, 4, 4, 1), 9, np.uint8), False)
    images[3] = np.ma.masked
    message = r"without masked values, got \d+ masked"
    doors = [
        lambda: metrics.evaluate(hidden, factors),
        lambda: metrics.evaluate(codes, labels),
        lambda: metrics.evaluate(codes, factors, test=(hidden, factors)),
        lambda: metrics.evaluate(codes, factors, test=(codes, labels)),
        lambda: metrics.dci(codes, factors, test=(codes, labels)),
        lambda: metrics.diagnose(hidden, factors),
        lambda: metrics.udr([hidden, codes]),
        lambda: ops.entropy(labels),
        lambda: ops.histogram(hidden, 3),
        lambda: ops.discretise(hidden, 3),
        lambda: data.ArrayData(images, factors),
        lambda: data.ArrayData(images.data, labels),
        lambda: data.DSpritesRendered().images(np.ma.masked_array([[0, 0, 0, 0, 0]], True)),
        lambda: pixels.as_input(images),
        lambda: grids.to_uint8(images),
    ]
    for door in doors:
        with pytest.raises(ValueError, match=message):
            door()
    with pytest.raises(ValueError, match=f"expected codes without masked values, got {count} mask"):
        metrics.mig(hidden, factors)
    assert metrics.mig(np.ma.masked_array(codes, False), factors) == metrics.mig(codes, factors)
