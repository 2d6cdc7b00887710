import tracemalloc

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
    with pytest.raises(ValueError, match=r"expected 2 values in line 2 of .*factors\.csv, got 1"):
        data.import_data(tmp_path / "empty", target)
    assert not target.exists()
    with pytest.raises(FileNotFoundError, match="disentlib data import"):
        data.ImportedData(target)


@pytest.mark.parametrize("name", ["../outside.png", "/etc/outside.png", "inner/../../outside.png"])
def test_a_list_names_pictures_of_its_own_folder_only(tmp_path, name):
    source = save_pictures(tmp_path)
    (source / "factors.csv").write_text(f"picture,hue\n0.png,1\n{name},2\n")
    with pytest.raises(ValueError, match=r"expected pictures inside .*, got '.*outside\.png'"):
        data.import_data(source, tmp_path / "mine.npz")


def test_grey_pictures_among_coloured_ones_become_colour(tmp_path):
    save_pictures(tmp_path)
    grey = Image.fromarray(IMAGES[3]).convert("L")
    grey.save(tmp_path / "3.png")
    mine = data.import_data(tmp_path, tmp_path / "mine.npz")
    np.testing.assert_array_equal(mine.rows[3], np.repeat(np.asarray(grey)[..., None], 3, 2))
    np.testing.assert_array_equal(mine.rows[4], IMAGES[4])


def test_hidden_pixels_need_a_background(tmp_path):
    save_pictures(tmp_path)
    hidden = np.concatenate([IMAGES[3], np.zeros((6, 5, 1), np.uint8)], axis=2)
    Image.fromarray(hidden).save(tmp_path / "3.png")
    with pytest.raises(ValueError, match=r"transparent pixels at .*3\.png, got mode RGBA"):
        data.import_data(tmp_path, tmp_path / "mine.npz")
    mine = data.import_data(tmp_path, tmp_path / "mine.npz", background="white")
    assert (mine.rows[3] == 255).all()


def many_as_npz(folder, zeros):
    np.savez_compressed(folder / "many.npz", images=zeros, factors=np.arange(len(zeros)) % 2)
    return folder / "many.npz"


def many_as_hdf5(folder, zeros):
    with h5py.File(folder / "many.h5", "w") as file:
        chunks = (100, *zeros.shape[1:])
        file.create_dataset("images", data=zeros, chunks=chunks, compression="gzip")
        file["factors"] = np.arange(len(zeros)) % 2
    return folder / "many.h5"


def many_as_pictures(folder, zeros):
    source = folder / "many"
    source.mkdir()
    Image.fromarray(zeros[0]).save(source / "0.png")
    lines = ["picture,kind", *(f"0.png,{row % 2}" for row in range(len(zeros)))]
    (source / "list.csv").write_text("\n".join(lines))
    return source


@pytest.mark.parametrize("save", [many_as_npz, many_as_hdf5, many_as_pictures])
def test_memory_does_not_grow_with_the_set(tmp_path, save):
    """Of 72 MB of images, a few blocks of 8 MB are ever held."""
    source = save(tmp_path, np.zeros((1500, 160, 100, 3), np.uint8))
    tracemalloc.start()
    try:
        mine = data.import_data(source, tmp_path / "mine.npz")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert mine.rows.nbytes == 72_000_000
    assert peak < 32_000_000


