"""Sets whose images lie in published files, one row for each combination of factors."""

import abc
import os
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import ClassVar

import numpy as np

from disentlib.data import prepared, published
from disentlib.data.ground_truth import GroundTruthData
from disentlib.data.randomness import Random


class Stored(GroundTruthData):
    """Images by position in the grid, read or mapped from disk when the first one is asked for.

    Args:
        path: the published file, its folder, or a folder in which TensorFlow Datasets has
            prepared the set, where it has it. Default: the folder DISENTLIB_DATA.

    Attributes:
        file: the published file, or the folder of a prepared set.
        file_names: where in a folder to look, in order of preference.
        tfds_name: the set's name in TensorFlow Datasets.
        checksums: file name -> published MD5.
        advice: what to download where.
    """

    needs = "a file"
    file_names: ClassVar[tuple[str, ...]]
    tfds_name: ClassVar[str | None] = None
    checksums: ClassVar[Mapping[str, str]] = {}
    advice: ClassVar[str]

    def __init__(self, path: str | os.PathLike[str] | None = None):
        self.path = path
        folder = prepared.find(path, self.tfds_name) if self.tfds_name else None
        self.file: Path = folder or published.find(path, self.file_names, advice=self.advice)
        self._rows: np.ndarray | None = None
        self._reading = threading.Lock()

    @property
    def rows(self) -> np.ndarray:
        """Return every image in the order of the grid, on disk."""
        with self._reading:
            if self._rows is None:
                self._rows = self._open()
            return self._rows

    def verify(self) -> Iterator[str]:
        """Yield what is found to be right about the file, one line each; raise at what is not."""
        expected = self.checksums.get(self.file.name)
        if expected is not None:
            digest = published.md5(self.file)
            if digest != expected:
                raise ValueError(f"expected MD5 {expected} of {self.file}, got {digest}")
            yield f"MD5 {digest}"
        yield f"{len(self.rows):,} images of {'x'.join(map(str, self.rows.shape[1:]))}"

    @abc.abstractmethod
    def _open(self) -> np.ndarray:
        """Return every image in the order of the grid, having checked the file."""

    def _images(self, factors: np.ndarray, rng: Random) -> np.ndarray:
        return np.asarray(self.rows[np.ravel_multi_index(tuple(factors.T), self.sizes)])

    def _check(self, what: str, got: object, expected: object) -> None:
        if got != expected:
            raise ValueError(f"expected {what} {expected} in {self.file}, got {got}")

    def _from_prepared(self, labels: list[str], shape: tuple[int, ...] | None = None) -> np.ndarray:
        """Return the rows of a set that TensorFlow Datasets has prepared, by their labels."""

        def fill(target: np.ndarray) -> None:
            seen = np.zeros(self.grid_size, bool)
            for images, factors in prepared.batches(self.file, labels):
                position = self.grid_indices(factors)
                target[position] = self._resized(images)
                seen[position] = True
            self._check("images", int(seen.sum()), self.grid_size)

        size = (self.grid_size, *(shape or self.image_shape))
        return published.built(self.file, "images", size, np.uint8, fill)

    def _resized(self, images: np.ndarray) -> np.ndarray:
        return images
