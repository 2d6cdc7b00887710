"""Tables of numbers and words from text files, as people and spreadsheets write them.

A CSV or TSV file, perhaps packed by gzip, whose first line names its columns. What separates them,
the encoding, and columns that only number the rows are recognised, and said in `Table.notes`.
"""

import csv
import gzip
import io
import os
import re
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
from numpy.typing import NDArray

from disentlib import limits
from disentlib.arrays import MISSING, WHOLE

SUFFIXES = (".csv", ".tsv", ".txt")
_UNNAMED = re.compile(r"(Unnamed: \d+(\.\d+)?)?")  # how pandas calls a column without a name
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?|[+-]?(inf|nan)", re.IGNORECASE)
_DECIMAL_COMMA = r"^[+-]?[0-9]*,[0-9]+([eE][+-]?[0-9]+)?$"
_FILE_NAME = re.compile(r".+\.(png|jpe?g|bmp|webp|tiff?|gif)", re.IGNORECASE)


class Labels(NamedTuple):
    """Columns of a table as factors.

    Attributes:
        values: (rows, factors); int64, or float64 where one is real-valued.
        continuous: which are real-valued.
        words: of each factor that was spelled out, its words: value v stands for the v-th of them;
            None for numbers.
    """

    values: NDArray[Any]
    continuous: tuple[bool, ...]
    words: tuple[tuple[str, ...] | None, ...]


