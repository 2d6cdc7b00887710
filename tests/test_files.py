"""Files appear whole or not at all, are locked, and are named where they are damaged."""

import hashlib
import json
import os
import subprocess
import sys

import pytest

from disentlib import files


def test_readers_see_the_old_file_or_the_new_one(tmp_path):
    path = files.write(tmp_path / "scores.json", b"old")
    assert path.read_bytes() == b"old"
    with path.open("rb") as reader:  # of the old file, which is whole to its end
        files.write(str(path), "newer, ±")
        assert reader.read() == b"old"
    assert path.read_text(encoding="utf-8") == "newer, ±"
    assert [file.name for file in tmp_path.iterdir()] == ["scores.json"]


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch, error):
    path = files.write(tmp_path / "scores.json", b"old")

    def fail(descriptor):
        raise error

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(type(error)):
        files.write(path, b"new")
    assert path.read_bytes() == b"old"
    assert [file.name for file in tmp_path.iterdir()] == ["scores.json"]


def test_a_folder_that_is_missing(tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere"):
        files.write(tmp_path / "nowhere" / "scores.json", b"")


def test_others_may_write_under_the_hidden_name(tmp_path):
    target = tmp_path / "model.keras"
    with files.replacing(target) as partial:
        assert partial.suffix == ".keras"  # Keras asks for it
        partial.write_text("whole")
        assert not target.exists()
    assert target.read_text() == "whole"
    with pytest.raises(FileNotFoundError), files.replacing(target) as partial:
        partial.with_suffix(".else").touch()  # not what is to take its place
    assert target.read_text() == "whole"
    assert [path.name for path in tmp_path.glob("*.keras")] == ["model.keras"]


def test_what_the_dead_were_writing_is_swept(tmp_path):
    dead = subprocess.run(
        [sys.executable, "-c", "import os; print(os.getpid())"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    keep = ["model.keras", f".model.{os.getpid()}-7.partial.keras", ".lock", "my.partial"]
    gone = [
        f".model.{dead}-{dead}.partial.keras",
        f".run.json.{dead}.partial",  # as it was called before
        ".model.partial.keras",  # likewise
        ".run.99999999999999999999-1.partial.json",
    ]
    for name in keep + gone:
        (tmp_path / name).touch()
    files.sweep(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(keep)


def test_what_one_file_was_to_become_is_swept_alone(tmp_path):
    gone = ".set.npz.images.99999999-1.partial.npy"
    keep = [
        ".set.npz.labels.99999999-1.partial.npy",
        f".set.npz.images.{os.getpid()}-7.partial.npy",
    ]
    for name in [*keep, gone]:
        (tmp_path / name).touch()
    files.sweep(tmp_path, of="set.npz.images.npy")
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(keep)


HOLDER = """
import sys
from disentlib import files
with files.lock(sys.argv[1], busy="held"):
    print("held", flush=True)
    sys.stdin.readline()
"""


def test_a_lock_falls_with_its_process(tmp_path):
    path = tmp_path / ".lock"
    assert not files.is_locked(path)
    assert not path.exists()
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as holder:
        assert holder.stdout.readline() == "held\n"
        assert files.is_locked(path)
        with pytest.raises(RuntimeError, match="somebody"), files.lock(path, busy="somebody"):
            pass
        with (
            pytest.raises(RuntimeError, match="somebody"),
            files.lock(path, busy="somebody", wait=0.1),
        ):
            pass
        holder.kill()
    assert not files.is_locked(path)
    with files.lock(path, busy="somebody"):
        assert files.is_locked(path)  # for this process, too
    assert not files.is_locked(path)


def test_json_reads_back(tmp_path):
    content = {"a": [1, 2.5, None, "±"], "b": {"c": True}}
    path = files.write_json(tmp_path / "a.json", content)
    assert files.read_json(path) == content
    assert files.read_json(path, {"a": list, "b": (dict, list)}) == content


@pytest.mark.parametrize("value", [float("nan"), float("inf"), {"a": [1, float("-inf")]}])
def test_json_has_no_nan(tmp_path, value):
    path = files.write_json(tmp_path / "a.json", 1)
    with pytest.raises(ValueError, match=r"cannot write .*a\.json: .*not JSON compliant"):
        files.write_json(path, {"loss": value})
    assert files.read_json(path) == 1


KEYS = {"steps": int, "rows": list, "name": (str, type(None))}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "the file is empty"),
        (b" \n", "the file is empty"),
        (b"\0\0\0\0\0", "expected JSON in"),
        (b'{"steps": 1', "expected JSON in"),
        (b"{}{}", "Extra data"),
        (b"\xff\xfe\x00", "expected JSON in"),
        (b"[" * 100_000, "expected JSON in"),
        (b"9" * 5000, "expected JSON in"),
        (b'{"steps": NaN}', "NaN is no number of JSON"),
        (b'{"steps": -Infinity}', "-Infinity is no number of JSON"),
        (b"null", "expected an object with steps, rows, name in .*, got None"),
        (b"[1, 2]", r"expected an object with .*, got \[1, 2\]"),
        (b"{}", "expected 'steps' in .*, found nothing"),
        (b'{"steps": 1, "a": 2}', "expected 'rows' in .*, found steps, a"),
        (b'{"steps": "1", "rows": []}', "expected 'steps' to be a whole number in .*, got '1'"),
        (
            b'{"steps": 1, "rows": [], "name": 1.5}',
            "expected 'name' to be a text or null in .*, got 1.5",
        ),
    ],
)
def test_damaged_json_is_named(tmp_path, content, message):
    path = tmp_path / "run.json"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=message) as caught:
        files.read_json(path, KEYS)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_every_cut_of_a_file_is_named(tmp_path):
    whole = json.dumps({"steps": 1, "rows": [[1, 2]], "name": "±"}, ensure_ascii=False).encode()
    path = tmp_path / "run.json"
    for end in range(len(whole)):
        path.write_bytes(whole[:end])
        with pytest.raises(ValueError, match=r"run\.json"):
            files.read_json(path, KEYS)


