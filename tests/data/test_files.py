"""Unpacked copies of published files: made once, by one process, whole or not at all."""

import multiprocessing
import os
import time

import h5py
import numpy as np
import pytest

from disentlib.data import files

VALUES = np.random.default_rng(0).integers(256, size=(50, 4, 4, 3), dtype=np.uint8)


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_arrays_of_a_npz_are_mapped_or_unpacked(tmp_path, save):
    path = tmp_path / "set.npz"
    save(path, images=VALUES, other=np.arange(5))
    rows = files.npz_rows(path, "images")
    assert isinstance(rows, np.memmap)
    np.testing.assert_array_equal(rows[[3, 49, 3]], VALUES[[3, 49, 3]])
    copies = [file.name for file in tmp_path.iterdir() if file != path]
    assert copies == ([] if save is np.savez else ["set.npz.images.npy"])


@pytest.mark.parametrize("options", [{}, {"chunks": (7, 2, 4, 3), "compression": "gzip"}])
def test_datasets_of_a_hdf5_are_mapped_or_unpacked(tmp_path, options):
    path = tmp_path / "set.h5"
    with h5py.File(path, "w") as file:
        file.create_dataset("images", data=VALUES, **options)
    rows = files.hdf5_rows(path, "images")
    assert isinstance(rows, np.memmap)
    np.testing.assert_array_equal(rows, VALUES)
    with pytest.raises(ValueError, match="another kind of file"):
        files.hdf5_rows(path, "labels")


def test_a_copy_is_made_once_and_again_when_its_source_is_newer(tmp_path):
    source = tmp_path / "source"
    source.touch()
    calls = []

    def fill(target):
        calls.append(1)
        target[:] = len(calls)

    def build(shape=(3,)):
        return files.built(source, "numbers", shape, np.int32, fill)

    assert build().tolist() == [1, 1, 1]
    assert build().tolist() == [1, 1, 1]
    os.utime(source, (time.time() + 10, time.time() + 10))
    assert build().tolist() == [2, 2, 2]
    os.utime(source, (0, 0))
    assert build((2,)).tolist() == [3, 3]


def test_another_folder_takes_the_copies(tmp_path, monkeypatch):
    monkeypatch.setenv("DISENTLIB_CACHE", str(tmp_path / "cache"))
    path = tmp_path / "set.npz"
    np.savez_compressed(path, images=VALUES)
    files.npz_rows(path, "images")
    assert [file.name for file in (tmp_path / "cache").glob("set.npz.*.images.npy")]


def test_what_fails_leaves_nothing_behind(tmp_path):
    source = tmp_path / "source"
    source.touch()

    def fill(target):
        raise RuntimeError("half way")

    with pytest.raises(RuntimeError, match="half way"):
        files.built(source, "numbers", (3,), np.int32, fill)
    assert list(tmp_path.iterdir()) == [source]


def test_what_a_killed_process_was_unpacking_is_swept(tmp_path):
    source = tmp_path / "source"
    source.touch()
    (tmp_path / ".source.numbers.99999999-1.partial.npy").touch()
    files.built(source, "numbers", (3,), np.int32, lambda target: target.fill(1))
    assert {path.name for path in tmp_path.iterdir()} == {"source", "source.numbers.npy"}


def test_a_full_disk_says_what_to_do(tmp_path, monkeypatch):
    source = tmp_path / "source"
    source.touch()

    def full(*arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", full)
    with pytest.raises(OSError, match=r"No space left.*DISENTLIB_CACHE") as caught:
        files.built(source, "numbers", (3,), np.int32, np.negative)
    assert caught.value.errno == 28
    assert list(tmp_path.iterdir()) == [source]


def test_a_folder_that_cannot_be_made_says_what_to_do(tmp_path, monkeypatch):
    source = tmp_path / "source"
    source.touch()
    monkeypatch.setenv("DISENTLIB_CACHE", str(source / "inside"))
    with pytest.raises(OSError, match="DISENTLIB_CACHE"):
        files.built(source, "numbers", (3,), np.int32, np.negative)


def _build_slowly(source, log):
    def fill(target):
        with log.open("a") as file:
            file.write("x")
        time.sleep(0.3)
        target[:] = 7

    assert files.built(source, "numbers", (1000,), np.int32, fill).sum() == 7000


def test_two_processes_build_one_copy(tmp_path):
    source, log = tmp_path / "source", tmp_path / "log"
    source.touch()
    context = multiprocessing.get_context("fork")
    workers = [context.Process(target=_build_slowly, args=(source, log)) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [worker.exitcode for worker in workers] == [0, 0, 0]
    assert log.read_text() == "x"
    assert sorted(file.name for file in tmp_path.iterdir()) == [
        "log",
        "source",
        "source.numbers.npy",
    ]
