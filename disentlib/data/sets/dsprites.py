"""dSprites as published (Matthey et al., 2017): 737,280 binary images from one file."""

import os
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from disentlib.data import prepared, published
from disentlib.data.ground_truth import GroundTruthData
from disentlib.data.randomness import Random
from disentlib.data.sets.dsprites_rendered import FACTOR_NAMES, FACTOR_SIZES
from disentlib.ops import drawing

FILE = "dsprites_ndarray_co1sh3sc6or40x32y32_64x64"
CHECKSUMS = {
    f"{FILE}.npz": "7da33b31b13a06f4b04a70402ce90c2e",
    f"{FILE}.hdf5": "b331c4447a651c44bf5e8ae09022e230",
}
ON_PIXELS = 128_328_862
ADVICE = (
    f"download {FILE}.npz (26 MB) from https://github.com/google-deepmind/dsprites-dataset and "
    "pass its path, or put it into the folder that DISENTLIB_DATA names (~/data); "
    "data.DSpritesRendered() draws the same factor grid without a file"
)


class DSprites(GroundTruthData):
    """A white square, ellipse or heart on black: the published images.

    The images are kept as bits: reading the file takes seconds, when the first image is asked for,
    and 377 MB of memory.

    Args:
        path: the published .npz or .hdf5, a folder that holds one, or a folder in which
            TensorFlow Datasets has prepared `dsprites`. Default: the folder DISENTLIB_DATA.

    Raises:
        FileNotFoundError: if there is none, saying what to download where.
        ValueError: when reading, if the file is damaged, incomplete or in another order.
    """

    name = "dsprites"
    needs = "a file"
    factor_names = FACTOR_NAMES
    factor_sizes = FACTOR_SIZES
    image_shape = (64, 64, 1)

    def __init__(self, path: str | os.PathLike[str] | None = None):
        self.path = path
        self.file = prepared.find(path, "dsprites") or published.find(
            path,
            [f"{folder}{FILE}{kind}" for folder in ("", "dsprites/") for kind in (".npz", ".hdf5")],
            advice=ADVICE,
        )
        self._bits: np.ndarray | None = None
        self._reading = threading.Lock()

    @property
    def bits(self) -> np.ndarray:
        """Return every image as `np.packbits` gives it, (grid_size, 64, 8), read on first use."""
        with self._reading:
            if self._bits is None:
                self._bits = self._read()
            return self._bits

    def verify(self) -> Iterator[str]:
        """Yield what is found to be right about the file, one line each; raise at what is not."""
        if self.file.name in CHECKSUMS:
            digest = published.md5(self.file)
            if digest != CHECKSUMS[self.file.name]:
                raise ValueError(
                    f"expected MD5 {CHECKSUMS[self.file.name]} of {self.file}, got {digest}"
                )
            yield f"MD5 {digest}"
        on = sum(int(np.bitwise_count(part).sum()) for part in np.array_split(self.bits, 64))
        yield f"{self.grid_size:,} images in the order of their factors"
        if on != ON_PIXELS:
            raise ValueError(f"expected {ON_PIXELS:,} on-pixels in {self.file}, got {on:,}")
        yield f"{on:,} on-pixels"

    def _images(self, factors: np.ndarray, rng: Random) -> np.ndarray:
        return drawing.expand_bits(self.bits[np.ravel_multi_index(tuple(factors.T), self.sizes)])

    def _read(self) -> np.ndarray:
        if self.file.is_dir():
            return self._read_prepared(self.file)
        classes, images = (self.grid_size, 6), (self.grid_size, 64, 64)
        bits = np.empty((self.grid_size, 64, 8), np.uint8)
        if self.file.suffix == ".npz":
            with published.npz_blocks(self.file, "latents_classes", shape=classes) as (_, blocks):
                self._check_order(blocks)
            with published.npz_blocks(self.file, "imgs", shape=images) as (_, blocks):
                done = 0
                for block in blocks:
                    bits[done : done + len(block)] = self._pack(block)
                    done += len(block)
            return bits

        with published.hdf5_open(self.file) as file:
            self._check_order(
                [published.hdf5_dataset(file, "latents/classes", self.file, shape=classes)[:]]
            )
            dataset = published.hdf5_dataset(file, "imgs", self.file, shape=images)
            # The published chunks span 23,040 images and 2 rows: each is decompressed once.
            count, rows, _ = dataset.chunks or (4096, 64, 64)
            for start in range(0, self.grid_size, count):
                for row in range(0, 64, rows):
                    at = np.s_[start : start + count, row : row + rows]
                    bits[at] = self._pack(dataset[at])
        return bits

    def _read_prepared(self, folder: Path) -> np.ndarray:
        bits = np.zeros((self.grid_size, 64, 8), np.uint8)
        seen = np.zeros(self.grid_size, bool)
        labels = ("shape", "scale", "orientation", "x_position", "y_position")
        for images, factors in prepared.batches(folder, [f"label_{label}" for label in labels]):
            position = self.grid_indices(factors)
            bits[position] = self._pack(images[..., 0])
            seen[position] = True
        if not seen.all():
            raise ValueError(f"{folder} holds {seen.sum():,} of {self.grid_size:,} images")
        return bits

    def _pack(self, images: np.ndarray) -> np.ndarray:
        if images.dtype != np.uint8 or images.max(initial=0) > 1:
            raise ValueError(f"expected images of uint8 0 and 1 in {self.file}, got other values")
        return np.packbits(images, axis=-1)

    def _check_order(self, blocks: Iterable[np.ndarray]) -> None:
        """Raise unless row k of the classes (colour first) is the k-th combination of the grid."""
        done = 0
        for block in blocks:
            expected = self.grid_factors(range(done, done + len(block)))
            wrong = np.flatnonzero((block[:, 1:] != expected).any(axis=1))
            if len(wrong):
                raise ValueError(
                    f"expected image {done + wrong[0]} of {self.file} to have factors "
                    f"{expected[wrong[0]].tolist()}, got {block[wrong[0], 1:].tolist()}"
                )
            done += len(block)
