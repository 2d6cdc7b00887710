import numpy as np
import pytest
from PIL import Image

from disentlib import data
from disentlib.data.sets.celeba import ATTRIBUTES, small

RNG = np.random.default_rng(0)
VALUES = RNG.choice([-1, 1], size=(7, 40))


@pytest.fixture
def folder(tmp_path):
    faces = tmp_path / "celeba" / "img_align_celeba"
    faces.mkdir(parents=True)
    for number in range(7):
        colours = RNG.integers(256, size=(6, 5, 3), dtype=np.uint8)
        Image.fromarray(colours).resize((178, 218)).save(faces / f"{number + 1:06}.jpg")
    lines = ["7", " ".join(ATTRIBUTES) + " "]
    lines += [
        f"{number + 1:06}.jpg " + " ".join(f"{value:2}" for value in row)
        for number, row in enumerate(VALUES)
    ]
    (faces.parent / "list_attr_celeba.txt").write_text("\n".join(lines) + "\n")
    return faces.parent


def test_photographs_come_with_their_attributes(folder):
    faces = data.CelebA(folder)
    factors, images = faces.sample(20, 0)
    assert images.shape == (20, 64, 64, 3)
    assert images.dtype == np.uint8
    rows = np.random.default_rng(0).integers(7, size=20)
    np.testing.assert_array_equal(factors, VALUES[rows] > 0)
    for image, row in zip(images, rows, strict=True):
        photograph = np.asarray(Image.open(folder / "img_align_celeba" / f"{row + 1:06}.jpg"))
        middle = Image.fromarray(photograph[35:183, 15:163])
        expected = middle.resize((64, 64), Image.Resampling.BILINEAR)
        np.testing.assert_array_equal(image, np.asarray(expected))


def test_the_list_may_be_a_csv_and_lie_one_folder_down(folder):
    text = folder / "list_attr_celeba.txt"
    rows = [["image_id", *ATTRIBUTES]] + [
        line.split() for line in text.read_text().splitlines()[2:]
    ]
    text.unlink()
    table = folder / "list_attr_celeba.csv"
    table.write_text("\n".join(",".join(row) for row in rows))
    faces = data.CelebA(folder.parent)
    assert faces.file == table
    np.testing.assert_array_equal(faces.table[0], VALUES > 0)


def test_without_a_grid_chosen_factors_are_refused_and_streams_still_run(folder):
    faces = data.CelebA(folder)
    with pytest.raises(ValueError, match="celeba has no full grid"):
        faces.images(np.zeros((1, 40), int))
    batch = next(iter(data.streams.images(faces, batch_size=5, seed=0)))
    assert batch.shape == (5, 64, 64, 3)


def test_verify_counts_the_photographs(folder):
    with pytest.raises(ValueError, match="expected 202,599 photographs, got 7"):
        list(data.CelebA(folder).verify())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda text: text.replace("7\n", "8\n", 1), "expected 8 lines of the 40 attributes"),
        (lambda text: text.replace("Young", "Old"), "of the 40 attributes"),
        (lambda text: text[:-20], "expected 40 attributes a line"),
        (lambda text: text.replace("-1", " 0"), "attributes of -1 and 1"),
        (lambda text: text.replace("-1", "no"), "expected 40 attributes a line"),
    ],
)
def test_another_list_is_refused(folder, change, message):
    path = folder / "list_attr_celeba.txt"
    path.write_text(change(path.read_text()))
    with pytest.raises(ValueError, match=message):
        data.CelebA(folder).table  # noqa: B018


def test_missing_and_damaged_photographs_are_named(folder, tmp_path):
    with pytest.raises(FileNotFoundError, match="list_attr_celeba"):
        data.CelebA(tmp_path / "empty")
    photograph = folder / "img_align_celeba" / "000003.jpg"
    photograph.write_bytes(photograph.read_bytes()[:300])
    with pytest.raises(ValueError, match=r"000003\.jpg is truncated"):
        data.CelebA(folder).table  # noqa: B018
    photograph.unlink()
    with pytest.raises(FileNotFoundError, match=r"000003\.jpg"):
        data.CelebA(folder).table  # noqa: B018
    with pytest.raises(ValueError, match="expected photographs of 178 x 218, got 64 x 64"):
        small(np.zeros((64, 64, 3), np.uint8))


