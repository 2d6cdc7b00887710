"""Prepared sets of every kind of feature, written here and read as what they are or refused."""

import numpy as np
import pytest
import tensorflow_datasets as tfds

from disentlib import data
from disentlib.data import prepared

RNG = np.random.default_rng(0)
FLOATS = RNG.random((6, 4, 4, 1)).astype(np.float32)
DEEP = RNG.integers(65536, size=(6, 4, 4, 1), dtype=np.uint16)
BYTES = RNG.integers(256, size=(6, 4, 4, 1), dtype=np.uint8)
KINDS = tfds.features.ClassLabel(names=["a", "b", "c"])


class Few(tfds.core.GeneratorBasedBuilder):
    """Six examples of the features that a test asks for."""

    VERSION = tfds.core.Version("1.9.0")
    features, columns = {}, {}

    def _info(self):
        return self.dataset_info_from_configs(features=tfds.features.FeaturesDict(self.features))

    def _split_generators(self, manager):
        return {"train": self._generate_examples()}

    def _generate_examples(self):
        for row in range(6):
            yield row, {name: column[row] for name, column in self.columns.items()}


@pytest.fixture
def write(tmp_path, monkeypatch):
    """Prepare features with their columns, and return the `data_dir`."""

    def write(folder=".", **columns):
        monkeypatch.setattr(Few, "features", {name: kind for name, (kind, _) in columns.items()})
        monkeypatch.setattr(Few, "columns", {name: rows for name, (_, rows) in columns.items()})
        Few(data_dir=tmp_path / folder).download_and_prepare()
        return tmp_path / folder

    return write


def image(rows, shape=(4, 4, 1), dtype=None):
    return tfds.features.Image(shape=shape, dtype=dtype or rows[0].dtype.type), rows


def by_label(own):
    """The images in the order of their first label, 0 to 5."""
    assert own.factors[:, 0].tolist() != [0, 1, 2, 3, 4, 5]  # shuffled, or the test sees too little
    return own.rows[np.argsort(own.factors[:, 0])]


NUMBERS = (tfds.features.Scalar(np.int64), np.arange(6))


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (BYTES, BYTES),
        (FLOATS, FLOATS),
        (DEEP, np.round(DEEP.astype(np.float64) / 65535 * 255)),
    ],
)
def test_images_are_read_as_what_they_are(write, rows, expected):
    own = data.TFDSData(write(image=image(rows), label_row=NUMBERS))
    np.testing.assert_array_equal(by_label(own), expected)
    assert own.dtype == (np.float32 if rows is FLOATS else np.uint8)


def test_labels_of_floats_stay_real(write):
    angles = RNG.random(6).astype(np.float32)
    folder = write(
        image=image(BYTES),
        label_row=NUMBERS,
        label_angle=(tfds.features.Scalar(np.float32), angles),
        label_kind=(KINDS, ["a", "b", "c", "a", "b", "c"]),
    )
    own = data.TFDSData(folder, labels=["label_row", "label_angle", "label_kind"])
    assert own.factor_sizes == (6, None, 3)
    order = np.argsort(own.factors[:, 0])
    np.testing.assert_array_equal(own.factors[order, 1], angles.astype(np.float64))
    np.testing.assert_array_equal(own.factors[order, 2], [0, 1, 2] * 2)


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        (
            {"label_word": (tfds.features.Text(), ["a"] * 6)},
            "one number an example in the feature 'label_word' of .*, got Text",
        ),
        (
            {"label_box": (tfds.features.Tensor(shape=(1,), dtype=np.uint8), BYTES[:, 0, 0])},
            "one number an example in the feature 'label_box' of .*, got Tensor",
        ),
        ({"label_kind": (KINDS, [-1, 0, 1, 2, 0, 1])}, "a value of 'label_kind' in each example"),
        (
            {"label_x": (tfds.features.Scalar(np.float32), np.full(6, np.nan, np.float32))},
            "a value of 'label_x' in each example",
        ),
        (
            {"image": image([BYTES[0], *RNG.integers(9, size=(5, 5, 4, 1), dtype=np.uint8)],
                            (None, None, 1)), "label_row": NUMBERS},
            "images of one size in the feature 'image' of .*, got several",
        ),
        (
            {"image": (tfds.features.Tensor(shape=(4, 4, 1), dtype=np.int32), BYTES.astype("i4")),
             "label_row": NUMBERS},
            "an image of uint8, uint16 or floats in the feature 'image' of .*, got Tensor",
        ),
        (
            {"image": image(FLOATS + 7), "label_row": NUMBERS},
            r"images in \[0, 1\], got values from 7.* \(in .*few",
        ),
    ],
)  # fmt: skip
def test_other_features_are_refused_by_name(write, columns, message):
    folder = write(**{"image": image(BYTES), **columns})
    with pytest.raises(ValueError, match=message) as caught:
        data.TFDSData(folder)
    assert str(folder) in str(caught.value)


def test_one_of_several_sets_is_not_taken_in_silence(write, tmp_path):
    folder = write(image=image(BYTES), label_row=NUMBERS)
    (tmp_path / "few").rename(tmp_path / "first")
    (tmp_path / "second" / "big").mkdir(parents=True)
    (tmp_path / "second" / "small").mkdir()
    (tmp_path / "first" / "1.9.0").rename(tmp_path / "second" / "big" / "1.9.0")
    assert prepared.find(folder, "*") == folder / "second" / "big" / "1.9.0"
    newer = folder / "second" / "big" / "1.10.0"
    newer.mkdir()
    (newer / "dataset_info.json").touch()
    assert prepared.find(folder, "*") == newer
    (folder / "second" / "small" / "2.0.0").mkdir()
    (folder / "second" / "small" / "2.0.0" / "dataset_info.json").touch()
    for name in ("*", "second"):
        with pytest.raises(ValueError, match=r"one prepared set in .*, found second/big, sec"):
            prepared.find(folder, name)
    assert prepared.find(folder, "second/big") == newer


@pytest.mark.parametrize("name", ["features.json", "dataset_info.json", "*.tfrecord*"])
def test_a_damaged_set_is_named(write, name):
    folder = write(image=image(BYTES), label_row=NUMBERS)
    (path,) = folder.glob(f"few/1.9.0/{name}")
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(ValueError, match=r"few.1\.9\.0 is truncated, damaged or another kind"):
        data.TFDSData(folder)
