"""Unpacked copies of published files: made once, by one process, whole or not at all."""

import multiprocessing
import os
import time

import h5py
import numpy as np
import pytest

from disentlib.data import published

VALUES = np.random.default_rng(0).integers(256, size=(50, 4, 4, 3), dtype=np.uint8)


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_arrays_of_a_npz_are_mapped_or_unpacked(tmp_path, save):
    path = tmp_path / "set.npz"
    save(path, images=VALUES, other=np.arange(5))
    rows = published.npz_rows(path, "images")
    assert isinstance(rows, np.memmap)
    np.testing.assert_array_equal(rows[[3, 49, 3]], VALUES[[3, 49, 3]])
    copies = [file.name for file in tmp_path.iterdir() if file != path]
    assert copies == ([] if save is np.savez else ["set.npz.images.npy"])


@pytest.mark.parametrize("options", [{}, {"chunks": (7, 2, 4, 3), "compression": "gzip"}])
def test_datasets_of_a_hdf5_are_mapped_or_unpacked(tmp_path, options):
    path = tmp_path / "set.h5"
    with h5py.File(path, "w") as file:
        file.create_dataset("images", data=VALUES, **options)
    rows = published.hdf5_rows(path, "images")
    assert isinstance(rows, np.memmap)
    np.testing.assert_array_equal(rows, VALUES)
    with pytest.raises(ValueError, match="another kind of file"):
        published.hdf5_rows(path, "labels")


def test_a_copy_is_made_once_and_again_when_its_source_is_newer(tmp_path):
    source = tmp_path / "source"
    source.touch()
    calls = []

    def fill(target):
        calls.append(1)
        target[:] = len(calls)

    def build(shape=(3,)):
        return published.built(source, "numbers", shape, np.int32, fill)

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
    published.npz_rows(path, "images")
    assert [file.name for file in (tmp_path / "cache").glob("set.npz.*.images.npy")]


def test_what_fails_leaves_nothing_behind(tmp_path):
    source = tmp_path / "source"
    source.touch()

    def fill(target):
        raise RuntimeError("half way")

    with pytest.raises(RuntimeError, match="half way"):
        published.built(source, "numbers", (3,), np.int32, fill)
    assert list(tmp_path.iterdir()) == [source]


def test_what_a_killed_process_was_unpacking_is_swept(tmp_path):
    source = tmp_path / "source"
    source.touch()
    (tmp_path / ".source.numbers.99999999-1.partial.npy").touch()
    published.built(source, "numbers", (3,), np.int32, lambda target: target.fill(1))
    assert {path.name for path in tmp_path.iterdir()} == {"source", "source.numbers.npy"}


