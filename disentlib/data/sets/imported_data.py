"""Your own files: brought into one archive by `import_data`, and read from it without a copy."""

import contextlib
import json
import os
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
from PIL import Image

from disentlib import limits, pixels
from disentlib.data import pictures, published, tables
from disentlib.data.sets.array_data import ArrayData
from disentlib.files import replacing

TABLES = (".csv", ".tsv", ".csv.gz", ".tsv.gz")
_OPTIONAL = ["names", "continuous", "words", "condition"]


class ImportedData(ArrayData):
    """The set that `disentlib data import` wrote to `path`; its images stay on disk.

    Args:
        path: an uncompressed .npz with images (or other observations, such as vectors (n, 5)) and
            factors; and where they are there the factors' names, which of them are continuous, and
            a condition (n, length).

    Raises:
        FileNotFoundError: if there is none.
        ValueError: if it is damaged or another kind of file.
    """

    name = "imported"
    needs = "a file"

    def __init__(self, path: str | os.PathLike[str]):
        self.path = path
        self.file = published.find(path, [], advice="`disentlib data import` writes one")
        images = published.npz_rows(self.file, "images")
        arrays = published.npz_arrays(self.file, ["factors"], optional=_OPTIONAL)
        with published.naming(self.file):
            super().__init__(images, **_options(arrays))

    def config(self) -> dict[str, object]:
        """Return the name and the path."""
        return {"name": self._config_name(), "path": os.fspath(self.path)}


def import_data(
    source: str | os.PathLike[str],
    target: str | os.PathLike[str],
    *,
    side: int | None = None,
    background: pictures.Background | None = None,
    drop_missing: bool = False,
    say: Callable[[str], None] | None = None,
) -> ImportedData:
    """Bring somebody's images and factors into one file that `ImportedData` reads.

    Images are written a few megabytes at a time, however many there are.

    Args:
        source: a .npz with `images` and `factors` (and `names`); an HDF5 file with the same; a
            folder with images.npy and factors.npy; or a folder of pictures with one .csv or .tsv,
            perhaps packed by gzip, whose first column is the file's name and whose others are
            factors: whole numbers and words are discrete, other numbers real-valued. `tables.read`
            says what it may look like.
        target: the .npz to write.
        side: the side to which pictures of a folder are resized, by Lanczos's filter; by default
            they keep their size, which must then be the same for all.
        background: what shows through transparent pictures of a folder; see `pictures.plain`.
        drop_missing: whether rows of a folder's table that lack a value are left out; refused by
            default.
        say: is called with what was recognised in a folder's table, and how many rows were left
            out.

    Returns:
        The imported set.

    Raises:
        FileNotFoundError: if the source or a picture is missing.
        TypeError: if images or factors are of another kind.
        ValueError: if something in it is damaged, asks for more than `limits.limit`, or does not
            fit.
    """
    source, target = Path(source).expanduser(), Path(target).expanduser()
    target.parent.mkdir(parents=True, exist_ok=True)
    with replacing(target) as partial:
        with _opened(source, side, background, drop_missing) as opened, published.naming(source):
            if len(opened.shape) < 2 or 0 in opened.shape:
                raise ValueError(
                    "expected images of shape (n, height, width, 1 or 3), or other observations "
                    f"of shape (n, ...), got {opened.shape}"
                )
            if len(opened.shape) in (3, 4):  # pictures
                pixels.as_input(np.empty(0, opened.dtype))  # the type alone, before much is written
            if say is not None:
                for note in opened.notes:
                    say(note)
            _write_images(partial, opened)
            checked = ArrayData(published.npz_rows(partial, "images"), **opened.factors)
        arrays = {
            "factors": np.asarray(opened.factors["factors"]).reshape(len(checked.rows), -1),
            "names": np.array(checked.factor_names),
            "continuous": np.array(checked.continuous),
        }
        words = opened.factors.get("words")
        if words is not None and any(words):
            arrays["words"] = np.array([json.dumps(spelled) for spelled in words])
        if checked.condition is not None:
            arrays["condition"] = checked.condition
        with zipfile.ZipFile(partial, "a", zipfile.ZIP_STORED) as archive:
            for key, array in arrays.items():
                with archive.open(f"{key}.npy", "w") as file:
                    np.lib.format.write_array(file, np.ascontiguousarray(array))
    return ImportedData(target)


class _Source(NamedTuple):
    """What is imported: images not yet read, and what `ArrayData` takes beside them."""

    shape: tuple[int, ...]
    dtype: np.dtype
    blocks: Iterator[np.ndarray]
    factors: dict[str, Any]
    notes: tuple[str, ...] = ()


def _write_images(path: Path, opened: _Source) -> None:
    """Write images.npy into a new archive, block by block."""
    header = {
        "descr": np.lib.format.dtype_to_descr(opened.dtype),
        "fortran_order": False,
        "shape": opened.shape,
    }
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive,
        archive.open("images.npy", "w", force_zip64=True) as file,
    ):
        np.lib.format.write_array_header_1_0(file, header)
        for block in opened.blocks:
            file.write(np.ascontiguousarray(block, opened.dtype).data)


