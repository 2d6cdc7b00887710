"""MNIST from each layout in which it is published, written byte for byte here."""

import gzip
import struct
from typing import ClassVar

import numpy as np
import pytest
import tensorflow_datasets as tfds

from disentlib import data
from disentlib.data.sets import mnist as module

COUNTS = {"train": 30, "test": 20}


@pytest.fixture(scope="module")
def digits():
    rng = np.random.default_rng(0)
    return {
        part: (
            rng.integers(256, size=(count, 28, 28), dtype=np.uint8),
            (np.arange(count) % 9 + 1).astype(np.uint8),  # without a 0
        )
        for part, count in COUNTS.items()
    }


def idx(array):
    return struct.pack(f">4B{array.ndim}i", 0, 0, 8, array.ndim, *array.shape) + array.tobytes()


def write_idx(folder, digits, *, packed, mark="-"):
    folder.mkdir(parents=True, exist_ok=True)
    for part, prefix in (("train", "train"), ("test", "t10k")):
        for kind, array in zip(("images", "labels"), digits[part], strict=True):
            name = f"{prefix}-{kind}{mark}idx{array.ndim}-ubyte"
            if packed:
                (folder / f"{name}.gz").write_bytes(gzip.compress(idx(array), 1))
            else:
                (folder / name).write_bytes(idx(array))
    return folder


def write_npz(path, digits, **changes):
    arrays = {}
    for part in COUNTS:
        arrays[f"x_{part}"], arrays[f"y_{part}"] = digits[part]
    np.savez_compressed(path, **(arrays | changes))
    return path


def check(source, digits, parts=("train", "test")):
    factors, images = source.take(np.arange(source.examples))
    np.testing.assert_array_equal(
        images[..., 0], np.concatenate([digits[part][0] for part in parts])
    )
    np.testing.assert_array_equal(
        factors[:, 0], np.concatenate([digits[part][1] for part in parts])
    )
    assert factors.dtype == np.int64
    assert source.factor_sizes == (10,)
    assert source.image_shape == (28, 28, 1)
    assert not source.has_full_grid
    assert source.dtype == np.uint8


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("mark", ["-", "."])
def test_idx_files(tmp_path, digits, packed, mark):
    folder = write_idx(tmp_path / "MNIST" / "raw", digits, packed=packed, mark=mark)
    check(data.MNIST(folder), digits)
    check(data.MNIST(tmp_path), digits)  # as torchvision leaves them
    check(data.MNIST(tmp_path, partition="train"), digits, ["train"])
    check(data.MNIST(folder, partition="test"), digits, ["test"])
    check(data.MNIST(next(folder.glob("t10k-labels*"))), digits)


def test_keras_archive(tmp_path, digits, monkeypatch):
    path = write_npz(tmp_path / "mnist.npz", digits)
    check(data.MNIST(path), digits)
    check(data.MNIST(tmp_path, partition="test"), digits, ["test"])
    monkeypatch.setenv("DISENTLIB_DATA", str(tmp_path))
    source = data.load("mnist")
    check(source, digits)
    assert source.data_files == (path,)
    check(data.from_config(data.MNIST(path, partition="train").config()), digits, ["train"])
    seen = source.as_input(source.sample(5, 0)[1])
    assert 0.9 < seen.max() <= 1


class Mnist(tfds.core.GeneratorBasedBuilder):
    """Features as in tfds.load("mnist")."""

    VERSION = tfds.core.Version("3.0.1")
    digits: ClassVar[dict] = {}

    def _info(self):
        features = {
            "image": tfds.features.Image(shape=(28, 28, 1)),
            "label": tfds.features.ClassLabel(num_classes=10),
        }
        return self.dataset_info_from_configs(features=tfds.features.FeaturesDict(features))

    def _split_generators(self, manager):
        return {part: self._generate_examples(*rows) for part, rows in self.digits.items()}

    def _generate_examples(self, images, labels):
        for row, (image, label) in enumerate(zip(images, labels, strict=True)):
            yield row, {"image": image[..., None], "label": label}


def test_a_set_that_tensorflow_datasets_prepared(tmp_path, digits, monkeypatch):
    monkeypatch.setattr(Mnist, "digits", digits)
    Mnist(data_dir=tmp_path).download_and_prepare()
    first, last = COUNTS
    for partition, parts in ((None, COUNTS), (first, [first]), (last, [last])):
        source = data.MNIST(tmp_path, partition=partition)
        start = 0
        for part in parts:  # each in an order of its own
            expected = {image.tobytes(): label for image, label in zip(*digits[part], strict=True)}
            rows = range(start, start + COUNTS[part])
            factors, images = source.take(np.array(rows))
            got = {
                image.tobytes(): label for image, label in zip(images, factors[:, 0], strict=True)
            }
            assert got == expected
            start += COUNTS[part]
        assert source.examples == start
    monkeypatch.setattr(Mnist, "digits", {"train": digits["train"]})
    Mnist(data_dir=tmp_path / "half").download_and_prepare()
    with pytest.raises(ValueError, match=r"expected a split .test. in .*, found train"):
        data.MNIST(tmp_path / "half")