def test_digests(tmp_path):
    assert files.digest({"a": 1, "b": [2]}) == files.digest({"b": [2], "a": 1})
    assert files.digest({"a": 1}) != files.digest({"a": 2})
    # Names of configurations that studies have stored must not change.
    text = b'{"a": 1, "b": [2]}'
    assert files.digest({"b": [2], "a": 1}) == hashlib.sha256(text).hexdigest()[:16]
    path = files.write(tmp_path / "images.npz", b"abc" * 1000)
    assert files.sha256(path) == hashlib.sha256(b"abc" * 1000).hexdigest()


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ({"a": 1}, {"a": 1}, []),
        (
            {"a": {"b": [1, 2]}, "c": 1},
            {"a": {"b": [1, 3]}, "d": 1},
            ["a.b.1: 2 before, 3 now", "c: 1 before, None now", "d: None before, 1 now"],
        ),
        ({"a": ["x"]}, {"a": ["x", "z"]}, ["a.1: None before, 'z' now"]),
    ],
)
def test_differences_are_told_by_their_place(old, new, told):
    assert files.differences(old, new) == told


def test_a_fingerprint_is_of_the_content(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "one").write_bytes(b"1234")
    assert files.fingerprint(tmp_path / "a" / "one") == {
        "size": 4,
        "sha256": hashlib.sha256(b"1234").hexdigest(),
    }
    folder = files.fingerprint(tmp_path / "a")
    (tmp_path / "a").rename(tmp_path / "b")
    assert files.fingerprint(tmp_path / "b") == folder  # wherever it lies
    old = (tmp_path / "b" / "one").stat()
    (tmp_path / "b" / "one").write_bytes(b"1235")
    os.utime(tmp_path / "b" / "one", ns=(old.st_atime_ns, old.st_mtime_ns - 1))
    changed = files.fingerprint(tmp_path / "b")
    assert changed["size"] == folder["size"] == 4
    assert changed["sha256"] != folder["sha256"]