@pytest.mark.parametrize(
    ("arrays", "error", "message"),
    [
        ({"imgs": IMAGES, "factors": GRID}, ValueError, "'images' in .*, found factors, imgs"),
        ({"images": IMAGES, "latents": GRID}, ValueError, "'factors' in .*, found images, latents"),
        ({"images": IMAGES.astype(int), "factors": GRID}, TypeError, "got int64: .*in .*mine"),
        ({"images": IMAGES // 255, "factors": GRID}, ValueError, "only 0 and 1: .*in .*mine"),
        ({"images": IMAGES[0, 0, 0], "factors": GRID}, ValueError, r"got \(3,\) \(in .*mine"),
        ({"images": IMAGES, "factors": GRID[:3]}, ValueError, r"factors .* got .*in .*mine"),
    ],
)
@pytest.mark.parametrize("kind", ["npz", "h5"])
def test_other_contents_are_named_with_their_file(tmp_path, kind, arrays, error, message):
    path = tmp_path / f"mine.{kind}"
    if kind == "npz":
        np.savez(path, **arrays)
    else:
        with h5py.File(path, "w") as file:
            for key, array in arrays.items():
                file[key] = array
    with pytest.raises(error, match=message):
        data.import_data(path, tmp_path / "out.npz")
    assert [file.name for file in tmp_path.iterdir()] == [path.name]
    if kind == "npz":
        with pytest.raises(error, match=message):
            data.ImportedData(path)


def test_a_hdf5_of_links_brings_nothing_of_other_files(tmp_path):
    (tmp_path / "secret").write_bytes(b"secret" * 100)
    with h5py.File(tmp_path / "mine.h5", "w") as file:
        raw = [(str(tmp_path / "secret"), 0, h5py.h5f.UNLIMITED)]
        file.create_dataset("images", (2, 4, 4), "u1", external=raw)
        file["factors"] = [0, 1]
    with pytest.raises(ValueError, match=r"mine\.h5 itself, got external storage"):
        data.import_data(tmp_path / "mine.h5", tmp_path / "out.npz")


def test_an_archive_that_asks_for_much_is_refused_before_it_is_read(tmp_path, monkeypatch):
    monkeypatch.setenv("DISENTLIB_LIMIT_GB", "0.01")
    np.savez_compressed(tmp_path / "a.npz", images=IMAGES, factors=np.zeros((12, 200_000)))
    with pytest.raises(ValueError, match=r"at most 0\.01 GB, got arrays factors of 0\.019 GB"):
        data.import_data(tmp_path / "a.npz", tmp_path / "out.npz")


def save_table(folder, text, name="table.csv"):
    """Write six pictures, and a table of text beside them."""
    for number in range(6):
        Image.fromarray(IMAGES[number]).save(folder / f"{number}.png")
    (folder / name).write_bytes(text if isinstance(text, bytes) else text.encode())


def test_whole_floats_are_in_numeric_order_and_words_keep_their_spelling(tmp_path):
    """pandas writes labels as 10.0 as soon as one is missing; alphabetically that is before 2.0."""
    angles, kinds = [10.0, 2.0, 0.0, 2.0, 11.0, 0.0], ["Würfel", "heart", "ball"] * 2
    rows = [f"{i};{i}.png;{a};{k}" for i, (a, k) in enumerate(zip(angles, kinds, strict=True))]
    save_table(tmp_path, "\n".join([";picture;angle;kind", *rows]).encode("latin-1"))
    said = []
    mine = data.import_data(tmp_path, tmp_path / "mine.npz", say=said.append)
    assert mine.factor_names == ("angle", "kind")
    assert mine.values[0].tolist() == [0, 2, 10, 11]
    assert mine.values[1].tolist() == ["Würfel", "ball", "heart"]
    assert mine.factors.tolist() == [[2, 0], [1, 2], [0, 1], [1, 0], [3, 2], [0, 1]]
    assert [part for note in said for part in note.split(": ")[1:]] == [
        "read as windows-1252",
        "left out the column without a name, which numbers the rows",
    ]
    again = data.ImportedData(tmp_path / "mine.npz")
    assert again.values[1].tolist() == ["Würfel", "ball", "heart"]


def test_pictures_may_be_the_index(tmp_path):
    save_table(tmp_path, ",kind\n0.png,a\n1.png,b\n")
    mine = data.import_data(tmp_path, tmp_path / "mine.npz")
    assert mine.factor_names == ("kind",)


def test_rows_without_a_label(tmp_path):
    save_table(tmp_path, "picture,kind\n0.png,1.0\n1.png,\n2.png,NaN\n3.png,0.0\n")
    target = tmp_path / "mine.npz"
    with pytest.raises(ValueError, match=r"value of 'kind' in line 3 of .*, 2 rows in all"):
        data.import_data(tmp_path, target)
    said = []
    mine = data.import_data(tmp_path, target, drop_missing=True, say=said.append)
    assert "left out 2 of 4 rows" in said[0]
    assert mine.factors.ravel().tolist() == [1, 0]
    np.testing.assert_array_equal(mine.rows, IMAGES[[0, 3]])


@pytest.mark.parametrize("text", ["0.png,1\n1.png,2\n", "0.png,red\n1.png,blue\n"])
def test_a_first_row_is_not_lost_as_a_header(tmp_path, text):
    save_table(tmp_path, text)
    with pytest.raises(ValueError, match="write a header above them"):
        data.import_data(tmp_path, tmp_path / "mine.npz")


def test_two_columns_of_one_name(tmp_path):
    save_table(tmp_path, "picture,kind,kind\n0.png,1,2\n1.png,0,1\n")
    with pytest.raises(ValueError, match="two of name 'kind': columns 2 and 3"):
        data.import_data(tmp_path, tmp_path / "mine.npz")
