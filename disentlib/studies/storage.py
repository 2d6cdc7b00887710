"""The files of a study: what each job leaves, in what order, and who may write.

    study.json              the grid
    jobs/00042/job.json     the job's configuration, written before it starts
              /...          the run directory: model.keras, history.csv, ...
              /log.txt      what the job printed
              /result.json  its figures and where they come from
              /done.json    written last: the job is complete
    running/  failed/       a file a job that runs, or whose last attempt failed
    quarantine/             results that could not be read

Paths may be local, gs:// or s3://. Files are written whole or not at all: locally by renaming,
in an object store because a write is one object.
"""

import contextlib
import datetime
import fcntl
import hashlib
import json
import os
import shutil
import socket
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from etils import epath

from disentlib.studies.grid import Job

# fsspec's drivers for gs:// and s3://: TensorFlow has none for s3, and a driver does without it.
os.environ.setdefault("EPATH_USE_TF", "0")

# A worker that lost its driver lives on for moments; the next attempt of its job waits for it.
PATIENCE = 60.0


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
        """
        path = self.path / "study.json"
        if not path.exists():
            raise FileNotFoundError(
                f"expected a study directory with study.json, found none at {self}: "
                "make one with `disentlib study run NAME --out DIR`"
            )
        study: dict[str, Any] = json.loads(path.read_text())
        return study

    @contextlib.contextmanager
    def driving(self, *, alone: bool = True) -> Iterator[None]:
        """Hold the study; single jobs (`alone=False`) may run side by side. For local paths only.

        Raises:
            RuntimeError: if another driver holds it.
        """
        if not self.is_local:
            yield
            return
        Path(self.path).mkdir(parents=True, exist_ok=True)
        with (Path(self.path) / ".driver.lock").open("a+") as file:
            try:
                fcntl.flock(file, (fcntl.LOCK_EX if alone else fcntl.LOCK_SH) | fcntl.LOCK_NB)
            except BlockingIOError:
                file.seek(0)
                holder = file.read().strip() or "another driver"
                raise RuntimeError(f"{holder} is running the study in {self}") from None
            if alone:
                file.truncate(0)
                file.write(f"process {os.getpid()} on {socket.gethostname()}")
                file.flush()
            yield

    @property
    def is_driven(self) -> bool:
        """Whether a driver holds the study; unknown, and so false, for object stores."""
        lock = Path(self.path) / ".driver.lock"
        if not self.is_local or not lock.exists():
            return False
        with lock.open() as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
        return False

    # Jobs

    def folder(self, number: int) -> epath.Path:
        """Return the directory of a job."""
        return self.path / "jobs" / f"{number:05}"

    def done(self) -> set[int]:
        """Return the numbers of the jobs that are complete."""
        return {int(path.parent.name) for path in self.path.glob("jobs/*/done.json")}

    def is_done(self, number: int) -> bool:
        """Return whether a job is complete."""
        return (self.folder(number) / "done.json").exists()

    def running(self) -> dict[int, dict[str, Any]]:
        """Return who works on what since when, by number; the dead of other machines among them."""
        return {number: who for number, who in self._notes("running").items() if _may_live(who)}

    def clear_running(self) -> None:
        """Drop all notes of who works on what: at the start of the only driver."""
        for path in (self.path / "running").glob("*.json"):
            path.unlink(missing_ok=True)

    def failures(self) -> dict[int, str]:
        """Return the last errors of the jobs whose last attempt failed, by number."""
        return {number: note["error"] for number, note in self._notes("failed").items()}

    def note_running(self, number: int) -> None:
        """Say that this process works on a job."""
        who = {"host": socket.gethostname(), "process": os.getpid(), "since": _now()}
        self._write(self.path / "running" / f"{number:05}.json", who)

    def note_failed(self, number: int, error: str) -> None:
        """Keep a job's last error."""
        self._write(self.path / "failed" / f"{number:05}.json", {"error": error, "when": _now()})

    def forget(self, number: int, *kinds: str) -> None:
        """Drop a job's notes: "running", "failed"."""
        for kind in kinds:
            (self.path / kind / f"{number:05}.json").unlink(missing_ok=True)

    def begun_with(self, number: int) -> dict[str, Any] | None:
        """Return the configuration that a job was begun with; None where it was not."""
        path = self.folder(number) / "job.json"
        if not path.exists():
            return None
        configuration: dict[str, Any] = json.loads(path.read_text())
        return configuration

    @contextlib.contextmanager
    def claim(self, job: Job, configuration: Mapping[str, Any]) -> Iterator[Path]:
        """Hold a job and yield the local folder to work in.

        Locally that is the job's own; for object stores a scratch folder, kept when the job fails
        so that another attempt on this machine goes on from its checkpoint.

        Raises:
            RuntimeError: if another process keeps holding the job.
        """
        folder = self.folder(job.number)
        work = Path(folder)
        if not self.is_local:
            key = hashlib.sha256(str(self).encode()).hexdigest()[:16]
            work = Path(tempfile.gettempdir()) / f"disentlib-{key}" / folder.name
        work.mkdir(parents=True, exist_ok=True)
        with (work / ".job.lock").open("w") as file:
            _wait_for(file, work)
            if not (folder / "job.json").exists():
                self._write(folder / "job.json", configuration)
            yield work

    def finish(self, number: int, work: Path, result: Mapping[str, Any]) -> None:
        """Store a job's result, and last of all that it is done."""
        folder = self.folder(number)
        if not self.is_local:
            for file in sorted(path for path in work.rglob("*") if path.is_file()):
                if not file.name.startswith("."):
                    target = folder / file.relative_to(work).as_posix()
                    target.write_bytes(file.read_bytes())
        text = json.dumps(result, indent=1, allow_nan=False) + "\n"
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
            done = json.loads((path.parent / "done.json").read_bytes())
            content = path.read_bytes()
            if hashlib.sha256(content).hexdigest() != done["sha256"]:
                raise CorruptResultError(f"{path} is not what its job wrote")
            result: dict[str, Any] = json.loads(content)
        except (OSError, ValueError, KeyError, TypeError) as error:
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

    def _notes(self, kind: str) -> dict[int, dict[str, Any]]:
        notes = {}
        for path in sorted((self.path / kind).glob("*.json")):
            # One that its owner has just removed is no note any more.
            with contextlib.suppress(OSError, ValueError):
                notes[int(path.stem)] = json.loads(path.read_text())
        return notes

    def _write(self, path: epath.Path, content: Any) -> None:
        self._write_text(path, json.dumps(content, indent=1) + "\n")

    def _write_text(self, path: epath.Path, text: str) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not self.is_local:
            path.write_text(text)
            return
        partial = Path(path.parent) / f".{path.name}.{os.getpid()}.partial"
        try:
            partial.write_text(text, encoding="utf-8")
            partial.replace(Path(path))
        except OSError:
            partial.unlink(missing_ok=True)
            raise


def digest(configuration: Mapping[str, Any]) -> str:
    """Return a short name of a configuration: equal ones have equal names."""
    text = json.dumps(configuration, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _wait_for(file: Any, folder: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise RuntimeError(f"another process works in {folder}") from None
            time.sleep(0.1)
        else:
            return


def _may_live(who: Mapping[str, Any]) -> bool:
    return who["host"] != socket.gethostname() or Path(f"/proc/{who['process']}").exists()


def _now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
