"""The files of a study: who may write, what is damaged, and object stores.

fsspec's memory stands in for one of those.
"""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import fsspec
import pytest
from etils.epath import gpath
from fsspec.implementations.memory import MemoryFileSystem

from disentlib import studies

STUDY = studies.Study(
    name="far",
    data={"nothing": "nothing.gin"},
    models={"one": ("one.gin", "BETA", (1.0,))},
    seeds=3,
)


class Bucket(MemoryFileSystem):
    """s3:// without a network; like the real one it cannot rename atomically or lock."""

    protocol = "s3"
    store = {}  # noqa: RUF012
    pseudo_dirs = [""]  # noqa: RUF012

    @classmethod
    def _strip_protocol(cls, path):
        return super()._strip_protocol(str(path).removeprefix("s3://"))


class Steps:
    """A job that fails once, after its checkpoint."""

    def configuration(self, job):
        return {"seed": job.seed}

    def __call__(self, job, folder):
        checkpoint = folder / "parts" / "checkpoint.txt"
        if not checkpoint.exists():
            checkpoint.parent.mkdir()
            checkpoint.write_text(str(job.seed))
            if job.seed == 1:
                raise OSError("the network is gone")
        return [("mean", "seed", float(checkpoint.read_text())), ("mean", "none", float("nan"))]


@pytest.fixture
def bucket(monkeypatch, tmp_path):
    monkeypatch.setattr(Bucket, "store", {})
    monkeypatch.setattr(Bucket, "pseudo_dirs", [""])
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    gpath._is_tf_installed.cache_clear()  # an earlier test may have asked before our setting
    fsspec.register_implementation("s3", Bucket, clobber=True)
    yield "s3://bucket/study"
    fsspec.register_implementation("s3", "s3fs.S3FileSystem", clobber=True)


def run(path):
    storage = studies.Storage(path)
    storage.write_study({"study": STUDY.to_dict()})
    return studies.run(STUDY.jobs(), Steps(), storage, ray=False)


def test_a_study_in_an_object_store(bucket, tmp_path):
    first = run(bucket)
    assert (first.done, first.failed) == (2, {1: "OSError: the network is gone"})
    storage = studies.Storage(bucket)
    assert not storage.is_local
    assert storage.done() == {0, 2}
    assert "/bucket/study/jobs/00000/parts/checkpoint.txt" in Bucket.store
    assert "/bucket/study/jobs/00000/log.txt" in Bucket.store
    assert [path.name for path in tmp_path.glob("disentlib-*/*")] == ["00001"]  # its checkpoint
    second = run(bucket)
    assert (second.done, second.skipped, second.failed) == (3, 2, {})
    assert not [*tmp_path.glob("disentlib-*/*")]
    collected = studies.collect(bucket)
    assert (collected.path, collected.rows) == (f"{bucket}/table.parquet", 6)
    frame = studies.load(bucket)
    values = frame[frame["score"] == "seed"]["value"]
    assert values.tolist() == [0.0, 1.0, 2.0]
    assert frame[frame["score"] == "none"]["value"].isna().all()


def test_corruption_in_an_object_store(bucket):
    run(bucket)
    run(bucket)
    Bucket.store["/bucket/study/jobs/00002/result.json"].seek(0)
    Bucket.store["/bucket/study/jobs/00002/result.json"].write(b"#")
    assert studies.collect(bucket).corrupt.keys() == {2}
    assert studies.Storage(bucket).done() == {0, 1}
    assert run(bucket).done == 3


@pytest.fixture
def storage(tmp_path):
    """A study on this disk of which job 1 failed."""
    run(tmp_path)
    return studies.Storage(tmp_path)


def test_a_job_runs_while_its_lock_is_held(storage):
    with storage.claim(STUDY.jobs()[1], {}) as work:
        storage.note_running(1)
        assert storage.running().keys() == {1}
        assert work == Path(storage.folder(1))
    assert storage.running() == {}  # the note is there, its process is not


def test_so_it_does_on_this_machine_for_an_object_store(bucket):
    storage = studies.Storage(bucket)
    with storage.claim(STUDY.jobs()[1], {}):
        storage.note_running(1)
        assert storage.running().keys() == {1}
    assert storage.running() == {}
    note = {"host": "elsewhere", "process": 1, "since": "2026-01-01T00:00:00+00:00"}
    (storage.path / "running" / "00001.json").write_text(json.dumps(note))
    assert storage.running() == {1: note}  # nobody here can tell


