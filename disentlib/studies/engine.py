"""Running a study: each job once, on Ray or in this process, whatever happens to the workers.

Ray queues, places and retries jobs; this module defines a job (`attempt`) and what a driver does
with the outcomes (`run`). A Ray worker keeps TensorFlow loaded from one job to the next, because
loading it takes as long as a small job. After `JOBS_A_WORKER` jobs a new worker replaces it, which
bounds memory leaks. A job that crashes its worker affects no other job.
"""

import contextlib
import importlib.util
import math
import os
import platform
import signal
import sys
import threading
import time
import traceback
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from disentlib import files
from disentlib.environment import versions
from disentlib.studies.grid import Job
from disentlib.studies.storage import CorruptResultError, Storage

JOBS_A_WORKER = 25
POLL = 0.5  # seconds between two polls for finished jobs

Figure = tuple[str, str, float]  # representation, score, value


class Runner(Protocol):
    """Trains and scores the model of a job. It is sent to workers, so it must be picklable."""

    def configuration(self, job: Job) -> dict[str, Any]:
        """Return all that the job's figures depend on, for JSON."""

    def __call__(self, job: Job, folder: Path) -> Sequence[Figure]:
        """Return the job's figures; continue from the files of an earlier attempt in the folder."""


@dataclass
class Progress:
    """The progress of a running study.

    Attributes:
        storage: the study's directory.
        total: the number of jobs to complete.
        skipped: those that were complete before the start.
        done: those that are complete, the skipped ones included.
        failed: last errors by job.
        quarantined: results that could not be read, and where they are now, by job.
        started: the time of the start, on the monotonic clock.
    """

    storage: Storage
    total: int
    skipped: int
    done: int = 0
    failed: dict[int, str] = field(default_factory=dict)
    quarantined: dict[int, str] = field(default_factory=dict)
    started: float = field(default_factory=time.monotonic)

    @property
    def left(self) -> int:
        """Jobs that have neither finished nor failed."""
        return self.total - self.done - len(self.failed)

    @property
    def seconds_left(self) -> float | None:
        """An estimate from the jobs that finished since the start; None before the first."""
        finished = self.done - self.skipped + len(self.failed)
        if not finished:
            return None
        return (time.monotonic() - self.started) / finished * self.left

    def count(self, number: int, error: str | None) -> None:
        """Note the outcome of a job."""
        if error is None:
            self.done += 1
        else:
            self.failed[number] = error


def run(
    jobs: Sequence[Job],
    runner: Runner,
    storage: Storage,
    *,
    ray: bool,
    address: str = "local",
    cpus: float = 1,
    gpus: float = 0,
    retries: int = 3,
    alone: bool = True,
    watch: Callable[[Progress], contextlib.AbstractContextManager[Any]] = contextlib.nullcontext,
) -> Progress:
    """Run the jobs that are not done yet; may be interrupted, and called again to continue.

    A result that cannot be read is set aside, and its job runs again.

    Args:
        jobs: the ones to complete.
        runner: trains and scores one.
        storage: the study's directory.
        ray: whether to run on Ray; otherwise one after another in this process.
        address: "local" starts Ray here, "auto" takes a running cluster, or starts Ray where there
            is none; anything else is a cluster's address.
        cpus: processors of a job.
        gpus: accelerators of a job.
        retries: how often Ray repeats a job whose worker or node died. A job that raises is not
            repeated: it would raise again. Running the study again tries it once more.
        alone: refuse to run beside another driver. Jobs of an array are not alone.
        watch: returns a context manager that shows the progress.

    Returns:
        The final progress.

    Raises:
        ValueError: if a job was begun with another configuration.
        RuntimeError: if another driver runs the study.
    """
    with storage.driving(alone=alone):
        configurations = {job.number: runner.configuration(job) for job in jobs}
        done = storage.done()
        _refuse_changes(jobs, configurations, storage)
        corrupt = set_aside(storage, sorted(done & configurations.keys()))
        waiting = [job for job in jobs if job.number not in done - corrupt.keys()]
        skipped = len(jobs) - len(waiting)
        progress = Progress(storage, len(jobs), skipped, done=skipped, quarantined=corrupt)
        if alone:
            storage.clear_running()
        environment = _environment(cpus, gpus)
        with watch(progress):
            work = [(runner, job, configurations[job.number], str(storage)) for job in waiting]
            if ray and work:
                outcomes = _on_ray(work, environment, address, cpus, gpus, retries)
            else:
                os.environ.update(environment)
                outcomes = ((task[1].number, attempt(*task)) for task in work)
            for number, error in outcomes:
                progress.count(number, error)
    return progress


def attempt(
    runner: Runner,
    job: Job,
    configuration: Mapping[str, Any],
    path: str,
    environment: Mapping[str, str] | None = None,
) -> str | None:
    """Run a job in this process unless it is done, and store its result or its error.

    Returns:
        None when the job is done, else its error on one line.
    """
    os.environ.update(environment or {})  # before TensorFlow starts
    storage = Storage(path)
    try:
        with storage.claim(job, configuration) as folder:
            if storage.is_done(job.number):  # by an attempt whose worker was thought dead
                return None
            storage.note_running(job.number)
            with _log(folder / "log.txt"):
                started = time.monotonic()
                rows = runner(job, folder)
                result = _result(job, configuration, rows, time.monotonic() - started)
            storage.finish(job.number, folder, result)
        return None
    except Exception as error:
        message = f"{type(error).__name__}: {' '.join(str(error).split())}"
        with contextlib.suppress(OSError):  # the disk may be full; the driver reports the error
            storage.note_failed(job.number, message)
        return message
    finally:
        with contextlib.suppress(OSError):
            storage.forget(job.number, "running")


