"""Files appear whole or not at all."""

import os

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
