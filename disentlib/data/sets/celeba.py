"""CelebA (Liu et al., ICCV 2015): 202,599 photographs of faces with 40 attributes."""

import csv
import os
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from disentlib.data import pictures, prepared, published
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


PARTITION_LISTS = ("list_eval_partition.txt", "list_eval_partition.csv")
LISTS = ("list_attr_celeba.txt", "list_attr_celeba.csv")
PARTITIONS = ("train", "valid", "test")
PLACES = ("", "celeba/", "CelebA/")  # below the folder that is given
PICTURES = (  # below the folder of the list, and below the one above: official, torchvision, Kaggle
    "img_align_celeba/img_align_celeba",
    "img_align_celeba",
    "Img/img_align_celeba",
    "Img/img_align_celeba_png",
    "img_align_celeba_png",
)


class CelebA(GroundTruthData):
    """Aligned faces with yes-or-no attributes: the middle 148 x 148 pixels made 64 x 64.

    There is no grid of factors: `sample` draws photographs, and what needs chosen combinations
    says so. The small images are made once into a file of 2.5 GB, beside the folder or in
    DISENTLIB_CACHE.

    Args:
        path: the folder of `img_align_celeba` and `list_attr_celeba.txt` (or .csv), as they are
            unpacked by hand, by torchvision or from Kaggle, with or without folders Anno, Img and
            Eval; or a folder in which TensorFlow Datasets has prepared `celeb_a`. Default: the
            folder DISENTLIB_DATA.
        partition: None for all photographs; "train", "valid" or "test" for those that
            `list_eval_partition.txt` (or .csv) gives to it.

    Raises:
        FileNotFoundError: if there is none, saying what to download where.
        ValueError: if the partition is unknown; when reading, if the attributes or an image are
            damaged.
    """

    name = "celeba"
    factor_names = ATTRIBUTES
    factor_sizes = (2,) * len(ATTRIBUTES)
    image_shape = (64, 64, 3)
    has_full_grid = False
    needs = "a folder"

    def __init__(self, path: str | os.PathLike[str] | None = None, *, partition: str | None = None):
        if partition not in (None, *PARTITIONS):
            raise ValueError(
                f"expected partition None or one of {', '.join(PARTITIONS)}, got {partition!r}"
            )
        self.path, self.partition = path, partition
        names = [
            f"{place}{anno}{name}" for place in PLACES for anno in ("", "Anno/") for name in LISTS
        ]
        self.file: Path = prepared.find(path, "celeb_a") or published.find(
            path, names, advice=ADVICE
        )
        self._table: tuple[np.ndarray, np.ndarray] | None = None
        self._rows: np.ndarray | None = None
        self._reading = threading.Lock()

    @property
    def table(self) -> tuple[np.ndarray, np.ndarray]:
        """Return (attributes (n, 40) of 0 and 1, images (n, 64, 64, 3)), read on first use.

        They are of all photographs, whatever the partition.
        """
        with self._reading:
            if self._table is None:
                self._table = self._prepared() if self.file.is_dir() else self._photographs()
            return self._table

    def sample(self, n: int, rng: RNG) -> tuple[np.ndarray, np.ndarray]:
        """Return the attributes and images of `n` photographs, drawn with replacement."""
        return self.take(integers(generator(rng), self.examples, n))

    @property
    def examples(self) -> int:
        """Return the number of photographs."""
        return len(self.rows)

    def take(self, rows: np.ndarray, rng: RNG | None = None) -> tuple[np.ndarray, np.ndarray]:
        """Return the attributes and images of photographs by their numbers."""
        del rng
        attributes, images = self.table
        places = self.rows[rows]
        return attributes[places].astype(np.int64), np.asarray(images[places])

    def example_factors(self) -> np.ndarray:
        """Return the attributes of all photographs."""
        return self.table[0][self.rows].astype(np.int64)

    @property
    def rows(self) -> np.ndarray:
        """Return the places in the table of the partition's photographs."""
        count = len(self.table[0])
        with self._reading:
            if self._rows is None:
                if self.partition is None:
                    self._rows = np.arange(count)
                else:
                    self._rows = np.flatnonzero(self._partitions() == self.partition)
                    if not len(self._rows):
                        raise ValueError(f"expected photographs to {self.partition} with, got none")
            return self._rows

    def verify(self) -> Iterator[str]:
        """Yield what is found to be right about the files, one line each; raise at what is not."""
        attributes, images = self.table
        yield f"{len(attributes):,} photographs with {attributes.shape[1]} attributes"
        if self.partition:
            yield f"{len(self.rows):,} of them to {self.partition} with"
        if len(images) != 202_599:
            raise ValueError(f"expected 202,599 photographs, got {len(images):,}")

    def _images(self, factors: np.ndarray, rng: object) -> np.ndarray:
        raise AssertionError("images() has refused: there is no grid")

    def _photographs(self) -> tuple[np.ndarray, np.ndarray]:
        names, attributes = self._attributes()
        faces = self._faces(names)

        def fill(target: np.ndarray) -> None:
            for row, face in enumerate(faces):
                with published.naming(face):
                    target[row] = small(np.asarray(pictures.plain(face).convert("RGB")))

        size = (len(names), *self.image_shape)
        source = faces[0].parent
        return attributes, published.built(source, "images", size, np.uint8, fill, parts=faces)

    def _faces(self, names: Sequence[str]) -> list[Path]:
        """Return the paths of the listed photographs."""
        roots = (self.file.parent, self.file.parent.parent)
        folders = [root / place for root in roots for place in PICTURES if (root / place).is_dir()]
        if not folders:
            raise FileNotFoundError(f"no folder {self.file.parent / PICTURES[1]}: {ADVICE}")
        for folder in folders:
            held = {entry.name for entry in os.scandir(folder)}
            png = folder.name.endswith("_png")
            wanted = [str(Path(name).with_suffix(".png")) if png else name for name in names]
            missing = [name for name in wanted if name not in held]
            if not missing:
                return [folder / name for name in wanted]
        raise FileNotFoundError(
            f"no photograph {folder / missing[0]}, which {self.file} lists "
            f"({len(missing):,} of {len(names):,} are missing): {ADVICE}"
        )

    def _partitions(self) -> np.ndarray:
        """Return the partition of each photograph."""
        if self.file.is_dir():
            sizes = prepared.split_sizes(self.file)
            known = {"train": "train", "validation": "valid", "test": "test"}
            return np.concatenate(
                [np.repeat(known.get(split, split), size) for split, size in sizes.items()]
            )
        folder = self.file.parent
        places = (folder, folder.parent / "Eval", folder / "Eval")
        listed = [f"list_eval_partition{self.file.suffix}", *PARTITION_LISTS]
        file = next((p / n for n in listed for p in places if (p / n).is_file()), None)
        if file is None:
            raise FileNotFoundError(f"no list_eval_partition.txt or .csv beside {self.file}")
        with published.damaged(file, "a list of photographs and partitions"):
            lines = file.read_text(encoding="utf-8").replace(",", " ").split("\n")
            rows = dict(line.split() for line in lines if line.strip())  # and perhaps a header
        names, _ = self._attributes()
        numbers = {str(number): name for number, name in enumerate(PARTITIONS)}
        wrong = [name for name in names if rows.get(name) not in numbers]
        if wrong:
            raise ValueError(
                f"expected {wrong[0]} with 0, 1 or 2 in {file}, got {rows.get(wrong[0], 'no line')}"
            )
        return np.array([numbers[rows[name]] for name in names])

    def _attributes(self) -> tuple[list[str], np.ndarray]:
        """Return file names and their attributes as 0 and 1, from either layout of the list."""
        with (
            published.damaged(self.file, "a list of attributes"),
            self.file.open(newline="", encoding="utf-8") as lines,
        ):
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
        unsafe = [row[0] for row in rows if Path(row[0]).name != row[0]]
        if unsafe:
            raise ValueError(f"expected names of photographs in {self.file}, got {unsafe[0]!r}")
        if values.shape[1:] != (len(ATTRIBUTES),) or not np.isin(values, (-1, 1)).all():
            raise ValueError(f"expected attributes of -1 and 1 in {self.file}, got other values")
        return [row[0] for row in rows], (values > 0).astype(np.uint8)

    def _prepared(self) -> tuple[np.ndarray, np.ndarray]:
        labels = [f"attributes/{name}" for name in ATTRIBUTES]
        parts = [factors for _, factors in prepared.batches(self.file, labels)]
        attributes = np.concatenate(parts).astype(np.uint8)

        def fill(target: np.ndarray) -> None:
            row = 0
            for images, _ in prepared.batches(self.file, []):
                for image in images:
                    target[row] = small(image)
                    row += 1

        size = (len(attributes), *self.image_shape)
        return attributes, published.built(self.file, "images", size, np.uint8, fill)


def small(photograph: np.ndarray) -> np.ndarray:
    """Return the middle of a (218, 178, 3) photograph as (64, 64, 3), by a bilinear filter."""
    height, width = photograph.shape[:2]
    left, top = (width - CROP) // 2, (height - CROP) // 2
    if left < 0 or top < 0:
        raise ValueError(f"expected photographs of 178 x 218, got {width} x {height}")
    middle = Image.fromarray(photograph[top : top + CROP, left : left + CROP])
    return np.asarray(middle.resize((64, 64), Image.Resampling.BILINEAR))