@dataclass(frozen=True)
class Table:
    """A text file's columns, read as numbers or words when asked for.

    Attributes:
        path: the file.
        names: of the columns, in the file's order, without white space around them.
        notes: what was recognised, in words for the reader.
        kept: which rows of the file these are (rows,).
    """

    path: Path
    names: tuple[str, ...]
    notes: tuple[str, ...]
    kept: NDArray[np.int64]
    _columns: dict[str, pa.Array] = field(repr=False)
    _text: "_Text | None" = field(repr=False)  # None for an array, whose columns have no names

    def __len__(self) -> int:
        return len(self.kept)

    @property
    def has_names(self) -> bool:
        """Return whether the file names the columns; those of an array are 0, 1, ..."""
        return self._text is not None

    def check(self, names: Sequence[str]) -> None:
        """Raise ValueError unless all names are columns, and none stands twice."""
        for name in names:
            if name not in self._columns:
                raise ValueError(f"no column {name!r} among {_listed(self.names)} of {self.path}")
        if len(set(names)) < len(names):
            raise ValueError(f"expected different columns, got {_listed(names)}")

    def numbering(self, *, anywhere: bool = True) -> list[str]:
        """Return the columns that only number the rows: without a name, or 0, 1, 2, ... in order.

        Args:
            anywhere: False asks a column that has a name to be the first.
        """
        return [
            name
            for position, name in enumerate(self.names)
            if _UNNAMED.fullmatch(name) or ((anywhere or position == 0) and self._counts(name))
        ]

    def missing(self, names: Sequence[str]) -> NDArray[np.bool_]:
        """Return which rows lack a value in one of the columns: blanks, NaN, NA, null (rows,)."""
        lacking = np.zeros(len(self), np.bool_)
        for name in names:
            column = self._columns[name]
            words = pa.types.is_string(column.type)
            lacks = pc.is_in(column, pa.array(sorted(MISSING))) if words else pc.is_nan(column)
            lacking |= _numpy(lacks)
        return lacking

    def without_missing(self, names: Sequence[str], *, drop: bool, advice: str) -> "Table":
        """Return the table without the rows that lack a value in one of the columns.

        Args:
            names: of the columns.
            drop: whether such rows may be left out; their number is added to the notes.
            advice: what to do, the end of the error.

        Raises:
            ValueError: if there are such rows and they may not be left out.
        """
        missing = self.missing(names)
        count = int(missing.sum())
        if not count:
            return self
        if not drop:
            row = int(np.argmax(missing))
            name = next(name for name in names if self.missing([name])[row])
            others = f", {count:,} rows in all" if count > 1 else ""
            raise ValueError(
                f"expected a value of {name!r} in {self.place(row)} of {self.path}, got "
                f"{self._columns[name][row].as_py()!r}{others}: {advice}"
            )
        note = f"{self.path}: left out {count:,} of {len(self):,} rows, which lack a value"
        return self.rows(~missing, note)

    def rows(self, kept: NDArray[np.bool_], *notes: str) -> "Table":
        """Return the table of some rows alone."""
        mask = pa.array(kept)
        columns = {name: column.filter(mask) for name, column in self._columns.items()}
        return replace(self, notes=(*self.notes, *notes), kept=self.kept[kept], _columns=columns)

    def numbers(self, names: Sequence[str], *, advice: str = "") -> NDArray[np.float64]:
        """Return columns as real numbers (rows, columns).

        Args:
            names: of the columns.
            advice: what to do with a column of words, the end of the error.

        Raises:
            ValueError: if one holds something else, naming column, line and value.
        """
        return np.stack([self._numbers(name, advice) for name in names], axis=1)

    def labels(
        self, names: Sequence[str], *, continuous: Sequence[str] | None = (), advice: str = ""
    ) -> Labels:
        """Return columns as factors: numbers in numeric order, words in alphabetical order.

        Args:
            names: of the columns.
            continuous: those of them that are real-valued; None finds out: those of numbers that
                are not all whole.
            advice: what to do with numbers that are not whole, the end of the error.

        Raises:
            ValueError: if a real-valued column holds words, or another one decimals.
        """
        columns: list[NDArray[Any]] = []
        words: list[tuple[str, ...] | None] = []
        real: list[bool] = []
        for name in names:
            numbers = self._parsed(name)
            if numbers is None and (continuous is None or name not in continuous):
                values, spelled = self._words(name)
                columns.append(values)
                words.append(spelled)
                real.append(False)
                continue
            numbers = self._numbers(name, "it is said to be real-valued")
            whole = (np.isfinite(numbers) & (numbers == np.round(numbers))).all()
            known = not whole if continuous is None else name in continuous
            if not known and not whole:
                row = int(np.argmax(~np.isfinite(numbers) | (numbers != np.round(numbers))))
                raise ValueError(
                    f"expected whole numbers or words in column {name!r} of {self.path}, got "
                    f"{numbers[row]} in {self.place(row)}{advice and f': {advice}'}"
                )
            columns.append(numbers if known else self._whole(name, numbers))
            words.append(None)
            real.append(known)
        return Labels(np.stack(columns, axis=1), tuple(real), tuple(words))

    def text(self, name: str) -> list[str]:
        """Return a column as it is spelled, without white space around it."""
        return self._columns[name].to_pylist()

    def place(self, row: int) -> str:
        """Return "line 7", the last one of a row in a text file, or "row 5" of an array."""
        wanted = int(self.kept[row]) + 1
        if self._text is None:
            return f"row {wanted - 1}"
        for row, (number, _) in enumerate(self._text.rows()):
            if row == wanted:
                return f"line {number}"
        raise AssertionError(f"no row {row}")

    def _counts(self, name: str) -> bool:
        """Return whether a column is 0, 1, 2, ... or 1, 2, 3, ... in whole numbers."""
        column = self._columns[name]
        if len(column) < 2 or column[0].as_py() not in ("0", "1"):
            return False
        try:
            numbers = _numpy(column.cast(pa.int64()))
        except pa.ArrowInvalid:
            return False
        return bool((np.diff(numbers) == 1).all())

    def _parsed(self, name: str) -> NDArray[np.float64] | None:
        """Return a column's numbers (rows,), or None if it has words."""
        column = self._columns[name]
        if (
            self._text is not None
            and self._text.delimiter != ","
            and pc.any(pc.match_substring_regex(column, _DECIMAL_COMMA)).as_py()
        ):
            column = pc.replace_substring(column, ",", ".")
        try:
            column[:100].cast(pa.float64())  # a column of words fails slowly, value by value
            return _numpy(column.cast(pa.float64()))
        except pa.ArrowInvalid:
            return None

    def _numbers(self, name: str, advice: str) -> NDArray[np.float64]:
        numbers = self._parsed(name)
        if numbers is not None:
            return numbers
        values = self.text(name)
        row = next(row for row, value in enumerate(values) if not _NUMBER.fullmatch(value))
        raise ValueError(
            f"expected numbers in column {name!r} of {self.path}, got {values[row]!r} in "
            f"{self.place(row)}{advice and f': {advice}'}"
        )

    def _whole(self, name: str, numbers: NDArray[np.float64]) -> NDArray[np.int64]:
        """Return whole numbers to the digit, also where float64 skips some."""
        if np.abs(numbers).max(initial=0.0) < WHOLE:
            return numbers.astype(np.int64)
        try:
            return _numpy(self._columns[name].cast(pa.int64()))
        except pa.ArrowInvalid as error:
            raise ValueError(
                f"expected whole numbers of at most 64 bits in column {name!r} of {self.path}"
            ) from error

    def _words(self, name: str) -> tuple[NDArray[np.int64], tuple[str, ...]]:
        """Return a column's words numbered in alphabetical order, numbers before them in theirs."""
        encoded = self._columns[name].dictionary_encode()
        words = encoded.dictionary.to_pylist()
        order = sorted(words, key=_place)
        numbers = {word: number for number, word in enumerate(order)}
        positions = np.array([numbers[word] for word in words], np.int64)
        return positions[_numpy(encoded.indices)], tuple(order)


