"""Shards written here, read by TensorFlow Datasets and by its reader here."""

import fcntl
import threading

import numpy as np
import pytest
import tensorflow_datasets as tfds

from disentlib import data
from disentlib.data import preparing

SPRITES = data.MiniSprites()
EVERY = SPRITES.grid_factors(range(576))


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tfds")
    data.prepare(SPRITES, folder, shard_size=100)
    return folder


def test_tensorflow_datasets_reads_what_was_written(data_dir):
    stream, info = tfds.load(
        "disentlib_mini_sprites", data_dir=data_dir, split="train", with_info=True
    )
    assert info.splits["train"].num_examples == 576
    assert info.features["label_pos_x"].num_classes == 8
    examples = list(tfds.as_numpy(stream))
    labels = np.array([[e[f"label_{name}"] for name in SPRITES.factor_names] for e in examples])
    assert len(np.unique(SPRITES.grid_indices(labels))) == 576
    images = np.stack([example["image"] for example in examples])
    np.testing.assert_array_equal(images, SPRITES.images(labels))


def test_the_reader_here_gives_the_set_back(data_dir):
    again = data.TFDSData(data_dir)
    assert again.factor_names == SPRITES.factor_names
    assert again.has_full_grid
    np.testing.assert_array_equal(again.images(EVERY), SPRITES.images(EVERY))
    rebuilt = data.from_config(again.config())
    np.testing.assert_array_equal(rebuilt.images(EVERY[:3]), SPRITES.images(EVERY[:3]))
    some = data.TFDSData(data_dir, tfds_name="disentlib_mini_sprites", labels=["label_shape"])
    assert some.factor_sizes == (3,)
    assert not some.deterministic


def test_what_is_not_there_is_named(data_dir, tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no dataset_info\.json"):
        data.TFDSData(tmp_path)
    with pytest.raises(ValueError, match="expected a feature 'label_hue'"):
        data.TFDSData(data_dir, labels=["label_hue"])


def test_a_call_that_was_cut_short_goes_on_where_it_stopped(tmp_path, monkeypatch):
    records = preparing._records
    calls = []

    def failing(source, rows, number):
        calls.append(number)
        if len(calls) == 4:
            raise KeyboardInterrupt
        return records(source, rows, number)

    monkeypatch.setattr(preparing, "_records", failing)
    with pytest.raises(KeyboardInterrupt):
        data.prepare(SPRITES, tmp_path, shard_size=100)
    assert data.prepared.find(tmp_path, "disentlib_mini_sprites") is None
    steps = []
    data.prepare(SPRITES, tmp_path, shard_size=100, progress=lambda *step: steps.append(step))
    assert calls == [0, 1, 2, 3, 3, 4, 5]
    assert steps[-1] == (576, 576)
    np.testing.assert_array_equal(data.TFDSData(tmp_path).images(EVERY), SPRITES.images(EVERY))


def test_floats_are_rounded_and_chance_is_drawn_once_an_image(tmp_path):
    class SmallColours(data.ColorDSpritesRendered):
        factor_sizes = (3, 1, 1, 4, 4)

    data.prepare(SmallColours(), tmp_path, shard_size=20)
    again = data.TFDSData(tmp_path)
    first, other = again.images(np.array([[0, 0, 0, 1, 1], [0, 0, 0, 2, 1]]))
    assert 120 < first.max() <= 255
    assert (first.max(axis=(0, 1)) != other.max(axis=(0, 1))).any()


def test_a_second_writer_waits_for_the_first(tmp_path):
    folder = tmp_path / "disentlib_mini_sprites" / preparing.VERSION
    folder.mkdir(parents=True)
    second = threading.Thread(target=data.prepare, args=(SPRITES, tmp_path))
    with (folder / "lock").open("w") as lock:  # as the first writer holds it
        fcntl.flock(lock, fcntl.LOCK_EX)
        second.start()
        second.join(0.5)
        assert second.is_alive()
        assert [file.name for file in folder.iterdir()] == ["lock"]
    second.join()
    np.testing.assert_array_equal(data.TFDSData(tmp_path).images(EVERY), SPRITES.images(EVERY))


def test_a_folder_that_cannot_be_written_and_a_set_without_a_grid_are_refused(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="file"):
        data.prepare(SPRITES, tmp_path / "file")
    mine = data.ArrayData(np.zeros((3, 4, 4), np.uint8), [[0, 0], [0, 1], [1, 0]])
    with pytest.raises(ValueError, match="array_data has no full grid"):
        data.prepare(mine, tmp_path)
