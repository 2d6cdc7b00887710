import os
import zipfile

import numpy as np
import pytest

from disentlib import limits


def bomb(path, shape, *, held=1000, compression=zipfile.ZIP_DEFLATED):
    """Write a .npz whose header declares more than it holds."""
    with zipfile.ZipFile(path, "w", compression) as archive, archive.open("codes.npy", "w") as file:
        header = {"descr": "<f8", "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(file, header)
        for _ in range(held):
            file.write(bytes(8000))
    return path


def test_arrays_within_the_limit_are_described(tmp_path):
    path = tmp_path / "some.npz"
    np.savez_compressed(path, codes=np.ones((4, 3)), names=np.array(["a", "bcd"]), n=3)
    found = limits.check_npz(path)
    assert found["codes"].shape == (4, 3)
    assert found["names"].size == 2 * 3 * 4
    assert found["n"].shape == ()
    np.save(tmp_path / "one.npy", np.ones((4, 3), np.float32))
    assert limits.check_npy(tmp_path / "one.npy").size == 48
    np.save(tmp_path / "turned.npy", np.ones((4, 3)).T)
    assert limits.check_npy(tmp_path / "turned.npy").fortran


def test_a_small_archive_that_asks_for_much_is_refused_and_the_limit_moves(tmp_path, monkeypatch):
    path = bomb(tmp_path / "bomb.npz", (1_000_000,))  # 8 MB in a file of a few KB
    assert limits.check_npz(path)["codes"].size == 8_000_000
    monkeypatch.setenv("DISENTLIB_LIMIT_GB", "0.004")
    with pytest.raises(ValueError, match=r"bomb\.npz to hold at most 0\.004 GB.*LIMIT_GB=1$"):
        limits.check_npz(path)
    limits.check_npz(path, ["others"])
    stored = bomb(tmp_path / "stored.npz", (1_000_000,), compression=zipfile.ZIP_STORED)
    limits.check_npz(stored)  # no larger than the file


def test_a_header_that_declares_more_than_there_is_is_refused(tmp_path):
    path = bomb(tmp_path / "liar.npz", (1 << 50,))
    with pytest.raises(ValueError, match=r"expected 9,007,.* bytes of 'codes' in .*liar\.npz"):
        limits.check_npz(path)
    np.save(tmp_path / "cut.npy", np.arange(1000))
    content = (tmp_path / "cut.npy").read_bytes()
    (tmp_path / "cut.npy").write_bytes(content[:-1])
    with pytest.raises(ValueError, match=r"expected 8,000 bytes .*cut\.npy, got 7,999"):
        limits.check_npy(tmp_path / "cut.npy")


def test_devices_pipes_and_folders_are_not_opened(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "endless.npz").symlink_to("/dev/zero")
    for path in (tmp_path / "pipe", tmp_path / "endless.npz"):
        with pytest.raises(ValueError, match=f"ordinary file at {path}, got a device or a pipe"):
            limits.check_npz(path)
    with pytest.raises(ValueError, match="got a folder"):
        limits.check_npy(tmp_path)
    with pytest.raises(FileNotFoundError):
        limits.check_npy(tmp_path / "nothing")


@pytest.mark.parametrize("text", ["much", "0", "-1", "nan", "inf"])
def test_a_limit_is_a_positive_number(monkeypatch, text):
    monkeypatch.setenv("DISENTLIB_LIMIT_GB", text)
    with pytest.raises(ValueError, match="number of gigabytes in DISENTLIB_LIMIT_GB, got"):
        limits.limit()


@pytest.mark.parametrize(
    "header",
    [
        b"{'descr': '<f8', 'fortran_order': False, 'shape': (-3,), }",
        b"{'descr': '|O', 'fortran_order': False, 'shape': (3,), }",
        b"{'descr': '<f8', 'shape': (3,)}",
        b"nothing like a header (((",
        b"",
    ],
)
def test_headers_of_another_kind_are_a_value_error(tmp_path, header):
    path = tmp_path / "odd.npy"
    path.write_bytes(b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + bytes(80))
    with pytest.raises(ValueError, match=r"."):
        limits.check_npy(path)
