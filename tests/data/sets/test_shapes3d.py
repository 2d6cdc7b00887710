"""Files of the published layout over a small grid."""

import h5py
import numpy as np
import pytest

from disentlib import data
from disentlib.data.sets import shapes3d

SIZES = (2, 2, 3, 2, 4, 3)
FACTORS = np.stack(np.unravel_index(np.arange(288), SIZES), axis=1)


class SmallShapes3D(data.Shapes3D):
    factor_sizes = SIZES


@pytest.fixture(scope="module")
def images():
    return data.Shapes3DRendered().images(FACTORS)


def write(path, images, labels=FACTORS, **options):
    options = {"chunks": (50, 16, 16, 3), "compression": "gzip", "fletcher32": True} | options
    with h5py.File(path, "w") as file:
        file.create_dataset("images", data=images, **options)
        file["labels"] = labels * [0.1, 0.1, 0.1, 0.07, 1, 4.3] + [0, 0, 0, 0.75, 0, -30]
    return path


def test_images_are_those_of_the_file(tmp_path, images):
    rooms = SmallShapes3D(write(tmp_path / "3dshapes.h5", images))
    rows = [0, 100, 287, 100]
    np.testing.assert_array_equal(rooms.images(FACTORS[rows]), images[rows])
    assert SmallShapes3D(tmp_path).file == rooms.file


def test_the_archive_with_one_axis_a_factor_is_read_too(tmp_path, images):
    path = tmp_path / shapes3d.PRIVATE
    np.savez(path, images=images.reshape(*SIZES, 64, 64, 3), labels=np.zeros(1))
    np.testing.assert_array_equal(SmallShapes3D(tmp_path).images(FACTORS), images)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda images, labels: (images[:-1], labels), r"images of shape \(288, 64, 64, 3\)"),
        (lambda images, labels: (images[:, :32], labels), r"got \(288, 32, 64, 3\)"),
        (lambda images, labels: (images / 255, labels), "images of type uint8"),
        (lambda images, labels: (images, labels[:-1]), r"labels of shape \(288, 6\)"),
        (lambda images, labels: (images, labels[::-1]), "floor_hue of image 0"),
        (lambda images, labels: (images, np.roll(labels, 1, axis=0)), "expected .* of image 0"),
    ],
)
def test_another_layout_is_refused(tmp_path, images, change, message):
    changed, labels = change(images, FACTORS)
    path = write(
        tmp_path / "3dshapes.h5", changed, labels, chunks=None, compression=None, fletcher32=False
    )
    with pytest.raises(ValueError, match=message):
        SmallShapes3D(path).rows  # noqa: B018


def test_truncated_and_corrupted_files_are_named(tmp_path, images):
    path = write(tmp_path / "3dshapes.h5", images)
    content = bytearray(path.read_bytes())
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(ValueError, match="truncated, damaged"):
        SmallShapes3D(path).rows  # noqa: B018
    path.write_bytes(content)
    with h5py.File(path) as file:
        start = file["images"].id.get_chunk_info(30).byte_offset + 20
    content[start : start + 30] = bytes(30)
    path.write_bytes(content)
    with pytest.raises(ValueError, match="truncated, damaged"):
        SmallShapes3D(path).rows  # noqa: B018
    assert [file.name for file in tmp_path.iterdir()] == ["3dshapes.h5"]


def test_a_missing_file_says_what_to_download_and_names_the_stand_in(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"3dshapes\.h5 .*github.*Shapes3DRendered"):
        data.Shapes3D(tmp_path)


def test_verify_compares_the_published_checksum(tmp_path, images):
    path = write(tmp_path / "other.h5", images)
    assert list(SmallShapes3D(path).verify()) == ["288 images of 64x64x3"]
    with pytest.raises(ValueError, match="expected MD5 099a"):
        list(SmallShapes3D(path.rename(tmp_path / "3dshapes.h5")).verify())
