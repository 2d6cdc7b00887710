"""The binary layout written byte for byte, over a small grid."""

import gzip

import numpy as np
import pytest
from PIL import Image

from disentlib import data
from disentlib.data.sets.smallnorb import PARTS

SIZES = (2, 10, 2, 3, 2)  # with the instance in second place


class SmallSmallNORB(data.SmallNORB):
    factor_sizes = (2, 2, 3, 2)


def matrix(array, magic):
    """Bytes of a matrix: magic, dimensions, at least three sizes, elements, little-endian."""
    sizes = [*array.shape, 1, 1][: max(3, array.ndim)]
    return np.array([magic, array.ndim, *sizes], "<i4").tobytes() + array.tobytes()


@pytest.fixture(scope="module")
def norb():
    rng = np.random.default_rng(0)
    factors = np.stack(np.unravel_index(np.arange(np.prod(SIZES)), SIZES), axis=1)
    coarse = rng.integers(256, size=(len(factors), 2, 12, 12), dtype=np.uint8)
    return rng.permutation(factors), coarse.repeat(8, axis=2).repeat(8, axis=3)


def write(folder, factors, images, *, packed=False):
    folder.mkdir(exist_ok=True)
    train = np.isin(factors[:, 1], (4, 6, 7, 8, 9))
    for part, rows in zip(PARTS, (train, ~train), strict=True):
        info = factors[rows, 1:].astype("<i4")
        info[:, 2] *= 2
        contents = {
            "dat": matrix(images[rows], 0x1E3D4C55),
            "cat": matrix(factors[rows, 0].astype("<i4"), 0x1E3D4C54),
            "info": matrix(info, 0x1E3D4C54),
        }
        for kind, content in contents.items():
            if packed:
                with gzip.open(folder / f"{part}-{kind}.mat.gz", "wb", compresslevel=1) as file:
                    file.write(content)
            else:
                (folder / f"{part}-{kind}.mat").write_bytes(content)
    return folder


@pytest.mark.parametrize("packed", [False, True])
def test_toys_are_found_by_their_factors_and_the_instance_by_chance(tmp_path, norb, packed):
    factors, images = norb
    toys = SmallSmallNORB(write(tmp_path / "small_norb", factors, images, packed=packed))
    wanted = toys.sample_factors(8, 0)
    instance = np.random.RandomState(3).randint(10, size=8)
    drawn = toys.images(wanted, np.random.RandomState(3))
    assert drawn.dtype == np.uint8
    for image, row, toy in zip(drawn, wanted, instance, strict=True):
        full = [row[0], toy, *row[1:]]
        source = images[(factors == full).all(axis=1)][0, 0]
        small = Image.fromarray(source).resize((64, 64), Image.Resampling.LANCZOS)
        np.testing.assert_array_equal(image[:, :, 0], np.asarray(small))


def test_the_reference_does_not_clip_what_its_filter_overshoots(tmp_path, norb):
    folder = write(tmp_path / "small_norb", *norb)
    clipped = SmallSmallNORB(folder)
    reference = SmallSmallNORB(folder, protocol="locatello2019")
    factors = clipped.grid_factors(range(24))
    images = reference.images(factors, 0)
    assert images.dtype == np.float32
    assert images.min() < 0
    assert images.max() > 1
    whole = clipped.images(factors, 0) / 255
    # Pillow clips bytes between its two passes as well, which moves corners a little.
    assert abs(np.clip(images, 0, 1) - whole).mean() < 0.001
    with pytest.raises(ValueError, match="expected protocol None or"):
        SmallSmallNORB(folder, protocol="norb")


def test_a_missing_file_is_named_with_where_to_get_it(tmp_path, norb):
    folder = write(tmp_path / "small_norb", *norb)
    (folder / f"{PARTS[1]}-info.mat").unlink()
    with pytest.raises(FileNotFoundError, match=r"testing-info\.mat .*cs\.nyu\.edu"):
        SmallSmallNORB(folder)


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("kind", ["dat", "cat", "info"])
def test_truncated_files_are_named(tmp_path, norb, packed, kind):
    folder = write(tmp_path / "small_norb", *norb, packed=packed)
    file = folder / f"{PARTS[0]}-{kind}.mat{'.gz' if packed else ''}"
    file.write_bytes(file.read_bytes()[:-9])
    with pytest.raises(ValueError, match=f"{file.name} is truncated, damaged"):
        SmallSmallNORB(folder).rows  # noqa: B018
    file.write_bytes(b"not a matrix at all")
    with pytest.raises(ValueError, match=f"{file.name} is truncated, damaged"):
        SmallSmallNORB(folder).rows  # noqa: B018


def test_features_must_cover_the_grid_exactly_once(tmp_path, norb):
    factors, images = norb
    twice = factors.copy()
    twice[twice[:, 0].argmin()] = twice[twice[:, 0].argmax()]
    with pytest.raises(ValueError, match=r"exactly once .* 1 missing and 1 repeated"):
        SmallSmallNORB(write(tmp_path / "twice", twice, images)).rows  # noqa: B018
    with pytest.raises(ValueError, match=r"exactly once .* 1 missing and 0 repeated"):
        SmallSmallNORB(write(tmp_path / "short", factors[1:], images[1:])).rows  # noqa: B018
    beyond = factors.copy()
    beyond[0, 4] = SIZES[4]  # a value equal to the size is outside
    with pytest.raises(ValueError, match=r"below \(2, 10, 2, 3, 2\)"):
        SmallSmallNORB(write(tmp_path / "beyond", beyond, images)).rows  # noqa: B018