def set_aside(storage: Storage, numbers: Iterable[int]) -> dict[int, str]:
    """Quarantine the results that cannot be read; return the errors, by number."""
    corrupt = {}
    for number in numbers:
        try:
            storage.result(number)
        except CorruptResultError as error:
            path = storage.quarantine(number, str(error))
            corrupt[number] = f"{error}; set aside as {path}"
    return corrupt


def has_ray() -> bool:
    """Return whether Ray is installed."""
    return importlib.util.find_spec("ray") is not None


def _refuse_changes(
    jobs: Sequence[Job], configurations: Mapping[int, dict[str, Any]], storage: Storage
) -> None:
    begun = storage.begun()
    changed = []
    for job in jobs:
        if job.number in begun:
            before = storage.begun_with(job.number)
            if different := files.differences(before, configurations[job.number]):
                changed.append(f"job {job.number}: {different[0]}")
    if changed:
        raise ValueError(
            f"{len(changed)} jobs in {storage} were begun with another configuration "
            f"({'; '.join(changed[:3])}): choose another directory"
        )


def _on_ray(
    work: Sequence[tuple[Any, ...]],
    environment: Mapping[str, str],
    address: str,
    cpus: float,
    gpus: float,
    retries: int,
) -> Iterator[tuple[int, str | None]]:
    """Yield number and error of each job as it ends."""
    import ray

    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")  # `environment` hides GPUs
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_worker_niceness", "0")  # the driver's own priority, not 15 below
    terminate = signal.getsignal(signal.SIGTERM)
    options: dict[str, Any] = {"log_to_driver": False, "logging_level": "ERROR"}
    if address == "auto":
        try:
            ray.init(address="auto", **options)
        except ConnectionError:
            address = "local"
    if address == "local":
        ray.init(address="local", include_dashboard=False, **options)
        machine = ray.cluster_resources()
        if machine.get("CPU", 0) < cpus or machine.get("GPU", 0) < gpus:
            ray.shutdown()
            raise ValueError(
                f"a job asks for {cpus:g} processors and {gpus:g} GPUs, this machine has "
                f"{machine.get('CPU', 0):g} and {machine.get('GPU', 0):g}: give --cpus and --gpus"
            )
    elif address != "auto":
        ray.init(address=address, **options)
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, terminate)  # Ray has replaced the handler
    try:
        remote = ray.remote(
            num_cpus=cpus, num_gpus=gpus, max_retries=retries, max_calls=JOBS_A_WORKER
        )(attempt)
        runner = ray.put(work[0][0])
        storage = Storage(work[0][3])
        pending = {remote.remote(runner, *task[1:], environment): task[1].number for task in work}
        while pending:
            ready, _ = ray.wait(list(pending), num_returns=len(pending), timeout=POLL)
            for reference in ready:
                number = pending.pop(reference)
                try:
                    error = ray.get(reference)
                except ray.exceptions.RayError as lost:
                    error = None
                    if not storage.is_done(number):
                        error = f"{type(lost).__name__}: {' '.join(str(lost).split())[:300]}"
                        storage.note_failed(number, error)
                yield number, error
    finally:
        ray.shutdown()


def _result(
    job: Job, configuration: Mapping[str, Any], rows: Sequence[Figure], seconds: float
) -> dict[str, Any]:
    return {
        "study": job.study,
        "job": job.number,
        "dataset": job.dataset,
        "model": job.model,
        "hyperparameter": job.hyperparameter,
        "strength": job.strength,
        "seed": job.seed,
        "uuid": str(uuid.uuid4()),
        "wall_time_s": round(seconds, 3),
        "config_digest": files.digest(configuration),
        "configuration": configuration,
        "versions": {"python": platform.python_version(), **versions()},
        "platform": platform.platform(),
        # JSON has no NaN.
        "rows": [
            [representation, score, value if math.isfinite(value) else None]
            for representation, score, value in rows
        ],
    }


def _environment(cpus: float, gpus: float) -> dict[str, str]:
    """Return the environment that limits a job to its share of the machine.

    The same number of threads everywhere keeps the figures the same on every machine.
    """
    threads = str(max(1, math.ceil(cpus)))
    names = ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS")
    environment = dict.fromkeys(names, threads)
    environment["TF_FORCE_GPU_ALLOW_GROWTH"] = "true"  # jobs may share a GPU
    if not gpus:
        environment["CUDA_VISIBLE_DEVICES"] = "-1"
    return environment


@contextlib.contextmanager
def _log(path: Path) -> Iterator[None]:
    """Append the output of Python and of libraries to a file, and the traceback of an error."""
    with path.open("a", encoding="utf-8", errors="replace") as log:
        saved = [os.dup(descriptor) for descriptor in (1, 2)]
        _flush()
        for descriptor in (1, 2):
            os.dup2(log.fileno(), descriptor)
        try:
            with contextlib.redirect_stdout(log), contextlib.redirect_stderr(log):
                yield
        except BaseException:
            with contextlib.suppress(OSError):
                traceback.print_exc(file=log)
            raise
        finally:
            with contextlib.suppress(OSError):
                log.flush()
            for descriptor, original in zip((1, 2), saved, strict=True):
                os.dup2(original, descriptor)
                os.close(original)


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
