"""Copies are made again when their source or they themselves are not what they were."""

import os

import numpy as np
import pytest

from disentlib.data import published

OLD = 10**9 * 1_000_000_000  # ns


@pytest.fixture
def copy(tmp_path):
    """A source, and the copy that is made of its bytes; `copy.made` counts how often."""

    class Copy:
        source = tmp_path / "source"
        target = tmp_path / "source.bytes.npy"
        made = 0

        def __call__(self):
            def fill(target):
                self.made += 1
                target[:] = np.frombuffer(self.source.read_bytes(), np.uint8)

            return bytes(published.built(self.source, "bytes", (4,), np.uint8, fill))

    Copy.source.write_bytes(b"abcd")
    os.utime(Copy.source, ns=(OLD, OLD))
    return Copy()


def test_a_copy_is_made_once(copy):
    assert [copy(), copy()] == [b"abcd"] * 2
    assert copy.made == 1


@pytest.mark.parametrize("time", [OLD - 5, OLD, OLD + 5])
def test_a_source_that_was_replaced_is_read_again_whatever_its_time(copy, tmp_path, time):
    copy()
    other = tmp_path / "other"
    other.write_bytes(b"efgh")
    os.utime(other, ns=(time, time))
    other.replace(copy.source)
    assert copy() == b"efgh"
    assert copy.made == 2


def test_a_source_whose_time_was_set_back_is_read_again(copy):
    copy()
    copy.source.write_bytes(b"efgh")
    os.utime(copy.source, ns=(OLD, OLD))
    assert copy() == b"efgh"


def test_permissions_and_copies_of_the_same_content_cost_no_new_copy(copy, tmp_path):
    copy()
    copy.source.chmod(0o600)
    assert copy() == b"abcd"
    same = tmp_path / "same"
    same.write_bytes(b"abcd")
    os.utime(same, ns=(OLD, OLD))
    same.replace(copy.source)
    assert copy() == b"abcd"
    assert copy.made == 1


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: b"",
        lambda content: content[:100],
        lambda content: content[:-1],
        lambda content: content[:129] + b"?" + content[130:],
        lambda content: b"another thing",
        lambda content: content + b"?",
    ],
)
def test_a_copy_that_is_not_as_it_was_left_is_made_again(copy, damage):
    copy()
    copy.target.write_bytes(damage(copy.target.read_bytes()))
    assert copy() == b"abcd"
    assert copy.made == 2
    assert copy() == b"abcd"
    assert copy.made == 2


def test_sources_of_one_name_have_copies_of_their_own(tmp_path, monkeypatch):
    monkeypatch.setenv("DISENTLIB_CACHE", str(tmp_path / "cache"))
    for value, folder in enumerate(("a", "b")):
        (tmp_path / folder).mkdir()
        images = np.full((3, 2, 2), value, np.uint8)
        np.savez_compressed(tmp_path / folder / "set.npz", images=images)
    for _ in range(2):
        for value, folder in enumerate(("a", "b")):
            rows = published.npz_rows(tmp_path / folder / "set.npz", "images")
            assert (rows == value).all()
    assert len(list((tmp_path / "cache").glob("set.npz.*.npy"))) == 2  # or they would take turns


def test_a_file_in_a_folder_that_was_replaced_is_read_again(tmp_path):
    folder = tmp_path / "folder"
    (folder / "below").mkdir(parents=True)
    part = folder / "below" / "part"

    def fill(target):
        target[:] = int(part.read_text())

    for value in (1, 2):
        part.write_text(str(value))
        os.utime(part, ns=(OLD, OLD))
        assert published.built(folder, "number", (1,), np.int32, fill).tolist() == [value]
    part.unlink()
    with pytest.raises(FileNotFoundError):
        published.built(folder, "number", (1,), np.int32, fill, parts=[part])
