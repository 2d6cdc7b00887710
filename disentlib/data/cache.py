"""Arrays made of somebody's files once and then mapped from disk, for as long as the files stay."""

import contextlib
import hashlib
import json
import math
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from disentlib import files, limits

__all__ = ["built"]


def built(
    source: Path,
    label: str,
    shape: tuple[int, ...],
    dtype: np.dtype | type,
    fill: Callable[[np.ndarray], None],
    *,
    parts: Sequence[Path] | None = None,
) -> np.ndarray:
    """Return an array made from `source` once and then mapped from disk.

    It is kept beside the source, or in the folder of the environment's DISENTLIB_CACHE. When two
    processes want it at once, one makes it and the other waits; what fails leaves nothing behind.
    It is made again when a file has another name, size or time than it had, when its content is
    another although these are the same, and when the copy is not as it was left.

    Args:
        source: the file or folder that it is made of.
        label: what it holds, for its name.
        shape: of the array.
        dtype: of the array.
        fill: writes every element.
        parts: the files that it is made of; by default the source, or every file below it.

    Raises:
        FileNotFoundError: if a part is missing.
        OSError: if the folder cannot be written or the disk is too small, saying what to do.
    """
    target = _place(source, label)
    if parts is None:
        parts = [source] if source.is_file() else _below(source)
    seen = _look_at(parts)
    ready = _ready(target, parts, seen, shape, np.dtype(dtype))
    if ready is not None:
        return ready
    with contextlib.ExitStack() as held:
        with _advising(source, target):
            target.parent.mkdir(parents=True, exist_ok=True)
            lock = target.with_name(f".{target.name}.lock")
            held.enter_context(files.lock(lock, busy="", wait=math.inf))
        # Who waits for a lock that is gone may at worst do the same work once more.
        held.callback(lock.unlink, missing_ok=True)
        # Another process may have made it meanwhile.
        ready = _ready(target, parts, seen, shape, np.dtype(dtype))
        if ready is not None:
            return ready
        files.sweep(target.parent, of=target.name)
        with files.replacing(target) as partial:
            record = {**seen, "content": _content(parts)}  # before it is read: it may change
            with _advising(source, target):
                array = np.lib.format.open_memmap(partial, "w+", dtype, shape)
                # Claims the space: a mapped file on a full disk would kill the process later.
                if hasattr(os, "posix_fallocate"):
                    with partial.open("r+b") as file:
                        os.posix_fallocate(file.fileno(), 0, partial.stat().st_size)
            fill(array)
            array.flush()
            del array
            with _advising(source, target):
                _seal(partial, partial.stat().st_size, record)
    return np.load(target, mmap_mode="r", allow_pickle=False)


def _place(source: Path, label: str) -> Path:
    """Return where the copy lies; in a common folder, sources of one name are told apart."""
    folder = os.environ.get("DISENTLIB_CACHE")
    if not folder:
        return source.parent / f"{source.name}.{label}.npy"
    place = hashlib.sha256(os.fsencode(source.resolve())).hexdigest()[:12]
    return Path(folder).expanduser() / f"{source.name}.{place}.{label}.npy"


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


def _below(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _look_at(parts: Sequence[Path]) -> dict[str, str]:
    """Return what tells files from others without reading them.

    "files" is of names, sizes and times. "inodes" is of what no change of a file leaves as it was,
    but what copies and permissions move as well.
    """
    names, inodes = hashlib.sha256(), hashlib.sha256()
    for part in parts:
        status = part.stat()
        names.update(f"{part.name}\0{status.st_size}\0{status.st_mtime_ns}\n".encode())
        inodes.update(f"{status.st_ino}\0{status.st_ctime_ns}\n".encode())
    return {"files": names.hexdigest(), "inodes": inodes.hexdigest()}


def _content(parts: Sequence[Path]) -> str:
    """Return the checksum of what all files hold."""
    return hashlib.sha256("".join(map(files.sha256, parts)).encode()).hexdigest()


def _seal(path: Path, end: int, record: Mapping[str, str]) -> None:
    """Write behind the array what it was made of and the copy's own time of change."""
    written = int(time.time()) * 10**9  # whole seconds, which every file system keeps
    with path.open("r+b") as file:
        file.seek(end)
        file.write(json.dumps({**record, "written": written}).encode())
        file.truncate()
    os.utime(path, ns=(written, written))


def _ready(
    target: Path,
    parts: Sequence[Path],
    seen: Mapping[str, str],
    shape: tuple[int, ...],
    dtype: np.dtype,
) -> np.ndarray | None:
    """Return the array at `target` if it is as it was left and its source as it was read."""
    try:
        with target.open("rb") as file:
            header = limits.npy_header(file)
            end = file.tell() + header.size
            file.seek(end)
            record: dict[str, Any] = json.loads(file.read(1 << 12))
            changed = os.fstat(file.fileno()).st_mtime_ns != record.pop("written")
            if (
                changed
                or header != (tuple(shape), False, dtype)
                or record["files"] != seen["files"]
            ):
                return None
            if record["inodes"] != seen["inodes"]:
                if record["content"] != _content(parts):
                    return None
                with contextlib.suppress(OSError):  # then it is read again next time
                    _seal(target, end, {**record, **seen})
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (ValueError, TypeError, KeyError, AttributeError):
        return None  # a broken one
    return np.load(target, mmap_mode="r", allow_pickle=False)