def test_one_driver_or_many_jobs(storage):
    def drive(*, alone):
        with studies.Storage(storage.path).driving(alone=alone):
            pytest.fail("two at once")

    with storage.driving(alone=False), pytest.raises(RuntimeError, match="is running the study"):
        drive(alone=True)
    with storage.driving():
        assert storage.is_driven
        for alone in (True, False):
            with pytest.raises(RuntimeError, match=rf"process {os.getpid()} on .* is running"):
                drive(alone=alone)
    assert not storage.is_driven


JOB_OF_AN_ARRAY = """
import sys
from disentlib import studies
with studies.Storage(sys.argv[1]).driving(alone=False):
    print("driving", flush=True)
    sys.stdin.readline()
"""


def test_jobs_of_an_array_run_side_by_side_and_die_without_a_trace(storage):
    command = [sys.executable, "-c", JOB_OF_AN_ARRAY, str(storage)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, **pipes) as one, subprocess.Popen(command, **pipes) as other:
        assert [process.stdout.readline() for process in (one, other)] == ["driving\n"] * 2
        with pytest.raises(RuntimeError, match="is running the study"), storage.driving():
            pass
        one.kill()
        other.kill()
    with storage.driving():
        assert len([*Path(storage.path).glob(".drivers/*.lock")]) == 1


def test_partial_files_of_the_dead_are_swept(storage):
    root = Path(storage.path)
    for folder in (root / "jobs" / "00001", root / "running", root):
        (folder / ".result.99999999-1.partial.json").touch()
    assert storage.running() == {}
    run(root)
    assert not [*root.rglob("*.partial*")]


RECORDS = {
    "study.json": [lambda at: at.study(), studies.load, studies.collect],
    "jobs/00000/job.json": [lambda at: run(at.path)],
    "jobs/00000/done.json": [lambda at: at.result(0)],
    "jobs/00000/result.json": [studies.load],
    "failed/00001.json": [lambda at: at.failures()],
    "running/00001.json": [lambda at: at.running()],
}
DAMAGE = ["", " ", "{", "[]", '"study"', "null", "3", '{"seed": NaN}', "\0" * 9]
KINDS = '{"study": 1, "error": 1, "sha256": 1, "host": 1, "process": "1", "since": 1}'


@pytest.mark.parametrize("name", RECORDS)
def test_a_damaged_record_is_named(storage, name):
    path = Path(storage.path) / name
    no_keys = [] if name.endswith("job.json") else ["{}", KINDS]
    for content in DAMAGE + no_keys:
        for read in RECORDS[name]:
            path.write_text(content)
            with pytest.raises(ValueError, match=re.escape(name)) as caught:
                read(storage if "lambda" in read.__name__ else storage.path)
            assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "change", [{"name": 1, "seed": 3}, {"models": 3}, {"data": ["a"]}, {"seeds": "3"}]
)
def test_what_is_no_study_is_named(storage, change):
    (storage.path / "study.json").write_text(json.dumps({"study": STUDY.to_dict() | change}))
    with pytest.raises(ValueError, match=r"study\.json"):
        storage.study()


@pytest.mark.parametrize("name", ["backup", "00002 (copy)", "2", "000002", "00002.bak", "-0002"])
def test_a_stray_folder_is_named(storage, name):
    folder = Path(storage.path) / "jobs" / name
    folder.mkdir()
    (folder / "notes.txt").touch()
    assert storage.done() == {0, 2}
    for record in ("job.json", "done.json"):
        (folder / record).write_text("{}")
        with pytest.raises(ValueError, match=re.escape(f"jobs/{name}: move it elsewhere")):
            run(storage.path)


def test_the_copy_of_a_job_does_not_count_twice(storage):
    shutil.copytree(storage.folder(0), Path(storage.path) / "jobs" / "00007")
    with pytest.raises(ValueError, match=r"00007/result\.json is the result of job 0"):
        studies.load(storage.path)


@pytest.mark.parametrize("key", ["rows", "seed", "versions", "job"])
def test_results_are_checked_beyond_their_digest(storage, key):
    folder = Path(storage.folder(0))
    done, result = (
        json.loads((folder / f"{name}.json").read_text()) for name in ("done", "result")
    )
    del result[key]
    text = json.dumps(result)
    (folder / "result.json").write_text(text)
    digest = hashlib.sha256(text.encode()).hexdigest()
    (folder / "done.json").write_text(json.dumps(done | {"sha256": digest}))
    with pytest.raises(ValueError, match=rf"expected '{key}' in .*00000/result\.json"):
        studies.load(storage.path)
