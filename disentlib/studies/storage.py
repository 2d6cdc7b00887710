"""The files of a study: what each job leaves, in what order, and who may write.

    study.json              the grid
    jobs/00042/job.json     the job's configuration, written before it starts
              /...          the run directory: model.keras, history.csv, ...
              /log.txt      what the job printed
              /result.json  its figures and where they come from
              /done.json    written last: the job is complete
    running/  failed/       a file a job that runs, or whose last attempt failed
    quarantine/             results that could not be read
    .drivers/               a lock a driver

Paths may be local, gs:// or s3://. Files are written whole or not at all: locally by renaming,
in an object store because a write is one object.
"""

import contextlib
import datetime
import hashlib
import os
import re
import shutil
import socket
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from etils import epath

from disentlib import files
from disentlib.studies.grid import Job, Study

# Use fsspec for gs:// and s3://: TensorFlow has no file system for s3, and drivers do not load it.
os.environ.setdefault("EPATH_USE_TF", "0")

# Seconds to wait for a lock: a worker that lost its driver keeps the lock of its job until it ends.
LOCK_TIMEOUT = 60.0
LOCK = ".job.lock"  # held while a job runs

# What the records of a study must hold: see `files.check_keys`.
_RUNNING: dict[str, type] = {"host": str, "process": int, "since": str}
_RESULT: dict[str, type | tuple[type, ...]] = {
    "study": str,
    "job": int,
    "dataset": str,
    "model": str,
    "hyperparameter": str,
    "strength": (int, float),
    "seed": int,
    "uuid": str,
    "wall_time_s": (int, float),
    "config_digest": str,
    "versions": dict,
    "rows": list,
}


class CorruptResultError(ValueError):
    """A finished job's result is not what was written."""


