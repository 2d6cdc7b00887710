"""The files of a study in an object store: fsspec's memory stands in for one."""

import fsspec
import pytest
from etils.epath import gpath
from fsspec.implementations.memory import MemoryFileSystem

from disentlib import studies
from disentlib.studies import engine
from disentlib.studies.storage import digest

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


def test_equal_configurations_have_equal_digests():
    assert digest({"a": 1, "b": [2]}) == digest({"b": [2], "a": 1})
    assert digest({"a": 1}) != digest({"a": 2})


@pytest.mark.parametrize(
    ("before", "now", "said"),
    [
        ({"a": 1}, {"a": 1}, ""),
        ({"a": {"b": 1}}, {"a": {"b": 2}}, "b: 1 before, 2 now"),
        ({"a": ["x", "y"]}, {"a": ["x", "z", "w"]}, "a: 'y' before, 'z' now"),
        ({"a": ["x"]}, {"a": ["x", "z"]}, "a: None before, 'z' now"),
        ({}, {"a": 2}, "a: None before, 2 now"),
    ],
)
def test_a_change_is_told(before, now, said):
    assert engine._difference(before, now) == said