def test_verify(tmp_path, digits, monkeypatch):
    folder = write_idx(tmp_path / "idx", digits, packed=True)
    with pytest.raises(ValueError, match=r"expected MD5 \w{32} of .*idx3-ubyte\.gz, got"):
        list(data.MNIST(folder).verify())
    with pytest.raises(ValueError, match=r"expected MD5 8a61\w{28} of .*mnist\.npz, got"):
        list(data.MNIST(write_npz(tmp_path / "mnist.npz", digits)).verify())
    monkeypatch.setattr(module, "CHECKSUMS", {})
    with pytest.raises(ValueError, match=r"expected 70,000 images in .*idx, got 50"):
        list(data.MNIST(folder).verify())
    with pytest.raises(ValueError, match=r"expected 10,000 images in .*idx, got 20"):
        list(data.MNIST(folder, partition="test").verify())
    monkeypatch.setattr(module, "PARTITIONS", COUNTS)
    file = folder / "train-images-idx3-ubyte.gz"
    digest = module.published.md5(file)
    monkeypatch.setattr(module, "CHECKSUMS", {file.name: digest})
    assert list(data.MNIST(folder).verify()) == [
        f"MD5 {digest} of {file.name}",
        "50 images of 28 x 28 with digits",
    ]


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("kind", ["train-images-idx3", "t10k-labels-idx1"])
def test_damaged_files_are_named(tmp_path, digits, packed, kind):
    folder = write_idx(tmp_path, digits, packed=packed)
    file = folder / f"{kind}-ubyte{'.gz' if packed else ''}"
    whole = file.read_bytes()
    plain = gzip.decompress(whole) if packed else whole

    def broken(content, *, raw=False):
        file.write_bytes(content if raw or not packed else gzip.compress(content))
        with pytest.raises(ValueError, match=f"{file.name} is truncated, damaged .*copy or downl"):
            data.MNIST(folder)

    broken(whole[:-9], raw=True)
    broken(plain[:-1])
    broken(plain + b"0")
    broken(plain[:3])
    broken(plain[:6])
    broken(b"")
    broken(b"\x00\x00\x0d" + plain[3:])  # floats
    broken(plain[:4] + struct.pack(">i", -1) + plain[8:])
    broken(b"not an idx file at all", raw=True)


def test_a_file_that_declares_too_much_is_refused(tmp_path, digits, monkeypatch):
    folder = write_idx(tmp_path, digits, packed=True)
    monkeypatch.setenv("DISENTLIB_LIMIT_GB", "1")
    header = struct.pack(">4B3i", 0, 0, 8, 3, 2_000_000, 28, 28)
    (folder / "train-images-idx3-ubyte.gz").write_bytes(gzip.compress(header))
    with pytest.raises(ValueError, match=r"train-images-idx3-ubyte\.gz.*DISENTLIB_LIMIT_GB"):
        data.MNIST(folder)


def test_missing_files_say_where_to_get_them(tmp_path, digits):
    with pytest.raises(FileNotFoundError, match=r"no train-images.* download the four files"):
        data.MNIST(tmp_path)
    with pytest.raises(FileNotFoundError, match=r"no file .*mine\.npz: download"):
        data.MNIST(tmp_path / "mine.npz")
    folder = write_idx(tmp_path / "idx", digits, packed=True)
    (folder / "t10k-labels-idx1-ubyte.gz").unlink()
    with pytest.raises(FileNotFoundError, match=r"no t10k-labels-idx1-ubyte\.gz in .*: download"):
        data.MNIST(folder)
    check(data.MNIST(folder, partition="train"), digits, ["train"])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"x_train": np.ones((30, 32, 32), np.uint8)},
            r"\(n, 28, 28\) and uint8 .* \(30, 32, 32\)",
        ),
        ({"x_train": np.ones((30, 28, 28))}, "and float64"),
        ({"y_test": np.zeros(19, np.uint8)}, r"test part in .* 20 whole numbers, got \(19,\)"),
        ({"y_test": np.zeros(20)}, r"got \(20,\) and float64"),
        ({"y_train": np.full(30, 10)}, "expected digits 0 to 9 as labels of"),
        ({"y_train": np.full(30, -1)}, "expected digits 0 to 9 as labels of"),
        ({"x_test": np.array([{}], object)}, "needs pickle"),
    ],
)
def test_archives_of_another_kind(tmp_path, digits, changes, message):
    path = write_npz(tmp_path / "mnist.npz", digits, **changes)
    with pytest.raises(ValueError, match=message) as error:
        data.MNIST(path)
    assert str(path) in str(error.value)


def test_archives_that_lack_an_array_or_are_cut_short(tmp_path, digits):
    path = tmp_path / "mnist.npz"
    np.savez(path, x_train=digits["train"][0])
    with pytest.raises(ValueError, match=r"expected an array 'y_train' in .*mnist\.npz"):
        data.MNIST(path)
    content = write_npz(path, digits).read_bytes()
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(ValueError, match=r"mnist\.npz is truncated, damaged"):
        data.MNIST(path)


def test_an_unknown_partition(tmp_path):
    with pytest.raises(ValueError, match="expected partition None or one of train, test, got 'va"):
        data.MNIST(tmp_path, partition="validation")
