"""Files that survive crashes: replaced at once, locked, read with errors that name them.

Imports nothing of disentlib, so that every part may use it.
"""

import contextlib
import functools
import hashlib
import json
import math
import os
import re
import reprlib
import threading
from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import Any

import filelock

# The hidden name under which a file is written: `.name.<process>-<thread>.partial.suffix`.
_PARTIAL = re.compile(r"\.(?P<stem>.+?)(?:\.(?P<process>\d+)(?:-\d+)?)?\.partial(?P<suffix>\.\w+)?")


@contextlib.contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Yield another name to write under; at the end that file takes the place of `path` at once.

    Readers and crashes see the old content or the new, never half of one. If the block raises, the
    old file is untouched.

    Args:
        path: the file; its folder exists.

    Yields:
        A path beside it with the same suffix.

    Raises:
        OSError: if the file cannot be written.
    """
    path = Path(path)
    writer = f"{os.getpid()}-{threading.get_native_id()}"
    partial = path.with_name(f".{path.stem}.{writer}.partial{path.suffix}")
    try:
        yield partial
        sync(partial)  # or after a crash the new name may stand for an empty file
        partial.replace(path)
        with contextlib.suppress(OSError):  # some network file systems cannot
            sync(path.parent)  # or the next file's new name may reach the disk before this one's
    finally:
        partial.unlink(missing_ok=True)


def write(path: str | os.PathLike[str], content: bytes | str) -> Path:
    """Replace a file's content at once, as `replacing` does.

    Args:
        path: the file; its folder exists.
        content: bytes, or a text to encode as UTF-8.

    Returns:
        The path.

    Raises:
        OSError: if the file cannot be written; the old one is untouched.
    """
    with replacing(path) as partial:
        partial.write_bytes(content.encode() if isinstance(content, str) else content)
    return Path(path)


def sync(path: Path) -> None:
    """Wait until a file, or a folder's list of names, is on the disk.

    Raises:
        OSError: if there is no such file, or the file system cannot.
    """
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sweep(folder: str | os.PathLike[str], *, of: str | None = None) -> None:
    """Remove the unfinished files of dead processes of this machine from a folder.

    Hold the folder's lock: processes of other machines are taken for dead.

    Args:
        folder: where.
        of: only unfinished files that were to replace the file of this name.
    """
    for path in Path(folder).glob(".*.partial*"):
        name = _PARTIAL.fullmatch(path.name)
        if name is None or (name["process"] and _is_alive(int(name["process"]))):
            continue
        if of is None or name["stem"] + (name["suffix"] or "") == of:
            path.unlink(missing_ok=True)


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)  # signal 0 only checks that the process exists
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:  # another user's
        return True
    return True


@contextlib.contextmanager
def lock(path: str | os.PathLike[str], *, busy: str, wait: float = 0.0) -> Iterator[None]:
    """Hold a lock, which is released when the process ends, however it ends.

    Args:
        path: an empty file for the lock alone, which is never removed; its folder exists.
        busy: the error's message if another process holds the lock.
        wait: seconds to wait for it; `math.inf` waits without a limit.

    Raises:
        RuntimeError: if another process holds it.
        OSError: if the folder cannot be written.
    """
    file_lock = filelock.FileLock(path, thread_local=False)
    try:
        file_lock.acquire(timeout=-1 if wait == math.inf else wait, poll_interval=0.01)
    except filelock.Timeout:
        raise RuntimeError(busy) from None
    try:
        yield
    finally:
        file_lock.release()


def is_locked(path: str | os.PathLike[str]) -> bool:
    """Return whether a process holds a lock; true if the file system does not answer."""
    if not Path(path).exists():
        return False
    try:
        # Longer than another process holds the lock when it asks whether it is held.
        with lock(path, busy="", wait=0.02):
            return False
    except (RuntimeError, OSError):
        return True


def write_json(path: str | os.PathLike[str], content: Any) -> Path:
    """Replace a JSON file at once.

    Raises:
        ValueError: for NaN and infinity, which JSON does not have.
        OSError: if the file cannot be written; the old one is untouched.
    """
    return write(path, encode_json(content, path))


def encode_json(content: Any, path: str | os.PathLike[str]) -> str:
    """Return a JSON file's text.

    Raises:
        ValueError: for NaN and infinity, which JSON does not have; the message names the file.
    """
    try:
        return json.dumps(content, indent=2, allow_nan=False) + "\n"
    except ValueError as error:
        raise ValueError(f"cannot write {path}: {error}") from error


def read_json(path: Any, keys: Mapping[str, type | tuple[type, ...]] | None = None) -> Any:
    """Return a JSON file's content.

    Args:
        path: the file: a `pathlib.Path`, or another path with `read_bytes`.
        keys: what the file's object must hold: the type of each value by its name.

    Raises:
        ValueError: if the file is not JSON, or does not hold `keys`; the message names the file.
        OSError: if the file cannot be read.
    """
    return parse_json(path.read_bytes(), path, keys)


def parse_json(
    content: bytes, path: Any, keys: Mapping[str, type | tuple[type, ...]] | None = None
) -> Any:
    """Return the value of JSON text, checked as `read_json` does.

    Args:
        content: of the file.
        path: of the file, for errors.
        keys: what the file's object must hold.

    Raises:
        ValueError: if it is not JSON, or does not hold `keys`; the message names the file.
    """
    if not content.strip():
        raise ValueError(f"expected JSON in {path}, the file is empty")
    try:
        value = json.loads(content, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"expected JSON in {path}: {error}") from error
    if keys is not None:
        check_keys(value, keys, path)
    return value


def check_keys(
    value: Any, keys: Mapping[str, type | tuple[type, ...]], path: Any, place: str = ""
) -> None:
    """Check that a JSON value is an object with certain keys.

    Args:
        value: the value that was read.
        keys: the type of each value by its name.
        path: the file that it comes from.
        place: where in the file.

    Raises:
        ValueError: if it does not; the message names the file and the place.
    """
    if not isinstance(value, dict):
        wanted = f"an object with {', '.join(keys)}" if keys else "an object"
        raise ValueError(f"expected {wanted} in {path}{place}, got {reprlib.repr(value)}")
    for key, kind in keys.items():
        if key not in value:
            raise ValueError(
                f"expected {key!r} in {path}{place}, found {', '.join(value) or 'nothing'}"
            )
        if not isinstance(value[key], kind):
            kinds = kind if isinstance(kind, tuple) else (kind,)
            names = " or ".join(_JSON_NAMES[type_] for type_ in kinds)
            raise ValueError(
                f"expected {key!r} to be {names} in {path}{place}, got {reprlib.repr(value[key])}"
            )


_JSON_NAMES = {
    dict: "an object",
    list: "a list",
    str: "a text",
    int: "a whole number",
    float: "a number",
    type(None): "null",
}


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is no number of JSON")


def digest(content: Any) -> str:
    """Return a short digest of a JSON value, the same for equal values.

    >>> digest({"beta": 4, "seed": 0}) == digest({"seed": 0, "beta": 4})
    True
    """
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]


def sha256(path: str | os.PathLike[str]) -> str:
    """Return the SHA-256 of a file in hexadecimal, read block by block."""
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def fingerprint(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Return size and SHA-256 of a file, or of all that a folder holds.

    Of a folder with more than 1,000 files only names and sizes count, because reading all of them
    would take long.

    Raises:
        OSError: if it cannot be read.
    """
    path = Path(path)
    if not path.is_dir():
        return {"size": path.stat().st_size, "sha256": _sha256(path)}
    parts = sorted(part for part in path.rglob("*") if part.is_file())
    listed = [
        [str(part.relative_to(path)), _sha256(part) if len(parts) <= 1000 else part.stat().st_size]
        for part in parts
    ]
    sha256 = hashlib.sha256(json.dumps(listed).encode()).hexdigest()
    return {"size": sum(part.stat().st_size for part in parts), "sha256": sha256}


def _sha256(path: Path) -> str:
    """Return a file's SHA-256, computed once in a process until the file changes."""
    state = path.stat()
    return _sha256_once(path, state.st_dev, state.st_ino, state.st_size, state.st_mtime_ns)


@functools.cache
def _sha256_once(path: Path, *_: int) -> str:
    return sha256(path)


def differences(old: Any, new: Any, path: Sequence[str] = ()) -> list[str]:
    """Return the places where two JSON values differ, as "a.b: 1 before, 2 now"."""
    if isinstance(old, dict) and isinstance(new, dict):
        return [
            line
            for key in sorted({*old, *new})
            for line in differences(old.get(key), new.get(key), [*path, key])
        ]
    if isinstance(old, list) and isinstance(new, list):
        return [
            line
            for number, (a, b) in enumerate(zip_longest(old, new))
            for line in differences(a, b, [*path, str(number)])
        ]
    if old == new:
        return []
    return [f"{'.'.join(path)}: {reprlib.repr(old)} before, {reprlib.repr(new)} now"]
