import numpy as np
import pytest
from PIL import Image

from disentlib import data
from disentlib.data.celeba import ATTRIBUTES, small

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
