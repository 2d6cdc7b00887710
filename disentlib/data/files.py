"""Published files, read in blocks, without pickle, and with errors that say what to do."""

import contextlib
import hashlib
import os
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO

import numpy as np

__all__ = ["damaged", "find", "md5", "npy_header", "npz_blocks", "root"]

BLOCK = 1 << 23  # bytes read at a time


def root() -> Path:
    """Return the folder of published files: the environment's DISENTLIB_DATA, or ~/data."""
    return Path(os.environ.get("DISENTLIB_DATA", "~/data")).expanduser()


def find(path: str | os.PathLike[str] | None, names: Sequence[str], *, advice: str) -> Path:
    """Return the first of `names` that `path` holds, or `path` itself where it is a file.

    Args:
        path: a file, a folder, or None for `root()`.
        names: file names, relative to a folder, in order of preference.
        advice: how to get the file, the end of the error.

    Raises:
        FileNotFoundError: if there is none.
    """
    place = root() if path is None else Path(path).expanduser()
    if place.is_file():
        return place
    for name in names:
        if (place / name).exists():
            return place / name
    wanted = " or ".join(dict.fromkeys(Path(name).name for name in names))
    missing = f"no file {place}" if place.suffix else f"no {wanted} in {place}"
    raise FileNotFoundError(f"{missing}: {advice}")


@contextlib.contextmanager
def damaged(path: Path) -> Iterator[None]:
    """Turn what libraries say of a broken file into one error that names it and says what to do."""
    try:
        yield
    except (zipfile.BadZipFile, zlib.error, EOFError, KeyError, OSError) as error:
        if isinstance(error, (FileNotFoundError, PermissionError)):
            raise
        raise ValueError(
            f"{path} is truncated, damaged or another kind of file ({error}): download it again"
        ) from error


def npy_header(file: IO[bytes]) -> tuple[tuple[int, ...], np.dtype]:
    """Return shape and type of a .npy stream and leave it at the first byte of the array.

    Raises:
        ValueError: for object arrays (they would need pickle) and Fortran order.
    """
    version = np.lib.format.read_magic(file)
    read = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }
    if version not in read:
        raise ValueError(f"expected .npy version 1.0 or 2.0, got {version}")
    shape, fortran, dtype = read[version](file)
    if dtype.hasobject or fortran:
        raise ValueError(f"expected numbers in C order, got {dtype} (Fortran order: {fortran})")
    return shape, dtype


@contextlib.contextmanager
def npz_blocks(path: Path, key: str) -> Iterator[tuple[tuple[int, ...], Iterator[np.ndarray]]]:
    """Open array `key` of a .npz as (shape, blocks of its first axis), a few megabytes each.

    Raises:
        ValueError: if the file is damaged or holds no such array of numbers.
    """
    with damaged(path), zipfile.ZipFile(path) as archive:
        if f"{key}.npy" not in archive.namelist():
            raise ValueError(
                f"expected an array {key!r} in {path}, found {sorted(archive.namelist())}"
            )
        with archive.open(f"{key}.npy") as file:
            shape, dtype = npy_header(file)
            yield shape, _blocks(file, shape, dtype)


def _blocks(file: IO[bytes], shape: tuple[int, ...], dtype: np.dtype) -> Iterator[np.ndarray]:
    row = int(np.prod(shape[1:], dtype=np.int64)) * dtype.itemsize
    step = max(1, BLOCK // row)
    for start in range(0, shape[0], step):
        rows = min(step, shape[0] - start)
        content = file.read(rows * row)
        if len(content) != rows * row:
            raise EOFError(f"ends after {start} of {shape[0]} rows")
        yield np.frombuffer(content, dtype).reshape(rows, *shape[1:])


def md5(path: Path) -> str:
    """Return the MD5 of a file in hexadecimal, the checksum most data sets publish."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
