"""CelebA (Liu et al., ICCV 2015): 202,599 photographs of faces with 40 attributes."""

import csv
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from disentlib.data import files, prepared
from disentlib.data.ground_truth import GroundTruthData
from disentlib.data.randomness import RNG, generator, integers

ATTRIBUTES = (
    "5_o_Clock_Shadow",
    "Arched_Eyebrows",
    "Attractive",
    "Bags_Under_Eyes",
    "Bald",
    "Bangs",
    "Big_Lips",
    "Big_Nose",
    "Black_Hair",
    "Blond_Hair",
    "Blurry",
    "Brown_Hair",
    "Bushy_Eyebrows",
    "Chubby",
    "Double_Chin",
    "Eyeglasses",
    "Goatee",
    "Gray_Hair",
    "Heavy_Makeup",
    "High_Cheekbones",
    "Male",
    "Mouth_Slightly_Open",
    "Mustache",
    "Narrow_Eyes",
    "No_Beard",
    "Oval_Face",
    "Pale_Skin",
    "Pointy_Nose",
    "Receding_Hairline",
    "Rosy_Cheeks",
    "Sideburns",
    "Smiling",
    "Straight_Hair",
    "Wavy_Hair",
    "Wearing_Earrings",
    "Wearing_Hat",
    "Wearing_Lipstick",
    "Wearing_Necklace",
    "Wearing_Necktie",
    "Young",
)
CROP = 148  # pixels around the centre of 178 x 218, which hold the face
ADVICE = (
    "download img_align_celeba.zip and list_attr_celeba.txt from "
    "https://mmlab.ie.cuhk.edu.hk/projects/CelebA.html, unpack them into one folder and pass it, "
    "or put them into celeba/ in the folder that DISENTLIB_DATA names (~/data)"
)


class CelebA(GroundTruthData):
    """Aligned faces with yes-or-no attributes: the middle 148 x 148 pixels made 64 x 64.

    There is no grid of factors: `sample` draws photographs, and what needs chosen combinations
    says so. The small images are made once into a file of 2.5 GB, beside the folder or in
    DISENTLIB_CACHE.

    Args:
        path: the folder of `img_align_celeba` and `list_attr_celeba.txt` (or .csv), or a folder in
            which TensorFlow Datasets has prepared `celeb_a`. Default: the folder DISENTLIB_DATA.

    Raises:
        FileNotFoundError: if there is none, saying what to download where.
        ValueError: when reading, if the attributes or an image are damaged.
    """

    name = "celeba"
    factor_names = ATTRIBUTES
    factor_sizes = (2,) * len(ATTRIBUTES)
    image_shape = (64, 64, 3)
    has_full_grid = False
    needs = "a folder"

    def __init__(self, path: str | os.PathLike[str] | None = None):
        self.path = path
        names = [
            f"{folder}{name}"
            for folder in ("", "celeba/")
            for name in ("list_attr_celeba.txt", "list_attr_celeba.csv")
        ]
        self.file: Path = prepared.find(path, "celeb_a") or files.find(path, names, advice=ADVICE)
        self._table: tuple[np.ndarray, np.ndarray] | None = None
        self._reading = threading.Lock()

    @property
    def table(self) -> tuple[np.ndarray, np.ndarray]:
        """Return (attributes (n, 40) of 0 and 1, images (n, 64, 64, 3)), read on first use."""
        with self._reading:
            if self._table is None:
                self._table = self._prepared() if self.file.is_dir() else self._photographs()
            return self._table

    def sample(self, n: int, rng: RNG) -> tuple[np.ndarray, np.ndarray]:
        """Return the attributes and images of `n` photographs, drawn with replacement."""
        attributes, images = self.table
        rows = integers(generator(rng), len(attributes), n)
        return attributes[rows].astype(np.int64), np.asarray(images[rows])

    def verify(self) -> Iterator[str]:
        """Yield what is found to be right about the files, one line each; raise at what is not."""
        attributes, images = self.table
        yield f"{len(attributes):,} photographs with {attributes.shape[1]} attributes"
        if len(images) != 202_599:
            raise ValueError(f"expected 202,599 photographs, got {len(images):,}")

    def _images(self, factors: np.ndarray, rng: object) -> np.ndarray:
        raise AssertionError("images() has refused: there is no grid")

    def _photographs(self) -> tuple[np.ndarray, np.ndarray]:
        names, attributes = self._attributes()
        folder = self.file.parent / "img_align_celeba"
        if not folder.is_dir():
            raise FileNotFoundError(f"no folder {folder}: {ADVICE}")

        def fill(target: np.ndarray) -> None:
            for row, name in enumerate(names):
                photograph = folder / name
                with files.damaged(photograph), Image.open(photograph) as picture:
                    target[row] = small(np.asarray(picture.convert("RGB")))

        size = (len(names), *self.image_shape)
        return attributes, files.built(self.file, "images", size, np.uint8, fill)

    def _attributes(self) -> tuple[list[str], np.ndarray]:
        """Return file names and their attributes as 0 and 1, from either layout of the list."""
        with self.file.open(newline="", encoding="utf-8") as lines:
            if self.file.suffix == ".csv":
                header, *rows = csv.reader(lines)
                header, count = header[1:], len(rows)
            else:
                count = int(next(lines, "0"))
                header = next(lines, "").split()
                rows = [line.split() for line in lines if line.strip()]
        if tuple(header) != ATTRIBUTES or len(rows) != count:
            raise ValueError(
                f"expected {count:,} lines of the 40 attributes in {self.file}, "
                f"got {len(rows):,} of {len(header)}"
            )
        try:
            values = np.array([row[1:] for row in rows], np.int64)
        except ValueError as error:
            raise ValueError(f"expected 40 attributes a line in {self.file}: {error}") from error
        if values.shape[1:] != (len(ATTRIBUTES),) or not np.isin(values, (-1, 1)).all():
            raise ValueError(f"expected attributes of -1 and 1 in {self.file}, got other values")
        return [row[0] for row in rows], (values > 0).astype(np.uint8)

    def _prepared(self) -> tuple[np.ndarray, np.ndarray]:
        labels = [f"attributes/{name}" for name in ATTRIBUTES]
        found = [factors for _, factors in prepared.batches(self.file, labels)]
        attributes = np.concatenate(found).astype(np.uint8)

        def fill(target: np.ndarray) -> None:
            row = 0
            for images, _ in prepared.batches(self.file, []):
                for image in images:
                    target[row] = small(image)
                    row += 1

        size = (len(attributes), *self.image_shape)
        return attributes, files.built(self.file, "images", size, np.uint8, fill)


def small(photograph: np.ndarray) -> np.ndarray:
    """Return the middle of a (218, 178, 3) photograph as (64, 64, 3), by a bilinear filter."""
    height, width = photograph.shape[:2]
    left, top = (width - CROP) // 2, (height - CROP) // 2
    if left < 0 or top < 0:
        raise ValueError(f"expected photographs of 178 x 218, got {width} x {height}")
    middle = Image.fromarray(photograph[top : top + CROP, left : left + CROP])
    return np.asarray(middle.resize((64, 64), Image.Resampling.BILINEAR))
