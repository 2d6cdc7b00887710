"""Limits of the memory that a file may ask for, checked by its declared size before it is read.

A file of a few megabytes can declare arrays of many gigabytes. What is larger than the file itself
and larger than a limit is refused; the environment's DISENTLIB_LIMIT_GB moves the limit.
"""

import math
import os
import tokenize
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import IO, NamedTuple

import numpy as np

__all__ = [
    "Header",
    "check",
    "check_npy",
    "check_npz",
    "check_regular",
    "limit",
    "npy_header",
]

VARIABLE = "DISENTLIB_LIMIT_GB"
DEFAULT = 8.0  # GB


def limit() -> int:
    """Return the bytes that a file may ask for: 8 GB, or what DISENTLIB_LIMIT_GB says.

    Raises:
        ValueError: if the variable holds no positive number.
    """
    text = os.environ.get(VARIABLE, "")
    try:
        size = float(text) if text else DEFAULT
        if not 0 < size < float("inf"):
            raise ValueError
    except ValueError:
        raise ValueError(f"expected a number of gigabytes in {VARIABLE}, got {text!r}") from None
    return int(size * 1e9)


def check(path: str | os.PathLike[str], size: int, what: str) -> None:
    """Raise unless a file may ask for `size` bytes: within the limit, or within its own length.

    Args:
        path: the file.
        size: the bytes that it declares.
        what: what they are for, as the error calls it.

    Raises:
        ValueError: naming the file, both sizes and how to lift the limit.
    """
    allowed = limit()
    if size > allowed and size > Path(path).stat().st_size:
        declared = f"{size / 1e9:,.3f}".rstrip("0").rstrip(".")
        raise ValueError(
            f"expected {path} to hold at most {allowed / 1e9:g} GB, got {what} of "
            f"{declared} GB: if you trust the file, set {VARIABLE}={size // 10**9 + 1}"
        )


def check_regular(path: str | os.PathLike[str]) -> Path:
    """Return the path of an ordinary file; a device or a pipe has no size and may never end.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if it is a folder, a device or a pipe.
    """
    path = Path(path)
    path.stat()  # raises if there is no such file
    if not path.is_file():
        kind = "a folder" if path.is_dir() else "a device or a pipe"
        raise ValueError(f"expected an ordinary file at {path}, got {kind}")
    return path


class Header(NamedTuple):
    """The header of a .npy stream.

    Attributes:
        shape: of the array.
        fortran: whether the first axis is the fastest.
        dtype: of its elements.
    """

    shape: tuple[int, ...]
    fortran: bool
    dtype: np.dtype

    @property
    def size(self) -> int:
        """Return the bytes of the elements."""
        return math.prod(self.shape) * self.dtype.itemsize


def npy_header(file: IO[bytes]) -> Header:
    """Return the header of a .npy stream and leave it at the first element.

    Raises:
        ValueError: if it is no .npy stream, or holds objects, which would need pickle.
    """
    read = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }
    try:
        version = np.lib.format.read_magic(file)
        if version not in read:
            raise ValueError(f"expected .npy version 1.0 or 2.0, got {version}")
        header = Header(*read[version](file))
    except (SyntaxError, TypeError, tokenize.TokenError) as error:
        raise ValueError(f"expected the header of a .npy array, got {error}") from error
    if header.dtype.hasobject:
        raise ValueError(f"expected numbers in C order, got {header.dtype}, which needs pickle")
    if min(header.shape, default=0) < 0:
        raise ValueError(f"expected sizes of 0 or more, got shape {header.shape}")
    return header


def check_npy(path: str | os.PathLike[str]) -> Header:
    """Return the header of a .npy file, having checked that the file may be read.

    Raises:
        FileNotFoundError: if there is none.
        ValueError: if it is no .npy of plain values, shorter than it declares, or too large.
    """
    path = check_regular(path)
    with path.open("rb") as file:
        header = npy_header(file)
        stored = path.stat().st_size - file.tell()
    if stored < header.size:
        raise ValueError(f"expected {header.size:,} bytes of elements in {path}, got {stored:,}")
    return header


def check_npz(path: str | os.PathLike[str], keys: Iterable[str] | None = None) -> dict[str, Header]:
    """Return the headers of the arrays of a .npz, having checked that they may be read.

    Args:
        path: the file.
        keys: of the arrays that will be read, all by default.

    Raises:
        FileNotFoundError: if there is no file.
        zipfile.BadZipFile: if it is no archive.
        ValueError: if an array is none of plain values, is not as long as it declares, or all of
            them together are too large.
    """
    path = check_regular(path)
    wanted = None if keys is None else set(keys)
    headers: dict[str, Header] = {}
    with zipfile.ZipFile(path) as archive:
        for member in archive.infolist():
            key = member.filename.removesuffix(".npy")
            if key == member.filename or (wanted is not None and key not in wanted):
                continue
            with archive.open(member) as file:
                header = npy_header(file)
                stored = member.file_size - file.tell()
            if stored != header.size:
                raise ValueError(
                    f"expected {header.size:,} bytes of {key!r} in {path}, got {stored:,}"
                )
            headers[key] = header
    check(path, sum(header.size for header in headers.values()), f"arrays {', '.join(headers)}")
    return headers