def _options(arrays: Mapping[str, np.ndarray]) -> dict[str, Any]:
    """Return what `ArrayData` takes beside images, from arrays by their names in an archive."""
    names, continuous, words, condition = (arrays.get(key) for key in _OPTIONAL)
    return {
        "factors": arrays["factors"],
        "names": None if names is None else [str(name) for name in names.ravel()],
        "continuous": None if continuous is None else continuous.tolist(),
        "words": None if words is None else [json.loads(spelled) for spelled in words.tolist()],
        "condition": condition,
    }


@contextlib.contextmanager
def _opened(
    source: Path,
    side: int | None,
    background: pictures.Background | None,
    drop_missing: bool,
) -> Iterator[_Source]:
    """Open a source of any kind."""
    if source.is_dir():
        yield (
            _folder_of_arrays(source)
            if (source / "images.npy").exists()
            else _folder(source, side, background, drop_missing)
        )
        return
    if not source.exists():
        raise FileNotFoundError(f"no file or folder {source}")
    keys, optional = ["factors"], _OPTIONAL
    if source.suffix == ".npz":
        arrays = published.npz_arrays(source, keys, optional=optional)
        with published.npz_blocks(source, "images") as (header, blocks):
            yield _Source(header.shape, header.dtype, blocks, _options(arrays))
        return
    with published.hdf5_open(source) as file:
        dataset = published.hdf5_dataset(file, "images", source)
        arrays = {
            key: published.hdf5_array(published.hdf5_dataset(file, key, source))
            for key in (*keys, *optional)
            if key in keys or key in file
        }
        blocks = published.hdf5_blocks(dataset)
        yield _Source(dataset.shape, dataset.dtype, blocks, _options(arrays))


def _folder_of_arrays(source: Path) -> _Source:
    arrays = {}
    for key in ("images", "factors"):
        path = source / f"{key}.npy"
        with published.damaged(path, "a .npy array"):
            limits.check_npy(path)
            mode: Literal["r"] | None = "r" if key == "images" else None
            arrays[key] = np.load(path, mmap_mode=mode, allow_pickle=False)
    images = arrays.pop("images")
    step = max(1, published.BLOCK // max(1, images[:1].nbytes))
    blocks = (images[start : start + step] for start in range(0, len(images), step))
    return _Source(images.shape, images.dtype, blocks, _options(arrays))


def _folder(
    source: Path,
    side: int | None,
    background: pictures.Background | None,
    drop_missing: bool,
) -> _Source:
    """Return the pictures of a folder and the table that lies beside them."""
    texts = sorted(path for end in TABLES for path in source.glob(f"*{end}"))
    if len(texts) != 1:
        raise FileNotFoundError(
            f"expected images.npy and factors.npy, or pictures and one .csv in {source}, found "
            f"{len(texts)} .csv files"
        )
    table = tables.read(texts[0])
    numbering = table.numbering(anywhere=False)
    if len(table) and (source / table.text(table.names[0])[0]).is_file():
        numbering = [name for name in numbering if name != table.names[0]]  # pictures as the index
    kept = [name for name in table.names if name not in numbering]
    if len(kept) < 2 or not len(table):
        raise ValueError(f"expected a file name and factors in each line of {texts[0]}, got {kept}")
    table = table.without_missing(
        kept, drop=drop_missing, advice="fill it, or leave such rows out (drop_missing)"
    )
    notes = table.notes
    if numbering:
        shown = ", ".join(name or "without a name" for name in numbering)
        notes = (*notes, f"{texts[0]}: left out the column {shown}, which numbers the rows")
    paths = [_inside(source, name, texts[0]) for name in table.text(kept[0])]
    shape, blocks = _pictures(paths, side, background)
    labels = table.labels(kept[1:], continuous=None)
    options = {
        "factors": labels.values,
        "names": kept[1:],
        "continuous": labels.continuous,
        "words": labels.words,
    }
    return _Source(shape, np.dtype(np.uint8), blocks, options, notes)


def _inside(folder: Path, name: str, table: Path) -> Path:
    """Return the path of a picture that a table names, which must lie in the table's folder."""
    if Path(name).is_absolute() or ".." in Path(name).parts:
        raise ValueError(f"expected pictures inside {folder}, got {name!r} in {table}")
    if not (folder / name).exists():
        raise FileNotFoundError(f"no picture {folder / name}, which {table} names")
    return folder / name


def _pictures(
    paths: Sequence[Path], side: int | None, background: pictures.Background | None
) -> tuple[tuple[int, ...], Iterator[np.ndarray]]:
    """Return the shape of all pictures together, and one after the other."""
    shapes = [pictures.shape(path) for path in paths]
    for path, shape in zip(paths, shapes, strict=True):
        if shape[:2] != shapes[0][:2] and side is None:
            raise ValueError(
                f"expected pictures of one size, got {shapes[0]} of {paths[0].name} and "
                f"{shape} of {path.name} in {path.parent}: choose a side"
            )
    mode = "L" if all(channels == 1 for *_, channels in shapes) else "RGB"
    height, width = (side, side) if side else shapes[0][:2]

    def blocks() -> Iterator[np.ndarray]:
        for path in paths:
            picture = pictures.plain(path, background=background).convert(mode)
            if side:
                picture = picture.resize((side, side), Image.Resampling.LANCZOS)
            yield np.asarray(picture).reshape(1, height, width, -1)

    return (len(paths), height, width, len(mode)), blocks()
