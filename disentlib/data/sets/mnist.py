"""MNIST (LeCun, Bottou, Bengio and Haffner, 1998): 70,000 handwritten digits."""

import gzip
import math
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from disentlib import limits
from disentlib.data import prepared, published
from disentlib.data.sets.array_data import ArrayData

PARTITIONS = {"train": 60_000, "test": 10_000}
PREFIXES = {"train": "train", "test": "t10k"}
KINDS = {"images": 3, "labels": 1}  # dimensions
FOLDERS = ("", "MNIST/raw/", "mnist/")
CHECKSUMS = {
    "train-images-idx3-ubyte.gz": "f68b3c2dcbeaaa9fbdd348bbdeb94873",
    "train-labels-idx1-ubyte.gz": "d53e105ee54ea40749a09fcbcd1e9432",
    "t10k-images-idx3-ubyte.gz": "9fb629c4189551a2d022fa330f9573f3",
    "t10k-labels-idx1-ubyte.gz": "ec29112dd5afa0611ce80d1b7f02629c",
    "mnist.npz": "8a61469f7ea1b51cbae51d4f78837e45",
}
ADVICE = (
    "download the four files train-images-idx3-ubyte.gz, train-labels-idx1-ubyte.gz, "
    "t10k-images-idx3-ubyte.gz and t10k-labels-idx1-ubyte.gz from "
    "https://ossci-datasets.s3.amazonaws.com/mnist/, or mnist.npz from "
    "https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz, and pass their path, "
    "or put them into the folder that DISENTLIB_DATA names (~/data); data.Digits() needs no file"
)


class MNIST(ArrayData):
    """Handwritten digits, 28 x 28, uint8. The only factor is the digit, 0 to 9.

    Args:
        path: the folder of the four IDX files, packed by gzip or not, as published or as
            torchvision leaves them (MNIST/raw), or one of them; Keras's mnist.npz; or a folder in
            which TensorFlow Datasets has prepared `mnist`. Default: the folder DISENTLIB_DATA.
        partition: "train" or "test"; None for both, training images first.

    Raises:
        FileNotFoundError: if there is none, saying what to download where.
        ValueError: if the partition is unknown, or a file is damaged or another kind of file.

    Reference: LeCun, Bottou, Bengio and Haffner, "Gradient-based learning applied to document
    recognition", 1998.
    """

    name = "mnist"
    needs = "a file"
    factor_names = ("digit",)
    factor_sizes = (10,)
    image_shape = (28, 28, 1)
    has_full_grid = False  # a digit does not say which of its images

    def __init__(self, path: str | os.PathLike[str] | None = None, *, partition: str | None = None):
        if partition not in (None, *PARTITIONS):
            raise ValueError(
                f"expected partition None or one of {', '.join(PARTITIONS)}, got {partition!r}"
            )
        self.path, self.partition = path, partition
        names = [name for kind in KINDS for name in _names("train", kind)]
        self.file: Path = prepared.find(path, "mnist") or published.find(
            path,
            [folder + name for folder in FOLDERS for name in (*names, "mnist.npz")],
            advice=ADVICE,
        )
        known = {name for part in PARTITIONS for kind in KINDS for name in _names(part, kind)}
        if self.file.name in known:
            self.file = self.file.parent
        wanted = list(PARTITIONS) if partition is None else [partition]
        read = self._prepared if (self.file / prepared.INFO).is_file() else self._published
        parts = [read(part) for part in wanted]
        labels = np.concatenate([labels for _, labels in parts]).astype(np.int64)
        super().__init__(
            np.concatenate([images for images, _ in parts]), labels, names=self.factor_names
        )
        # Values are the digits themselves, where a file lacks some of them, too.
        self.factors, self.values = labels[:, None], [np.arange(10)]
        self.factor_sizes = (10,)
        self.has_full_grid = False

    def verify(self) -> Iterator[str]:
        """Yield what is found to be right about the files, one line each; raise at what is not."""
        files = [self.file] if self.file.is_file() else sorted(self.file.glob("*-ubyte.gz"))
        for file in files:
            if file.name in CHECKSUMS:
                digest = published.md5(file)
                if digest != CHECKSUMS[file.name]:
                    raise ValueError(f"expected MD5 {CHECKSUMS[file.name]} of {file}, got {digest}")
                yield f"MD5 {digest} of {file.name}"
        wanted = [self.partition] if self.partition else list(PARTITIONS)
        count = sum(PARTITIONS[part] for part in wanted)
        if len(self.rows) != count:
            raise ValueError(f"expected {count:,} images in {self.file}, got {len(self.rows):,}")
        yield f"{count:,} images of 28 x 28 with digits"

    def _published(self, part: str) -> tuple[np.ndarray, np.ndarray]:
        """Return images (n, 28, 28) and labels (n,) of a partition."""
        if self.file.is_dir():
            sources = {kind: self._source(part, kind) for kind in KINDS}
            images, labels = (idx_array(sources[kind], KINDS[kind]) for kind in KINDS)
            place = sources["images"]
        else:
            place = self.file
            arrays = published.npz_arrays(place, [f"x_{part}", f"y_{part}"])
            images, labels = arrays[f"x_{part}"], arrays[f"y_{part}"]
        return _checked(images, labels, part, place)

    def _source(self, part: str, kind: str) -> Path:
        for name in _names(part, kind):
            if (self.file / name).is_file():
                return self.file / name
        raise FileNotFoundError(f"no {_names(part, kind)[0]} in {self.file}: {ADVICE}")

    def _prepared(self, part: str) -> tuple[np.ndarray, np.ndarray]:
        """Return images and labels of a partition that TensorFlow Datasets has prepared."""
        sizes = prepared.split_sizes(self.file)
        if part not in sizes:
            raise ValueError(f"expected a split {part!r} in {self.file}, found {', '.join(sizes)}")
        batches = list(prepared.batches(self.file, ["label"]))
        split = np.repeat(list(sizes), list(sizes.values()))
        images = np.concatenate([images for images, _ in batches])[split == part]
        labels = np.concatenate([labels for _, labels in batches])[split == part, 0]
        return _checked(images[..., 0], labels, part, self.file)


