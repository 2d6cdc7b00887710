"""Published files, read in blocks, without pickle, and with errors that say what to do."""

import contextlib
import errno
import hashlib
import math
import os
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Any

import numpy as np

from disentlib import limits
from disentlib.data.cache import built

__all__ = [
    "built",
    "damaged",
    "find",
    "hdf5_array",
    "hdf5_blocks",
    "hdf5_dataset",
    "hdf5_open",
    "hdf5_rows",
    "md5",
    "naming",
    "npz_arrays",
    "npz_blocks",
    "npz_rows",
    "npz_shape",
    "root",
]

BLOCK = 1 << 23  # bytes read at a time
LARGEST_CHUNK = 1 << 29  # bytes of whole rows that a chunk may make one read at once


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
def damaged(path: Path, kind: str) -> Iterator[None]:
    """Turn what libraries say of a broken file into one error that names it and what it should be.

    Errors that name the file already, and those of the operating system, pass as they are.

    Args:
        path: the file that is read.
        kind: what it should be, as in "a .npz archive".

    Raises:
        ValueError: instead of any other error.
    """
    try:
        yield
    except Exception as error:
        system = isinstance(error, OSError) and error.errno not in (None, errno.EINVAL)
        ours = isinstance(error, (TypeError, ValueError)) and str(path) in str(error)
        if system or ours:  # no such file, no permission, a full disk; or said already
            raise
        said = " ".join(str(error).split())[:200] or type(error).__name__
        raise ValueError(
            f"{path} is truncated, damaged or another kind of file (expected {kind}, got: {said}): "
            "copy or download it again"
        ) from error


@contextlib.contextmanager
def naming(path: Path) -> Iterator[None]:
    """Add the file's name to errors about what it holds."""
    try:
        yield
    except (TypeError, ValueError) as error:
        if str(path) in str(error):
            raise
        raise type(error)(f"{error} (in {path})") from error


def npz_arrays(
    path: Path, keys: Sequence[str], *, optional: Sequence[str] = ()
) -> dict[str, np.ndarray]:
    """Return arrays of a .npz by their names, read into memory.

    Args:
        path: the file.
        keys: of what it must hold.
        optional: of what it may hold.

    Raises:
        FileNotFoundError: if there is no file.
        ValueError: if it is damaged, lacks an array or asks for more than `limits.limit`.
    """
    with damaged(path, "a .npz archive"):
        declared = limits.check_npz(path, [*keys, *optional])
        for key in keys:
            if key not in declared:
                _require(path, key, _npz_names(path), "an array")
        with np.load(path, allow_pickle=False) as arrays:
            return {key: arrays[key] for key in declared}


@contextlib.contextmanager
def npz_blocks(
    path: Path, key: str, *, shape: tuple[int, ...] | None = None
) -> Iterator[tuple[limits.Header, Iterator[np.ndarray]]]:
    """Open array `key` of a .npz as its header and blocks of its first axis, a few MB each.

    Args:
        path: the file.
        key: the array's name.
        shape: what is expected; without it, the array may not ask for more than `limits.limit`.

    Raises:
        ValueError: if the file is damaged or holds no such array of numbers.
    """
    with _npz_member(path, key) as (file, header):
        _check_size(path, key, header.shape, header.size, shape)
        yield header, _blocks(file, header)


@contextlib.contextmanager
def _npz_member(path: Path, key: str) -> Iterator[tuple[IO[bytes], limits.Header]]:
    """Open array `key` of a .npz at its first element."""
    with damaged(path, "a .npz archive"):
        limits.check_regular(path)
        with zipfile.ZipFile(path) as archive:
            _require(path, key, _npz_names(path), "an array")
            with archive.open(f"{key}.npy") as file:
                header = limits.npy_header(file)
                if header.fortran:
                    raise ValueError("expected C order, got Fortran order: save a C-ordered copy")
                yield file, header


def _npz_names(path: Path) -> list[str]:
    with zipfile.ZipFile(path) as archive:
        return [name.removesuffix(".npy") for name in archive.namelist()]


def npz_shape(path: Path, key: str) -> tuple[int, ...]:
    """Return the shape of array `key` of a .npz, of which nothing but the header is read.

    Raises:
        FileNotFoundError: if there is no file.
        ValueError: if the file is damaged or holds no such array of numbers.
    """
    with _npz_member(path, key) as (_, header):
        return header.shape


def _require(path: Path, key: str, names: Sequence[str], what: str) -> None:
    if key not in names:
        raise ValueError(
            f"expected {what} {key!r} in {path}, found {', '.join(sorted(names)) or 'none'}: "
            "is it another kind of file?"
        )


def _check_size(
    path: Path, key: str, got: tuple[int, ...], size: int, expected: tuple[int, ...] | None
) -> None:
    if expected is None:
        limits.check(path, size, f"{key!r}")
    elif got != tuple(expected):
        words = key.replace("_", " ").replace("/", " ")
        raise ValueError(f"expected {words} of shape {tuple(expected)} in {path}, got {got}")