def test_a_full_disk_says_what_to_do(tmp_path, monkeypatch):
    source = tmp_path / "source"
    source.touch()

    def full(*arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", full)
    with pytest.raises(OSError, match=r"No space left.*DISENTLIB_CACHE") as caught:
        published.built(source, "numbers", (3,), np.int32, np.negative)
    assert caught.value.errno == 28
    assert list(tmp_path.iterdir()) == [source]


def test_a_folder_that_cannot_be_made_says_what_to_do(tmp_path, monkeypatch):
    source = tmp_path / "source"
    source.touch()
    monkeypatch.setenv("DISENTLIB_CACHE", str(source / "inside"))
    with pytest.raises(OSError, match="DISENTLIB_CACHE"):
        published.built(source, "numbers", (3,), np.int32, np.negative)


def _build_slowly(source, log):
    def fill(target):
        with log.open("a") as file:
            file.write("x")
        time.sleep(0.3)
        target[:] = 7

    assert published.built(source, "numbers", (1000,), np.int32, fill).sum() == 7000


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


def link_outside(file, other):
    file["images"] = h5py.ExternalLink(str(other), "images")


def link_inside(file, other):
    file["there"] = VALUES
    file["images"] = h5py.SoftLink("/there")


def external(file, other):
    raw = [(str(other), 0, h5py.h5f.UNLIMITED)]
    file.create_dataset("images", VALUES.shape, "u1", external=raw)


def virtual(file, other):
    layout = h5py.VirtualLayout(VALUES.shape, "u1")
    layout[:] = h5py.VirtualSource(str(other), "images", VALUES.shape)
    file.create_virtual_dataset("images", layout)


def group(file, other):
    file.create_group("images")


@pytest.mark.parametrize(
    ("write", "message"),
    [
        (link_outside, "expected 'images' itself in .*, got a ExternalLink to another place"),
        (link_inside, "expected 'images' itself in .*, got a SoftLink"),
        (external, "expected the values of 'images' in .* itself, got external storage"),
        (virtual, "expected the values of 'images' in .* itself, got virtual storage"),
        (group, "expected a dataset 'images' in .*, got a Group"),
        (lambda f, _: f.create_dataset("images", data=["a"] * 9), "expected numbers in 'images'"),
        (
            lambda f, _: f.create_dataset("images", (3,), h5py.ref_dtype),
            "expected numbers or text in 'images' of .*, got object",
        ),
        (
            lambda f, _: f.create_dataset("images", (3,), h5py.vlen_dtype(np.uint8)),
            "expected numbers or text in 'images' of .*, got object",
        ),
        (
            lambda f, _: f.create_dataset("images", (3,), [("a", "u1")]),
            "expected numbers or text in 'images'",
        ),
        (lambda f, _: f.create_dataset("images", data=h5py.Empty("u1")), "expected values in"),
        (lambda f, _: f.create_dataset("imgs", data=VALUES), "'images' in .*, found imgs"),
    ],
)
def test_values_of_a_hdf5_lie_in_it_and_are_numbers(tmp_path, write, message):
    other = tmp_path / "other.h5"
    with h5py.File(other, "w") as file:
        file["images"] = VALUES
    path = tmp_path / "set.h5"
    with h5py.File(path, "w") as file:
        write(file, other)
    with pytest.raises(ValueError, match=message) as caught:
        published.hdf5_rows(path, "images")
    assert str(path) in str(caught.value)


def test_a_link_on_the_way_is_refused(tmp_path):
    with h5py.File(tmp_path / "set.h5", "w") as file:
        file["there/classes"] = VALUES
        file["latents"] = h5py.SoftLink("/there")
    with pytest.raises(ValueError, match=r"'latents/classes' itself in .*, got a SoftLink"):
        published.hdf5_rows(tmp_path / "set.h5", "latents/classes")


def odd_integers(file):
    """Integers of 12 bits within two bytes, shifted by 4: not what NumPy has in memory."""
    kind = h5py.h5t.STD_U16LE.copy()
    kind.set_precision(12)
    kind.set_offset(4)
    space = h5py.h5s.create_simple((100,))
    h5py.h5d.create(file.id, b"images", kind, space)
    file["images"][:] = np.arange(100)


@pytest.mark.parametrize("userblock", [0, 512])
def test_what_is_not_written_in_one_piece_is_not_mapped_as_if_it_were(tmp_path, userblock):
    path = tmp_path / "set.h5"
    with h5py.File(path, "w", userblock_size=userblock) as file:
        odd_integers(file)
        file.create_dataset("never_written", (100,), "u1", fillvalue=7)
        file.create_dataset("plain", data=np.arange(100))
        file.create_dataset("turned", data=np.arange(100, dtype=">i4"))
    np.testing.assert_array_equal(published.hdf5_rows(path, "images"), np.arange(100))
    np.testing.assert_array_equal(published.hdf5_rows(path, "never_written"), 7)
    for key in ("plain", "turned"):
        rows = published.hdf5_rows(path, key)
        np.testing.assert_array_equal(rows, np.arange(100))
        assert rows.filename == path


def test_what_asks_for_much_is_refused_unless_its_shape_is_known(tmp_path, monkeypatch):
    zeros = np.zeros((1000, 40, 40), np.uint8)
    np.savez_compressed(tmp_path / "set.npz", images=zeros)
    with h5py.File(tmp_path / "set.h5", "w") as file:
        file.create_dataset("images", data=zeros, chunks=(100, 40, 40), compression="gzip")
        file.create_dataset("never_written", (10**12,), "u1", chunks=(1000,))
    with pytest.raises(ValueError, match=r"set\.h5 to hold at most 8 GB.* 1,000 GB"):
        published.hdf5_rows(tmp_path / "set.h5", "never_written")
    monkeypatch.setenv("DISENTLIB_LIMIT_GB", "0.001")
    for read, path in ((published.npz_rows, "set.npz"), (published.hdf5_rows, "set.h5")):
        with pytest.raises(ValueError, match=rf"{path} to hold at most 0\.001 GB.*LIMIT_GB=1"):
            read(tmp_path / path, "images")
        with pytest.raises(ValueError, match=r"images of shape \(999, 40, 40\) in .*, got \(1000,"):
            read(tmp_path / path, "images", shape=(999, 40, 40))
        assert read(tmp_path / path, "images", shape=zeros.shape).shape == zeros.shape


def test_missing_arrays_are_said_beside_those_that_are_there(tmp_path):
    np.savez(tmp_path / "set.npz", imgs=VALUES, latents=np.arange(3))
    with pytest.raises(ValueError, match=r"an array 'images' in .*set\.npz, found imgs, latents"):
        published.npz_rows(tmp_path / "set.npz", "images")
    with pytest.raises(ValueError, match=r"an array 'factors' in .*set\.npz, found imgs, latents"):
        published.npz_arrays(tmp_path / "set.npz", ["imgs", "factors"])


@pytest.mark.parametrize("read", [published.npz_rows, published.hdf5_rows])
def test_devices_are_not_read(tmp_path, read):
    (tmp_path / "endless").symlink_to("/dev/zero")
    with pytest.raises(ValueError, match=r"ordinary file .*endless, got a device"):
        read(tmp_path / "endless", "images")