def read(path: str | os.PathLike[str]) -> Table:
    """Read a table from a text file whose first line names the columns.

    Commas, semicolons and tabs separate columns, whichever the first line has most of; beside
    semicolons and tabs a comma may be the decimal point. UTF-8 and UTF-16, with or without a byte
    order mark, and Windows-1252 (latin-1) are told apart. White space around values is left out,
    and so are empty lines and a last column without name and values.

    Args:
        path: the file; packed by gzip or not.

    Raises:
        FileNotFoundError: if there is none.
        ValueError: if it is no text, too large, has no header, two columns of one name, or lines of
            several lengths; the message names the file, and the line where there is one.
    """
    path = Path(path).expanduser()
    text = _Text.read(path)
    notes = [] if text.encoding.startswith("utf") else [f"{path}: read as {text.encoding}"]
    header = next((cells for _, cells in text.rows()), [])
    names = [name.strip() for name in header]
    if not any(names):
        raise ValueError(f"expected a first line that names the columns of {path}, got nothing")
    names[0] = names[0].removeprefix("#").strip()  # as numpy.savetxt writes it
    try:
        content = pyarrow.csv.read_csv(
            pa.BufferReader(text.content),
            pyarrow.csv.ReadOptions(column_names=[str(i) for i in range(len(names))]),
            pyarrow.csv.ParseOptions(
                delimiter=text.delimiter, newlines_in_values=b'"' in text.content
            ),
            pyarrow.csv.ConvertOptions(
                column_types={str(i): pa.string() for i in range(len(names))},
                strings_can_be_null=False,
            ),
        )
    except pa.ArrowInvalid as error:
        for number, cells in text.rows():
            if len(cells) != len(names):
                raise ValueError(
                    f"expected {len(names)} values in line {number} of {path}, got {len(cells)}"
                ) from error
        raise ValueError(f"expected a table in {path}, got {error}") from error
    columns = [
        pc.utf8_trim_whitespace(column.combine_chunks().slice(1)) for column in content.columns
    ]
    if not names[-1] and not pc.any(pc.not_equal(columns[-1], "")).as_py():
        names, columns = names[:-1], columns[:-1]
    _check_header(path, names, columns)
    return Table(
        path,
        tuple(names),
        tuple(notes),
        np.arange(content.num_rows - 1),
        dict(zip(names, columns, strict=True)),
        text,
    )


