import h5py
import numpy as np
import pytest
from PIL import Image

from disentlib import data

GRID = np.array([[i, j] for i in range(3) for j in range(4)])
IMAGES = np.random.default_rng(0).integers(256, size=(12, 6, 5, 3), dtype=np.uint8)


def save_npz(folder):
    np.savez(folder / "mine.npz", images=IMAGES, factors=GRID, names=["hue", "size"])
    return folder / "mine.npz"


def save_hdf5(folder):
    with h5py.File(folder / "mine.h5", "w") as file:
        file["images"], file["factors"] = IMAGES, GRID
        file["names"] = ["hue", "size"]
    return folder / "mine.h5"


def save_arrays(folder):
    np.save(folder / "images.npy", IMAGES)
    np.save(folder / "factors.npy", GRID)
    return folder


def save_pictures(folder):
    lines = ["picture,hue,size"]
    for number, (image, (hue, size)) in enumerate(zip(IMAGES, GRID, strict=True)):
        Image.fromarray(image).save(folder / f"{number}.png")
        lines.append(f"{number}.png,{hue},{size}")
    (folder / "factors.csv").write_text("\n".join(lines) + "\n\n")
    return folder


@pytest.mark.parametrize("save", [save_npz, save_hdf5, save_arrays, save_pictures])
def test_every_kind_of_source_becomes_the_same_set(tmp_path, save):
    source = tmp_path / "source"
    source.mkdir()
    mine = data.import_data(save(source), tmp_path / "out" / "mine.npz")
    assert mine.has_full_grid
    assert isinstance(mine.rows, np.memmap)
    np.testing.assert_array_equal(mine.images(GRID), IMAGES)
    if save is not save_arrays:
        assert mine.factor_names == ("hue", "size")
    again = data.from_config(mine.config())
    np.testing.assert_array_equal(again.images(GRID), IMAGES)
    assert [file.name for file in (tmp_path / "out").iterdir()] == ["mine.npz"]


def test_columns_are_words_whole_numbers_or_real_ones(tmp_path):
    lines = ["picture,kind,angle,count"]
    rows = [("cat", 0.5, 1), ("dog", 1.25, 1), ("cat", 2.0, 3)]
    for number, (kind, angle, count) in enumerate(rows):
        Image.fromarray(IMAGES[number]).save(tmp_path / f"{number}.png")
        lines.append(f"{number}.png,{kind},{angle},{count}")
    (tmp_path / "table.csv").write_text("\n".join(lines))
    mine = data.import_data(tmp_path, tmp_path / "mine.npz")
    assert mine.factor_names == ("kind", "angle", "count")
    assert mine.factor_sizes == (2, None, 2)
    np.testing.assert_array_equal(mine.factors, [[0, 0.5, 0], [1, 1.25, 0], [0, 2.0, 1]])


def test_pictures_of_several_sizes_need_a_side(tmp_path):
    save_pictures(tmp_path)
    Image.new("RGB", (9, 9)).save(tmp_path / "3.png")
    with pytest.raises(ValueError, match=r"one size, got \(6, 5, 3\) of 0\.png and \(9, 9, 3\)"):
        data.import_data(tmp_path, tmp_path / "mine.npz")
    assert data.import_data(tmp_path, tmp_path / "mine.npz", side=8).image_shape == (8, 8, 3)


def test_missing_and_damaged_sources_are_named(tmp_path):
    target = tmp_path / "out.npz"
    with pytest.raises(FileNotFoundError, match="no file or folder"):
        data.import_data(tmp_path / "nothing.npz", target)
    (tmp_path / "empty").mkdir()
    with pytest.raises(FileNotFoundError, match=r"pictures and one \.csv .* found 0"):
        data.import_data(tmp_path / "empty", target)
    path = save_npz(tmp_path)
    path.write_bytes(path.read_bytes()[:500])
    with pytest.raises(ValueError, match="truncated, damaged"):
        data.import_data(path, target)
    np.savez(path, images=IMAGES)
    with pytest.raises(ValueError, match="another kind of file"):
        data.import_data(path, target)
    np.savez(path, images=IMAGES, factors=np.array([None] * 12))
    with pytest.raises(ValueError, match="pickle"):
        data.import_data(path, target)
    np.savez(path, images=np.full((12, 4, 4), np.nan), factors=GRID)
    with pytest.raises(ValueError, match="got NaN"):
        data.import_data(path, target)
    save_pictures(tmp_path / "empty")
    (tmp_path / "empty" / "4.png").unlink()
    with pytest.raises(FileNotFoundError, match=r"4\.png"):
        data.import_data(tmp_path / "empty", target)
    (tmp_path / "empty" / "factors.csv").write_text("picture,hue\n0.png\n")
    with pytest.raises(ValueError, match="a file name and factors in each line"):
        data.import_data(tmp_path / "empty", target)
    assert not target.exists()
    with pytest.raises(FileNotFoundError, match="disentlib data import"):
        data.ImportedData(target)
