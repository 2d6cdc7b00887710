"""SmallNORB (LeCun, Huang and Bottou, CVPR 2004): photographs of 50 toys."""

import gzip
import math
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from disentlib import limits
from disentlib.data import prepared, published
from disentlib.data.randomness import Random, integers
from disentlib.data.resizing import resized
from disentlib.data.stored import Stored

PARTS = (
    "smallnorb-5x46789x9x18x6x2x96x96-training",
    "smallnorb-5x01235x9x18x6x2x96x96-testing",
)
INSTANCES = 10
TYPES = {
    0x1E3D4C51: "<f4",
    0x1E3D4C53: "<f8",
    0x1E3D4C54: "<i4",
    0x1E3D4C55: "u1",
}


class SmallNORB(Stored):
    """Grey photographs of toys, 64 x 64: the left camera's of 96 x 96 made smaller.

    Factors: category (animal, human, airplane, truck, car), elevation 30..70 degrees, azimuth
    0..340 degrees, lighting. Which of a category's 10 toys is shown is left to chance. Training
    and testing files are read together: they hold different toys of one grid. The small images are
    made once, with Lanczos's filter, into a file of 199 MB (398 MB under the protocol).

    Args:
        path: see `Stored`; here the folder of the six .mat or .mat.gz files.
        protocol: None, or "locatello2019" for images as the reference makes them: what the filter
            overshoots is not clipped, so that pixels leave [0, 1].
    """

    name = "smallnorb"
    factor_names = ("category", "elevation", "azimuth", "lighting")
    factor_sizes = (5, 9, 18, 6)
    image_shape = (64, 64, 1)
    deterministic = False
    needs = "a folder"
    file_names = ("small_norb", "smallnorb", ".")
    tfds_name = "smallnorb"
    advice = (
        "download the six .mat.gz files from https://cs.nyu.edu/~ylclab/data/norb-v1.0-small and "
        "pass their folder, or put them into the folder that DISENTLIB_DATA names (~/data)"
    )

    def __init__(self, path: str | os.PathLike[str] | None = None, *, protocol: str | None = None):
        if protocol not in (None, "locatello2019"):
            raise ValueError(f"expected protocol None or 'locatello2019', got {protocol!r}")
        super().__init__(path)
        self.protocol = protocol
        self._is_prepared = (self.file / "dataset_info.json").is_file()
        if not self._is_prepared:
            kinds = ("dat", "cat", "info")
            self._sources = [self._source(part, kind) for part in PARTS for kind in kinds]
        self.dtype = np.dtype(np.float32 if protocol else np.uint8)

    def _images(self, factors: np.ndarray, rng: Random) -> np.ndarray:
        instance = integers(rng, INSTANCES, len(factors))
        every = (self.sizes[0], INSTANCES, *self.sizes[1:])
        position = np.ravel_multi_index(tuple(np.insert(factors, 1, instance, axis=1).T), every)
        images = np.asarray(self.rows[position])
        return images.astype(np.float32) / 255 if self.protocol else images

    def _open(self) -> np.ndarray:
        every = (self.sizes[0], INSTANCES, *self.sizes[1:])
        count = int(np.prod(every))

        def fill(target: np.ndarray) -> None:
            seen = np.zeros(count, int)
            for images, factors in self._blocks():
                bad = ((factors < 0) | (factors >= every)).any(axis=1)
                if bad.any():
                    raise ValueError(
                        f"expected (category, instance, elevation, azimuth, lighting) below "
                        f"{every} in the labels of {self.file}, got {factors[bad][0].tolist()}"
                    )
                position = np.ravel_multi_index(tuple(factors.T), every)
                np.add.at(seen, position, 1)
                target[position, :, :, 0] = self._small(images)
            if not (seen == 1).all():
                raise ValueError(
                    f"expected every combination of {every} exactly once in {self.file}, got "
                    f"{(seen == 0).sum():,} missing and {(seen > 1).sum():,} repeated"
                )

        label, kind = ("unclipped", np.int16) if self.protocol else ("images", np.uint8)
        parts = None if self._is_prepared else self._sources
        return published.built(
            self.file, label, (count, *self.image_shape), kind, fill, parts=parts
        )

    def _small(self, images: np.ndarray) -> np.ndarray:
        if not self.protocol:
            return resized(images)
        wide = (Image.fromarray(image.astype(np.int32)) for image in images)
        return np.stack([np.asarray(i.resize((64, 64), Image.Resampling.LANCZOS)) for i in wide])

    def _blocks(self) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yield (images, full factors) of both parts, some hundred at a time."""
        if self._is_prepared:
            labels = ["label_category", "instance"]
            labels += [f"label_{name}" for name in self.factor_names[1:]]
            for images, factors in prepared.batches(self.file, labels):
                yield images[..., 0], factors
            return
        for part in PARTS:
            category = self._matrix(part, "cat").ravel()
            info = self._matrix(part, "info")
            self._check(f"{part}-info of shape", info.shape, (len(category), 4))
            full = np.column_stack([category, info]).astype(np.int64)
            full[:, 3] //= 2  # azimuths are 0, 2, .., 34
            images = self._matrix(part, "dat")
            self._check(f"{part}-dat of shape", images.shape, (len(category), 2, 96, 96))
            for start in range(0, len(full), 256):
                yield images[start : start + 256, 0], full[start : start + 256]

    def _matrix(self, part: str, kind: str) -> np.ndarray:
        """Return one matrix: magic, number of sizes, at least three sizes, then the elements."""
        source = self._source(part, kind)
        plain = source.suffix == ".mat"
        opener = open if plain else gzip.open
        with published.damaged(source, "a matrix of NORB"), opener(source, "rb") as file:
            magic, dimensions = np.frombuffer(file.read(8), "<i4")
            if magic not in TYPES or not 1 <= dimensions <= 8:
                raise EOFError(f"starts with {magic:#x}, {dimensions}")
            sizes = tuple(
                int(size) for size in np.frombuffer(file.read(4 * max(3, dimensions)), "<i4")
            )[:dimensions]
            dtype = np.dtype(TYPES[int(magic)])
            wanted = math.prod(sizes) * dtype.itemsize
            if min(sizes) < 0:
                raise EOFError(f"sizes {sizes}")
            if plain:
                held = source.stat().st_size - file.tell()
                if held != wanted:
                    raise EOFError(f"{held:,} bytes of elements for sizes {sizes}")
                return np.memmap(source, dtype, "r", file.tell(), sizes)
            limits.check(source, wanted, f"elements of sizes {sizes}")
            content = file.read(wanted + 1)
            if len(content) != wanted:
                raise EOFError(f"{len(content):,} bytes of elements or more for sizes {sizes}")
            return np.frombuffer(content, dtype).reshape(sizes)

    def _source(self, part: str, kind: str) -> Path:
        """Return one of the six files, unpacked or not."""
        for suffix in (".mat", ".mat.gz"):
            source = self.file / f"{part}-{kind}{suffix}"
            if source.is_file():
                return source
        raise FileNotFoundError(
            f"no file {part}-{kind}.mat or .mat.gz in {self.file}: {self.advice}"
        )