def of_array(path: str | os.PathLike[str]) -> Table:
    """Read a table from the array (rows, columns) or (rows,) in a .npy file.

    Raises:
        FileNotFoundError: if there is none.
        ValueError: if it is damaged, or holds no table of numbers or words.
    """
    path = Path(path).expanduser()
    limits.check_npy(path)
    array = np.load(path, allow_pickle=False)
    array = array[:, None] if array.ndim == 1 else array
    if array.ndim != 2 or array.dtype.kind not in "biufUS":
        raise ValueError(
            f"expected numbers or words (rows, columns) in {path}, got shape {array.shape} of "
            f"{array.dtype}"
        )
    if array.dtype.kind in "US":
        columns = [pc.utf8_trim_whitespace(pa.array(column.astype(str))) for column in array.T]
    else:
        columns = [pa.array(np.ascontiguousarray(c, np.float64)) for c in array.T]
    names = tuple(str(position) for position in range(len(columns)))
    return Table(
        path, names, (), np.arange(len(array)), dict(zip(names, columns, strict=True)), None
    )


@dataclass(frozen=True)
class _Text:
    """What a file says, in UTF-8, and how to take it apart."""

    path: Path
    content: bytes
    encoding: str
    delimiter: str

    @classmethod
    def read(cls, path: Path) -> "_Text":
        limits.check_regular(path)
        limits.check(path, path.stat().st_size, "a table")
        content = path.read_bytes()
        if content.startswith(b"\x1f\x8b"):
            content = _unpacked(path)
        if content.startswith((b"\xff\xfe", b"\xfe\xff")):
            encoding = "utf-16"
        else:
            content = content.removeprefix(b"\xef\xbb\xbf")
            encoding = "utf-8"
        if b"\0" in content[:65_536] and encoding == "utf-8":
            archive = ": save a workbook as CSV first" if content.startswith(b"PK") else ""
            raise ValueError(f"expected a text file, got another kind at {path}{archive}")
        try:
            decoded = content.decode(encoding)
        except UnicodeDecodeError:
            encoding = "windows-1252"
            decoded = content.decode(encoding, "replace")
        if encoding != "utf-8":
            content = decoded.encode()
        first = re.search(r"[^\r\n]*\S[^\r\n]*", decoded)
        unquoted = re.sub(r'"[^"]*"', "", first[0] if first else "")
        delimiter = max(",\t;", key=unquoted.count)
        return cls(path, content, encoding, delimiter)

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        """Yield each line that is not empty as its number and its cells."""
        lines = io.TextIOWrapper(io.BytesIO(self.content), "utf-8", newline="")
        reader = csv.reader(lines, delimiter=self.delimiter)
        try:
            for cells in reader:
                if cells:
                    yield reader.line_num, cells
        except csv.Error as error:
            raise ValueError(f"{error} in line {reader.line_num} of {self.path}") from error


def _unpacked(path: Path) -> bytes:
    """Return what gzip packed, unless it is larger than the limit."""
    most = limits.limit()
    try:
        with gzip.open(path) as file:
            content = file.read(most + 1)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise ValueError(f"expected a whole gzip file, {path} is damaged: {error}") from error
    limits.check(path, len(content), "a table")
    return content


def _check_header(path: Path, names: Sequence[str], columns: Sequence[pa.Array]) -> None:
    """Raise ValueError if the first line seems to be a row of data, or names stand twice."""
    # A data frame without names has 0, 1, 2, ... as its columns'.
    numbers = [
        name
        for position, name in enumerate(names)
        if _NUMBER.fullmatch(name) and not (name.isdecimal() and int(name) <= position)
    ]
    words = [
        name
        for name, column in zip(names, columns, strict=True)
        if name
        and not _NUMBER.fullmatch(name)
        and (_FILE_NAME.fullmatch(name) or pc.any(pc.equal(column, name)).as_py())
    ]
    if numbers or words:
        raise ValueError(
            f"expected a first line that names the columns of {path}, got values such as "
            f"{(numbers or words)[0]!r}: write a header above them"
        )
    for position, name in enumerate(names):
        if name in names[:position]:
            what = f"two of name {name!r}" if name else "two without a name"
            raise ValueError(
                f"expected different names of the columns of {path}, got {what}: columns "
                f"{names.index(name) + 1} and {position + 1}"
            )


def _place(word: str) -> tuple[int, float, str]:
    return (0, float(word), word) if _NUMBER.fullmatch(word) else (1, 0.0, word)


def _numpy(array: Any) -> NDArray[Any]:
    return array.to_numpy(zero_copy_only=False)


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names) or "none"