def _names(part: str, kind: str) -> list[str]:
    """Return what a file of a partition is called, in order of preference."""
    stem = f"{PREFIXES[part]}-{kind}"
    return [
        f"{stem}{mark}idx{KINDS[kind]}-ubyte{suffix}" for mark in "-." for suffix in (".gz", "")
    ]


def _checked(
    images: np.ndarray, labels: np.ndarray, part: str, place: Path
) -> tuple[np.ndarray, np.ndarray]:
    """Return images and labels, having checked that they are digits and belong together."""
    if images.shape[1:] != (28, 28) or images.dtype != np.uint8:
        raise ValueError(
            f"expected images of shape (n, 28, 28) and uint8 in {place}, got {images.shape} and "
            f"{images.dtype}"
        )
    if labels.shape != images.shape[:1] or labels.dtype.kind not in "iu":
        raise ValueError(
            f"expected one label an image of the {part} part in {place}, {len(images):,} whole "
            f"numbers, got {labels.shape} and {labels.dtype}"
        )
    if not len(labels) or labels.min() < 0 or labels.max() > 9:
        raise ValueError(f"expected digits 0 to 9 as labels of {place}, got others or none")
    return images, labels


def idx_array(path: Path, dimensions: int) -> np.ndarray:
    """Return the array of an IDX file of bytes, packed by gzip or not.

    The layout: two bytes of 0, 8 for unsigned bytes, the number of dimensions, each size as a
    big-endian integer of four bytes, then the elements.

    Raises:
        FileNotFoundError: if there is no file.
        ValueError: if it is damaged, of other dimensions, or asks for more than `limits.limit`.
    """
    limits.check_regular(path)
    opener = gzip.open if path.suffix == ".gz" else open
    with published.damaged(path, "an IDX file"), opener(path, "rb") as file:
        start = file.read(4)
        if start != bytes([0, 0, 8, dimensions]):
            raise EOFError(f"starts with {start.hex(' ')}, not 00 00 08 {dimensions:02x}")
        sizes = tuple(int(size) for size in np.frombuffer(file.read(4 * dimensions), ">i4"))
        if len(sizes) != dimensions or min(sizes) < 0:
            raise EOFError(f"sizes {sizes}")
        wanted = math.prod(sizes)
        limits.check(path, wanted, f"elements of sizes {sizes}")
        content = file.read(wanted + 1)
        if len(content) != wanted:
            raise EOFError(f"{len(content):,} bytes of elements or more for sizes {sizes}")
        return np.frombuffer(content, np.uint8).reshape(sizes)