def move(folder, *moves):
    """Lay an unpacked CelebA out in another way; returns the folder that a user would pass."""
    root = folder.parent / "other"
    for old, new in moves:
        (root / new).parent.mkdir(parents=True, exist_ok=True)
        (folder / old).rename(root / new)
    return root


FACES, LIST = "img_align_celeba", "list_attr_celeba.txt"


@pytest.mark.parametrize(
    ("moves", "passed"),
    [
        ([(FACES, FACES), (LIST, LIST)], "."),
        ([(FACES, f"{FACES}/{FACES}"), (LIST, LIST)], "."),
        ([(FACES, f"Img/{FACES}"), (LIST, f"Anno/{LIST}")], "."),
        ([(FACES, f"Img/{FACES}"), (LIST, f"Anno/{LIST}")], "Anno"),
        ([(FACES, f"CelebA/Img/{FACES}"), (LIST, f"CelebA/Anno/{LIST}")], "."),
        ([(FACES, f"celeba/{FACES}"), (LIST, f"celeba/{LIST}")], "."),
        ([(FACES, FACES), (LIST, f"Anno/{LIST}")], f"Anno/{LIST}"),
    ],
)
def test_every_way_of_unpacking_is_found(folder, moves, passed):
    expected = data.CelebA(folder).table
    (folder / f"{FACES}.images.npy").unlink()
    found = data.CelebA(move(folder, *moves) / passed).table
    for ours, theirs in zip(found, expected, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_png_pictures_are_found_under_the_names_of_the_list(folder):
    expected = data.CelebA(folder).table[1]
    other = folder / "img_align_celeba_png"
    other.mkdir()
    for path in (folder / FACES).iterdir():
        with Image.open(path) as picture:
            picture.save(other / f"{path.stem}.png")
        path.unlink()
    np.testing.assert_array_equal(data.CelebA(folder).table[1], expected)


@pytest.mark.parametrize(
    ("name", "separator", "header"),
    [
        ("list_eval_partition.txt", " ", ""),
        ("list_eval_partition.csv", ",", "image_id,partition\n"),
    ],
)
def test_partitions_draw_their_own_photographs_from_one_copy(folder, name, separator, header):
    parts = [0, 2, 0, 1, 0, 2, 0]
    lines = [f"{row + 1:06}.jpg{separator}{part}\n" for row, part in enumerate(parts)]
    (folder / name).write_text(header + "".join(lines))
    attributes, images = data.CelebA(folder).table
    for number, partition in enumerate(("train", "valid", "test")):
        faces = data.CelebA(folder, partition=partition)
        rows = np.flatnonzero(np.array(parts) == number)
        factors, drawn = faces.sample(50, 0)
        assert {tuple(row) for row in factors} == {tuple(row) for row in attributes[rows]}
        assert {row.tobytes() for row in drawn} == {images[row].tobytes() for row in rows}
        assert data.from_config(faces.config()).partition == partition
    with pytest.raises(ValueError, match="partition None or one of train, valid, test, got 'eval'"):
        data.CelebA(folder, partition="eval")
    (folder / name).write_text(lines[0])
    with pytest.raises(ValueError, match=r"000002\.jpg with 0, 1 or 2 in .*, got no line"):
        data.CelebA(folder, partition="train").sample(1, 0)


def test_a_replaced_photograph_is_read_again(folder):
    _, before = data.CelebA(folder).table
    before = before.copy()
    Image.new("RGB", (178, 218), "red").save(folder / FACES / "000003.jpg")
    _, after = data.CelebA(folder).table
    assert (after[2] == after[2, 0, 0]).all()
    np.testing.assert_array_equal(np.delete(after, 2, 0), np.delete(before, 2, 0))


def test_names_that_lead_elsewhere_are_refused(folder):
    path = folder / LIST
    path.write_text(path.read_text().replace("000003.jpg", "../3.jpg"))
    with pytest.raises(ValueError, match=r"names of photographs in .*, got '\.\./3\.jpg'"):
        data.CelebA(folder).table  # noqa: B018