def _blocks(file: IO[bytes], header: limits.Header) -> Iterator[np.ndarray]:
    (count, *rest), dtype = header.shape, header.dtype
    row = math.prod(rest) * dtype.itemsize
    step = max(1, BLOCK // max(1, row))
    for start in range(0, count, step):
        rows = min(step, count - start)
        content = file.read(rows * row)
        if len(content) != rows * row:
            raise EOFError(f"ends after {start} of {count} rows")
        yield np.frombuffer(content, dtype).reshape(rows, *rest)


def md5(path: Path) -> str:
    """Return the MD5 of a file in hexadecimal, the checksum most data sets publish."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


def npz_rows(path: Path, key: str, *, shape: tuple[int, ...] | None = None) -> np.ndarray:
    """Return array `key` of a .npz from disk: mapped where it lies, or from an unpacked copy.

    Args:
        path: the file.
        key: the array's name.
        shape: what is expected; see `npz_blocks`.

    Raises:
        ValueError: if the file is damaged or holds no such array of numbers.
    """
    with npz_blocks(path, key, shape=shape) as (header, blocks), zipfile.ZipFile(path) as archive:
        member = archive.getinfo(f"{key}.npy")
        if member.compress_type == zipfile.ZIP_STORED:
            with path.open("rb") as raw:  # sizes of name and extra field, in the local header
                raw.seek(member.header_offset + 26)
                name, extra = np.frombuffer(raw.read(4), "<u2")
            start = member.header_offset + 30 + int(name) + int(extra)
            offset = start + member.file_size - header.size
            if member.file_size < header.size or start + member.file_size > path.stat().st_size:
                raise EOFError("ends within the array")
            return np.memmap(path, header.dtype, "r", offset, header.shape)

        def unpack(target: np.ndarray) -> None:
            done = 0
            for block in blocks:
                target[done : done + len(block)] = block
                done += len(block)

        return built(path, key, header.shape, header.dtype, unpack)


@contextlib.contextmanager
def hdf5_open(path: Path) -> Iterator[Any]:
    """Open an HDF5 file for reading, as an `h5py.File`.

    Raises:
        FileNotFoundError: if there is none.
        ValueError: if it is damaged, or what is done with it fails.
    """
    import h5py

    with damaged(path, "an HDF5 file"):
        limits.check_regular(path)
        with h5py.File(path, "r") as file:
            yield file


def hdf5_dataset(file: Any, key: str, path: Path, *, shape: tuple[int, ...] | None = None) -> Any:
    """Return dataset `key` of an open HDF5 file, having checked that its values lie in the file.

    Args:
        file: the `h5py.File`.
        key: the dataset's name, a/b within a group.
        path: the file, for errors.
        shape: what is expected; without it, the array may not ask for more than `limits.limit`.

    Raises:
        ValueError: if there is none, if its values lie in another place (links, external and
            virtual storage), or if they are no numbers or text.
    """
    import h5py

    place = file
    for part in key.split("/"):
        _require(path, part, list(place) if isinstance(place, h5py.Group) else [], "a dataset")
        link = place.get(part, getlink=True)
        if not isinstance(link, h5py.HardLink):
            kind = type(link).__name__
            raise ValueError(f"expected {key!r} itself in {path}, got a {kind} to another place")
        place = place[part]
    if not isinstance(place, h5py.Dataset):
        raise ValueError(f"expected a dataset {key!r} in {path}, got a {type(place).__name__}")
    if place.is_virtual or place.external:
        kind = "virtual" if place.is_virtual else "external"
        raise ValueError(f"expected the values of {key!r} in {path} itself, got {kind} storage")
    if place.dtype.kind not in "buif" and not h5py.check_string_dtype(place.dtype):
        raise ValueError(f"expected numbers or text in {key!r} of {path}, got {place.dtype}")
    if place.shape is None:
        raise ValueError(f"expected values in {key!r} of {path}, got an empty dataset")
    _check_size(path, key, place.shape, place.nbytes, shape)
    return place


def hdf5_blocks(dataset: Any) -> Iterator[np.ndarray]:
    """Yield blocks of a dataset's first axis, in whole chunks unless these are very large."""
    row = max(1, math.prod(dataset.shape[1:]) * dataset.dtype.itemsize)
    step = max(1, BLOCK // row)
    if dataset.chunks and dataset.chunks[0] * row <= LARGEST_CHUNK:
        step = dataset.chunks[0] * max(1, step // dataset.chunks[0])
    for start in range(0, dataset.shape[0], step):
        yield dataset[start : start + step]


def hdf5_array(dataset: Any) -> np.ndarray:
    """Return a dataset's values, text as `str`, read into memory."""
    values: np.ndarray = (dataset if dataset.dtype.kind in "buif" else dataset.asstr())[...]
    return values


def hdf5_rows(path: Path, key: str, *, shape: tuple[int, ...] | None = None) -> np.ndarray:
    """Return dataset `key` of an HDF5 file from disk: mapped, or from an unpacked copy.

    Compressed chunks make random rows slow, so they are unpacked once.

    Args:
        path: the file.
        key: the dataset's name.
        shape: what is expected; see `hdf5_dataset`.

    Raises:
        ValueError: if the file is damaged or holds no such dataset of numbers.
    """
    import h5py

    with hdf5_open(path) as file:
        dataset = hdf5_dataset(file, key, path, shape=shape)
        if dataset.dtype.kind not in "buif":
            raise ValueError(f"expected numbers in {key!r} of {path}, got text")
        # Where it is written in one piece, as NumPy has it in memory.
        plain = dataset.id.get_type() == h5py.h5t.py_create(dataset.dtype, logical=True)
        if plain and dataset.chunks is None and dataset.id.get_storage_size() == dataset.nbytes:
            offset = dataset.id.get_offset()
            if offset is not None and offset + dataset.nbytes <= path.stat().st_size:
                return np.memmap(path, dataset.dtype, "r", offset, dataset.shape)

        def unpack(target: np.ndarray) -> None:
            done = 0
            for block in hdf5_blocks(dataset):
                target[done : done + len(block)] = block
                done += len(block)

        return built(path, key.replace("/", "."), dataset.shape, dataset.dtype, unpack)
