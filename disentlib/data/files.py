"""Published files, read in blocks, without pickle, and with errors that say what to do."""

import contextlib
import fcntl
import hashlib
import os
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import IO

import numpy as np

__all__ = [
    "built",
    "damaged",
    "find",
    "hdf5_rows",
    "md5",
    "npy_header",
    "npz_blocks",
    "npz_rows",
    "root",
]

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
        if isinstance(error, OSError) and error.errno is not None:
            raise  # the operating system's word: no such file, no permission, a full disk
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


def npz_rows(path: Path, key: str) -> np.ndarray:
    """Return array `key` of a .npz from disk: mapped where it lies, or from an unpacked copy.

    Raises:
        ValueError: if the file is damaged or holds no such array of numbers.
    """
    with npz_blocks(path, key) as (shape, blocks), zipfile.ZipFile(path) as archive:
        member = archive.getinfo(f"{key}.npy")
        with archive.open(member) as file:
            _, dtype = npy_header(file)
            header = file.tell()
        if member.compress_type == zipfile.ZIP_STORED:
            with path.open("rb") as raw:  # sizes of name and extra field, in the local header
                raw.seek(member.header_offset + 26)
                name, extra = np.frombuffer(raw.read(4), "<u2")
            offset = member.header_offset + 30 + int(name) + int(extra) + header
            if offset + int(np.prod(shape)) * dtype.itemsize > path.stat().st_size:
                raise EOFError("ends within the array")
            return np.memmap(path, dtype, "r", offset, shape)

        def unpack(target: np.ndarray) -> None:
            done = 0
            for block in blocks:
                target[done : done + len(block)] = block
                done += len(block)

        return built(path, key, shape, dtype, unpack)


def hdf5_rows(path: Path, key: str) -> np.ndarray:
    """Return dataset `key` of an HDF5 file from disk: mapped, or from an unpacked copy.

    Compressed chunks make random rows slow, so they are unpacked once.

    Raises:
        ValueError: if the file is damaged or holds no such dataset.
    """
    import h5py

    with damaged(path), h5py.File(path, "r") as file:
        dataset = file[key]
        offset = dataset.id.get_offset()
        if offset is not None:
            return np.memmap(path, dataset.dtype, "r", offset, dataset.shape)

        def unpack(target: np.ndarray) -> None:
            step = dataset.chunks[0]
            for start in range(0, len(target), step):
                target[start : start + step] = dataset[start : start + step]

        return built(path, key, dataset.shape, dataset.dtype, unpack)


def built(
    source: Path,
    label: str,
    shape: tuple[int, ...],
    dtype: np.dtype | type,
    fill: Callable[[np.ndarray], None],
) -> np.ndarray:
    """Return an array made from `source` once and then mapped from disk.

    It is kept beside the source, or in the folder of the environment's DISENTLIB_CACHE. When two
    processes want it at once, one makes it and the other waits; what fails leaves nothing behind.

    Args:
        source: the file or folder that it is made of; a newer one has it made again.
        label: what it holds, for its name.
        shape: of the array.
        dtype: of the array.
        fill: writes every element.

    Raises:
        OSError: if the folder cannot be written or the disk is too small, saying what to do.
    """
    folder = os.environ.get("DISENTLIB_CACHE")
    target = (Path(folder).expanduser() if folder else source.parent) / f"{source.name}.{label}.npy"
    partial = target.with_name(f"{target.name}.partial")
    while True:
        ready = _ready(target, source, shape, dtype)
        if ready is not None:
            return ready
        with _advising(source, target):
            target.parent.mkdir(parents=True, exist_ok=True)
            lock = partial.open("a+b")
        with lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            # Whoever held the lock before has renamed or removed this very file.
            if not partial.exists() or partial.stat().st_ino != os.fstat(lock.fileno()).st_ino:
                continue
            try:
                with _advising(source, target):
                    array = np.lib.format.open_memmap(partial, "w+", dtype, shape)
                    # Claims the space: a mapped file on a full disk would kill the process later.
                    if hasattr(os, "posix_fallocate"):
                        os.posix_fallocate(lock.fileno(), 0, partial.stat().st_size)
                fill(array)
                array.flush()
            except BaseException:
                partial.unlink(missing_ok=True)
                raise
            partial.replace(target)
            return np.load(target, mmap_mode="r", allow_pickle=False)


@contextlib.contextmanager
def _advising(source: Path, target: Path) -> Iterator[None]:
    """Say what to do where a copy cannot be written."""
    try:
        yield
    except OSError as error:
        raise OSError(
            error.errno,
            f"{error.strerror} while unpacking {source} to {target}: "
            "set DISENTLIB_CACHE to a folder with room",
        ) from error


def _ready(
    target: Path, source: Path, shape: tuple[int, ...], dtype: np.dtype | type
) -> np.ndarray | None:
    """Return the array at `target` if it is whole, as wanted, and not older than its source."""
    if not target.exists() or target.stat().st_mtime < source.stat().st_mtime:
        return None
    array = np.load(target, mmap_mode="r", allow_pickle=False)
    return array if array.shape == tuple(shape) and array.dtype == dtype else None