class Storage:
    """The directory of one study.

    Args:
        path: local, gs:// or s3://.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = epath.Path(path).expanduser()
        self.is_local = "://" not in os.fspath(self.path)
        if self.is_local:
            self.path = epath.Path(Path(self.path).absolute())

    def __str__(self) -> str:
        return os.fspath(self.path)

    # The study

    def write_study(self, content: Mapping[str, Any]) -> None:
        """Write study.json, and make the folders."""
        for folder in ("jobs", "running", "failed"):
            (self.path / folder).mkdir(parents=True, exist_ok=True)
        self._write(self.path / "study.json", content)

    def read_study(self) -> dict[str, Any]:
        """Return study.json.

        Raises:
            FileNotFoundError: if there is no study here.
            ValueError: if the file is damaged; the message names it.
        """
        path = self.path / "study.json"
        if not path.exists():
            raise FileNotFoundError(
                f"expected a study directory with study.json, found none at {self}: "
                "make one with `disentlib study run NAME --out DIR`"
            )
        content: dict[str, Any] = files.read_json(path, {"study": dict})
        return content

    def study(self) -> Study:
        """Return the grid that study.json describes.

        Raises:
            FileNotFoundError: if there is no study here.
            ValueError: if the file is damaged; the message names it.
        """
        try:
            study = Study(**self.read_study()["study"])
            study.jobs()
        except (TypeError, AttributeError) as error:
            path = self.path / "study.json"
            raise ValueError(f"expected the arguments of a study in {path}: {error}") from error
        return study

    @contextlib.contextmanager
    def driving(self, *, alone: bool = True) -> Iterator[None]:
        """Lock the study as its driver; object stores are not locked.

        Drivers of single jobs (`alone=False`) may run side by side.

        Raises:
            RuntimeError: if another driver holds it.
        """
        if not self.is_local:
            yield
            return
        folder = Path(self.path) / ".drivers"
        folder.mkdir(parents=True, exist_ok=True)
        name = f"{'study' if alone else 'job'}.{os.getpid()}.{socket.gethostname()}.lock"
        with contextlib.ExitStack() as stack:
            busy = f"another driver keeps starting in {self}"
            with files.lock(folder / "start", busy=busy, wait=LOCK_TIMEOUT):
                for driver in folder.glob("*.*.*.lock"):
                    kind, process, host = driver.stem.split(".", 2)
                    if not files.is_locked(driver):
                        driver.unlink(missing_ok=True)
                    elif alone or kind == "study":
                        raise RuntimeError(
                            f"process {process} on {host} is running the study in {self}"
                        )
                stack.enter_context(files.lock(folder / name, busy=busy, wait=LOCK_TIMEOUT))
            if alone:
                for written in (".", "running", "failed"):
                    files.sweep(Path(self.path) / written)
            yield

    @property
    def is_driven(self) -> bool:
        """Whether a driver holds the study; unknown, and so false, for object stores."""
        return self.is_local and any(
            files.is_locked(driver) for driver in Path(self.path).glob(".drivers/*.lock")
        )

    # Jobs

    def folder(self, number: int) -> epath.Path:
        """Return the directory of a job."""
        return self.path / "jobs" / f"{number:05}"

    def done(self) -> set[int]:
        """Return the numbers of the jobs that are complete.

        Raises:
            ValueError: if a folder is no job's; the message names it.
        """
        return self._numbers("done.json")

    def begun(self) -> set[int]:
        """Return the numbers of the jobs that were ever begun.

        Raises:
            ValueError: if a folder is no job's; the message names it.
        """
        return self._numbers("job.json")

    def _numbers(self, name: str) -> set[int]:
        return {_number(path.parent) for path in self.path.glob(f"jobs/*/{name}")}

    def is_done(self, number: int) -> bool:
        """Return whether a job is complete."""
        return (self.folder(number) / "done.json").exists()

    def running(self) -> dict[int, dict[str, Any]]:
        """Return host, process and start of the running jobs, by number.

        In object stores, jobs that died on other machines are among them.

        Raises:
            ValueError: if a note is damaged; the message names it.
        """
        notes = self._notes("running", _RUNNING)
        return {number: note for number, note in notes.items() if self._is_alive(number, note)}

    def _is_alive(self, number: int, note: Mapping[str, Any]) -> bool:
        if self.is_local or note["host"] == socket.gethostname():
            return files.is_locked(self._work_folder(number) / LOCK)
        return True

    def clear_running(self) -> None:
        """Delete all notes of running jobs, at the start of the only driver."""
        for path in (self.path / "running").glob("*.json"):
            path.unlink(missing_ok=True)

    def failures(self) -> dict[int, str]:
        """Return the last errors of the jobs whose last attempt failed, by number.

        Raises:
            ValueError: if a note is damaged; the message names it.
        """
        notes = self._notes("failed", {"error": str})
        return {number: note["error"] for number, note in notes.items()}

    def note_running(self, number: int) -> None:
        """Note that this process runs a job."""
        note = {"host": socket.gethostname(), "process": os.getpid(), "since": _now()}
        self._write(self.path / "running" / f"{number:05}.json", note)

    def note_failed(self, number: int, error: str) -> None:
        """Note a job's last error."""
        self._write(self.path / "failed" / f"{number:05}.json", {"error": error, "when": _now()})

    def forget(self, number: int, *kinds: str) -> None:
        """Delete a job's notes: "running", "failed"."""
        for kind in kinds:
            (self.path / kind / f"{number:05}.json").unlink(missing_ok=True)

    def begun_with(self, number: int) -> dict[str, Any] | None:
        """Return the configuration that a job was begun with; None for a job that was not begun.

        Raises:
            ValueError: if the file is damaged; the message names it.
        """
        path = self.folder(number) / "job.json"
        if not path.exists():
            return None
        configuration: dict[str, Any] = files.read_json(path, {})
        return configuration

    @contextlib.contextmanager
    def claim(self, job: Job, configuration: Mapping[str, Any]) -> Iterator[Path]:
        """Lock a job and yield the local folder to work in.

        Locally that is the job's own folder; for object stores a temporary one, kept when the job
        fails so that another attempt on this machine continues from its checkpoint.

        Raises:
            RuntimeError: if another process keeps holding the job.
        """
        folder, work = self.folder(job.number), self._work_folder(job.number)
        work.mkdir(parents=True, exist_ok=True)
        busy = f"another process works in {work}"
        with files.lock(work / LOCK, busy=busy, wait=LOCK_TIMEOUT):
            files.sweep(work)
            if not (folder / "job.json").exists():
                self._write(folder / "job.json", configuration)
            yield work

    def _work_folder(self, number: int) -> Path:
        """Return the local folder that a job runs in."""
        folder = self.folder(number)
        if self.is_local:
            return Path(folder)
        key = hashlib.sha256(str(self).encode()).hexdigest()[:16]
        return Path(tempfile.gettempdir()) / f"disentlib-{key}" / folder.name

    def finish(self, number: int, work: Path, result: Mapping[str, Any]) -> None:
        """Store a job's files and result, then mark it as done."""
        folder = self.folder(number)
        if not self.is_local:
            for file in sorted(path for path in work.rglob("*") if path.is_file()):
                if not file.name.startswith("."):
                    target = folder / file.relative_to(work).as_posix()
                    target.write_bytes(file.read_bytes())
        text = files.encode_json(result, folder / "result.json")
        self._write_text(folder / "result.json", text)
        self._write(
            folder / "done.json",
            {
                "uuid": result["uuid"],
                "config_digest": result["config_digest"],
                "sha256": hashlib.sha256(text.encode()).hexdigest(),
                "finished": _now(),
            },
        )
        self.forget(number, "failed")
        if not self.is_local:
            shutil.rmtree(work, ignore_errors=True)

    def result(self, number: int) -> dict[str, Any]:
        """Return what a complete job stored.

        Raises:
            CorruptResultError: if it is not what was written; the message names the file.
        """
        path = self.folder(number) / "result.json"
        try:
            done = files.read_json(path.parent / "done.json", {"sha256": str})
            content = path.read_bytes()
            if hashlib.sha256(content).hexdigest() != done["sha256"]:
                raise CorruptResultError(f"{path} is not what its job wrote")
            result: dict[str, Any] = files.parse_json(content, path, _RESULT)
            if result["job"] != number:
                raise CorruptResultError(f"{path} is the result of job {result['job']}")
        except (OSError, ValueError) as error:
            if isinstance(error, CorruptResultError):
                raise
            raise CorruptResultError(f"{path} cannot be read: {error}") from error
        return result

    def quarantine(self, number: int, error: str) -> epath.Path:
        """Set a corrupt result aside; its job is no longer done. Returns where it went."""
        folder = self.folder(number)
        stamp = datetime.datetime.now(datetime.UTC).strftime("%Y%m%dT%H%M%S%f")
        target = self.path / "quarantine" / f"{folder.name}-{stamp}.json"
        target.parent.mkdir(parents=True, exist_ok=True)
        (folder / "done.json").unlink(missing_ok=True)
        source = folder / "result.json"
        if source.exists():
            target.write_bytes(source.read_bytes())
            source.unlink()
        self.note_failed(number, error)
        return target

    @contextlib.contextmanager
    def replacing(self, name: str) -> Iterator[epath.Path]:
        """Yield another path to write to; at the end that file becomes `name` in the study."""
        path = self.path / name
        if self.is_local:
            with files.replacing(path) as partial:
                yield epath.Path(partial)
        else:
            upload = path.parent / f".{name}.partial"
            yield upload
            upload.replace(path)

    def _notes(
        self, kind: str, keys: Mapping[str, type | tuple[type, ...]]
    ) -> dict[int, dict[str, Any]]:
        notes = {}
        for path in sorted((self.path / kind).glob("*.json")):
            if path.name.startswith("."):  # is being written
                continue
            # Its owner may delete a note between listing and reading.
            with contextlib.suppress(FileNotFoundError):
                notes[_number(path)] = files.read_json(path, keys)
        return notes

    def _write(self, path: epath.Path, content: Any) -> None:
        self._write_text(path, files.encode_json(content, path))

    def _write_text(self, path: epath.Path, text: str) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        if self.is_local:
            files.write(path, text)
        else:
            path.write_text(text)


def _number(path: epath.Path) -> int:
    """Return the job's number that a path ends with."""
    name = path.name.removesuffix(".json")
    if not re.fullmatch("[0-9]{5,}", name) or f"{int(name):05}" != name:
        raise ValueError(f"expected a job's number, as 00042, got {path}: move it elsewhere")
    return int(name)


def _now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
