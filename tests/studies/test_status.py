"""Counts of a study's jobs, from notes laid by hand."""

import os

import pytest

from disentlib import files, studies
from disentlib.studies.storage import LOCK

STUDY = studies.Study(
    name="small",
    data={"d": "d.gin", "e": "e.gin"},
    models={"a": ("a.gin", "BETA", (1.0,)), "b": ("b.gin", "BETA", (1.0, 2.0))},
    seeds=1,
)  # jobs 0, 1, 2 on d and 3, 4, 5 on e; 0 and 3 are of a


@pytest.fixture
def storage(tmp_path):
    storage = studies.Storage(tmp_path)
    storage.write_study({"study": STUDY.to_dict()})
    for number in (0, 4):
        folder = storage.folder(number)
        folder.mkdir(parents=True)
        (folder / "done.json").write_text("{}")
    storage.note_failed(1, "OSError: full")
    storage.note_failed(2, "OSError: full")
    storage.note_failed(4, "of an attempt before it was done")
    storage.note_running(5)  # its process died
    return storage


def test_every_job_is_counted_once(storage):
    work = storage.folder(2)
    work.mkdir(parents=True)
    storage.note_running(2)  # tries again what had failed
    with files.lock(str(work / LOCK), busy=""):
        now = studies.status(storage.path)
    assert (now.study, len(now.jobs), now.done) == ("small", 6, {0, 4})
    assert now.running.keys() == {2}
    assert now.running[2]["process"] == os.getpid()
    assert now.failed == {1: "OSError: full", 2: "OSError: full"}
    assert now.left == 2
    assert now.by_model == [("d", "a", 1, 1), ("d", "b", 0, 2), ("e", "a", 0, 1), ("e", "b", 1, 2)]
    counts = now.to_dict()
    assert [counts[key] for key in ("study", "jobs", "done", "left")] == ["small", 6, 2, 2]
    assert counts["failed"] == {"1": "OSError: full", "2": "OSError: full"}
    assert counts["running"].keys() == {"2"}


def test_only_the_chosen_ones(storage):
    now = studies.status(storage.path, [job for job in STUDY.jobs() if job.model == "a"])
    assert (now.done, now.failed, now.running, now.left) == ({0}, {}, {}, 1)
    assert now.by_model == [("d", "a", 1, 1), ("e", "a", 0, 1)]


def test_no_study_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"expected a study directory with study\.json"):
        studies.status(tmp_path)
