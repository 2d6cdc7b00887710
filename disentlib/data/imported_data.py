"""Your own files: brought into one archive by `import_data`, and read from it without a copy."""

import csv
import os
import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from disentlib.data import files
from disentlib.data.array_data import ArrayData

PICTURES = (".png", ".jpg", ".jpeg", ".bmp", ".webp", ".tif", ".tiff")


class ImportedData(ArrayData):
    """The set that `disentlib data import` wrote to `path`; its images stay on disk.

    Args:
        path: an uncompressed .npz with images, factors, names and continuous.

    Raises:
        FileNotFoundError: if there is none.
        ValueError: if it is damaged or another kind of file.
    """

    name = "imported"
    needs = "a file"

    def __init__(self, path: str | os.PathLike[str]):
        self.path = path
        self.file = files.find(path, [], advice="`disentlib data import` writes one")
        images = files.npz_rows(self.file, "images")
        with files.damaged(self.file), np.load(self.file, allow_pickle=False) as arrays:
            super().__init__(
                images,
                arrays["factors"],
                names=[str(name) for name in arrays["names"]],
                continuous=arrays["continuous"].tolist(),
            )

    def config(self) -> dict[str, object]:
        """Return the name and the path."""
        return {"name": self.name, "path": os.fspath(self.path)}


def import_data(
    source: str | os.PathLike[str], target: str | os.PathLike[str], *, side: int | None = None
) -> ImportedData:
    """Bring somebody's images and factors into one file that `ImportedData` reads.

    Args:
        source: a .npz with `images` and `factors` (and `names`); an HDF5 file with the same; a
            folder with images.npy and factors.npy; or a folder of pictures with one .csv, whose
            first column is the file's name and whose others are factors: whole numbers and words
            are discrete, other numbers real-valued.
        target: the .npz to write.
        side: the side to which pictures of a folder are resized, by Lanczos's filter; by default
            they keep their size, which must then be the same for all.

    Returns:
        The imported set.

    Raises:
        FileNotFoundError: if the source or a picture is missing.
        ValueError: if something in it is damaged or does not fit.
    """
    source, target = Path(source).expanduser(), Path(target).expanduser()
    names: list[str] | None
    continuous: list[bool] | None = None
    if source.is_dir() and not (source / "images.npy").exists():
        images, factors, names, continuous = _folder(source, side)
    else:
        images, factors, names = _arrays(source)
    checked = ArrayData(images, factors, names=names, continuous=continuous)
    partial = target.with_name(f"{target.name}.partial")
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        with zipfile.ZipFile(partial, "w", zipfile.ZIP_STORED) as archive:
            arrays = {
                "images": checked.rows,
                "factors": np.asarray(factors).reshape(len(checked.rows), -1),
                "names": np.array(checked.factor_names),
                "continuous": np.array(checked.continuous),
            }
            for key, array in arrays.items():
                with archive.open(f"{key}.npy", "w", force_zip64=True) as file:
                    header = np.lib.format.header_data_from_array_1_0(array)
                    header["fortran_order"] = False
                    np.lib.format.write_array_header_1_0(file, header)
                    for start in range(0, len(array), 1024):
                        file.write(np.ascontiguousarray(array[start : start + 1024]).tobytes())
        partial.replace(target)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
    return ImportedData(target)


def _arrays(source: Path) -> tuple[np.ndarray, np.ndarray, list[str] | None]:
    """Return images, factors and names of an archive, an HDF5 file or a folder of arrays."""
    if source.is_dir():
        with files.damaged(source):
            images = np.load(source / "images.npy", mmap_mode="r", allow_pickle=False)
            return images, np.load(source / "factors.npy", allow_pickle=False), None
    if not source.exists():
        raise FileNotFoundError(f"no file or folder {source}")
    with files.damaged(source):
        if source.suffix == ".npz":
            with source.open("rb") as raw, np.load(raw, allow_pickle=False) as arrays:
                names = [str(name) for name in arrays["names"]] if "names" in arrays else None
                return arrays["images"], arrays["factors"], names
        import h5py

        with h5py.File(source, "r") as file:
            names = file["names"].asstr()[:].tolist() if "names" in file else None
            return file["images"][:], file["factors"][:], names


def _folder(source: Path, side: int | None) -> tuple[np.ndarray, np.ndarray, list[str], list[bool]]:
    """Return the pictures of a folder and the table that lies beside them."""
    tables = sorted(source.glob("*.csv"))
    if len(tables) != 1:
        raise FileNotFoundError(
            f"expected images.npy and factors.npy, or pictures and one .csv in {source}, found "
            f"{len(tables)} .csv files"
        )
    with tables[0].open(newline="", encoding="utf-8") as lines:
        header, *rows = [row for row in csv.reader(lines) if row] or [[]]
    ragged = [row for row in rows if len(row) != len(header)]
    if len(header) < 2 or not rows or ragged:
        raise ValueError(
            f"expected a file name and factors in each line of {tables[0]}, "
            f"got {ragged[0] if ragged else header}"
        )
    pictures = []
    for row in rows:
        with files.damaged(source / row[0]), Image.open(source / row[0]) as picture:
            plain = picture.convert("L" if picture.mode in ("1", "L") else "RGB")
            plain = plain.resize((side, side), Image.Resampling.LANCZOS) if side else plain
            pictures.append(np.asarray(plain).reshape(plain.height, plain.width, -1))
        if pictures[-1].shape != pictures[0].shape:
            raise ValueError(
                f"expected pictures of one size, got {pictures[0].shape} of {rows[0][0]} and "
                f"{pictures[-1].shape} of {row[0]}: choose a side"
            )
    columns = [_column(values) for values in zip(*[row[1:] for row in rows], strict=True)]
    factors = np.stack([column for column, _ in columns], axis=1)
    return np.stack(pictures), factors, header[1:], [real for _, real in columns]


def _column(words: Sequence[str]) -> tuple[np.ndarray, bool]:
    """Return the values of a column as numbers, and whether they are real ones."""
    try:
        return np.array([int(word) for word in words], np.float64), False
    except ValueError:
        pass
    try:
        return np.array([float(word) for word in words]), True
    except ValueError:
        return np.unique(words, return_inverse=True)[1].astype(np.float64), False
