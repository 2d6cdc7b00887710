"""The results of a study as one table: a row per job x representation x score."""

import importlib
import json
import math
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from disentlib.studies.engine import set_aside
from disentlib.studies.storage import CorruptResultError, Storage

TABLE = "table.parquet"
JOBS_AT_ONCE = 500  # whose results are in memory together while collecting
READERS = 32  # threads that read from an object store; on a disk one is as fast

_OF_JOB = ("study", "job", "dataset", "model", "hyperparameter", "strength", "seed")
_OF_ROW = ("representation", "score", "value")
_PROVENANCE = ("wall_time_s", "uuid", "config_digest", "versions")
COLUMNS = (*_OF_JOB, *_OF_ROW, *_PROVENANCE)
_INTEGERS = ("job", "seed")
_FLOATS = ("strength", "value", "wall_time_s")


@dataclass(frozen=True)
class Collected:
    """What `collect` wrote.

    Attributes:
        path: the Parquet file.
        jobs: how many jobs it holds.
        rows: how many rows.
        corrupt: the results that could not be read and where they are now, by job.
    """

    path: str
    jobs: int
    rows: int
    corrupt: dict[int, str]


def collect(study: str | os.PathLike[str]) -> Collected:
    """Write the results of all finished jobs to `table.parquet` in the study's directory.

    Results that cannot be read are set aside; their jobs count as not done, and `resume` repeats
    them. Memory holds some hundred jobs at a time, however many there are.

    Raises:
        FileNotFoundError: if there is no study.
        ImportError: if pyarrow is not installed.
    """
    arrow, parquet = _library("pyarrow"), _library("pyarrow.parquet")
    storage = Storage(study)
    storage.read_study()
    corrupt: dict[int, str] = {}
    numbers = sorted(storage.done())
    rows = 0
    target = storage.path / TABLE
    with (
        storage.replacing(TABLE) as partial,
        partial.open("wb") as file,
        parquet.ParquetWriter(file, _schema(arrow)) as writer,
    ):
        for results in _read(storage, numbers, corrupt):
            columns = _columns(results)
            writer.write_table(arrow.table(columns, schema=_schema(arrow)))
            rows += len(columns["value"])
        writer.add_key_value_metadata({"jobs": str(len(numbers) - len(corrupt))})
    return Collected(os.fspath(target), len(numbers) - len(corrupt), rows, corrupt)


def load(path: str | os.PathLike[str]) -> Any:
    """Return the results of a study as a pandas data frame.

    One row per job x representation x score: study, job, dataset, model, hyperparameter, strength,
    seed, representation, score, value, wall_time_s, uuid, config_digest, versions (JSON). Figures
    of training (loss, reconstruction, kl, ...) are repeated for every representation.

    Args:
        path: a study's directory, finished or running, or a Parquet file. Of a directory whose
            `table.parquet` is not up to date, the results of the jobs are read.

    Raises:
        FileNotFoundError: if the path does not exist.
        ValueError: if a result cannot be read; `disentlib study collect` sets it aside.
        ImportError: if pandas and pyarrow are not installed.
    """
    pandas, parquet = _library("pandas"), _library("pyarrow.parquet")
    storage = Storage(path)
    if os.fspath(path).endswith(".parquet"):
        with storage.path.open("rb") as file:
            return parquet.read_table(file).to_pandas()
    storage.read_study()
    numbers = sorted(storage.done())
    table = storage.path / TABLE
    if table.exists():
        with table.open("rb") as file:
            stored = parquet.ParquetFile(file)
            if (stored.schema_arrow.metadata or {}).get(b"jobs") == str(len(numbers)).encode():
                return stored.read().to_pandas()
    arrow = _library("pyarrow")
    tables = [
        arrow.table(_columns(results), schema=_schema(arrow))
        for results in _read(storage, numbers, None)
    ]
    if not tables:
        return pandas.DataFrame(columns=list(COLUMNS))
    return arrow.concat_tables(tables).to_pandas()


def _read(
    storage: Storage, numbers: Sequence[int], corrupt: dict[int, str] | None
) -> Iterator[list[dict[str, Any]]]:
    """Yield the results of some hundred jobs at a time; without `corrupt`, raise at the first."""

    def read(number: int) -> dict[str, Any] | None:
        try:
            return storage.result(number)
        except CorruptResultError:
            if corrupt is None:
                raise
            return None

    with ThreadPoolExecutor(1 if storage.is_local else READERS) as pool:
        for start in range(0, len(numbers), JOBS_AT_ONCE):
            chunk = numbers[start : start + JOBS_AT_ONCE]
            results = list(pool.map(read, chunk))
            bad = [number for number, result in zip(chunk, results, strict=True) if result is None]
            if corrupt is not None:
                corrupt |= set_aside(storage, bad)
            if good := [result for result in results if result is not None]:
                yield good


def _columns(results: Sequence[dict[str, Any]]) -> dict[str, list[Any]]:
    columns: dict[str, list[Any]] = {name: [] for name in COLUMNS}
    for result in results:
        rows = result["rows"]
        shared = {**result, "versions": json.dumps(result["versions"])}
        for name in (*_OF_JOB, *_PROVENANCE):
            columns[name] += [shared[name]] * len(rows)
        for representation, score, value in rows:
            columns["representation"].append(representation)
            columns["score"].append(score)
            columns["value"].append(math.nan if value is None else value)
    return columns


def _schema(arrow: Any) -> Any:
    def kind(name: str) -> Any:
        if name in _INTEGERS:
            return arrow.int64()
        return arrow.float64() if name in _FLOATS else arrow.string()

    return arrow.schema([(name, kind(name)) for name in COLUMNS])


def _library(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError:
        raise ImportError(
            f"expected {name} for tables of results: pip install 'disentlib[tables]'"
        ) from None
