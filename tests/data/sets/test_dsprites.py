"""Files of the published layout, whole and broken, over a small grid."""

import zipfile

import h5py
import numpy as np
import pytest

from disentlib import data
from disentlib.data.sets import dsprites


class SmallDSprites(data.DSprites):
    """The same reader over 3 x 2 x 3 x 4 x 4 images."""

    factor_sizes = (3, 2, 3, 4, 4)


GRID = data.DSpritesRendered().grid_factors(range(0, 737_280, 2560))
COUNT = len(GRID)  # any 288 images do


@pytest.fixture(scope="module")
def arrays():
    sizes = SmallDSprites.factor_sizes
    classes = np.stack(np.unravel_index(np.arange(COUNT), sizes), axis=1)
    classes = np.concatenate([np.zeros((COUNT, 1), int), classes], axis=1)
    return {
        "metadata": np.array({"title": "pickled by Python 2"}, dtype=object),
        "imgs": (data.DSpritesRendered().images(GRID)[..., 0] // 255).astype(np.uint8),
        "latents_classes": classes,
        "latents_values": classes.astype(np.float64),
    }


def write_hdf5(path, arrays):
    with h5py.File(path, "w") as file:
        file.create_dataset(
            "imgs", data=arrays["imgs"], chunks=(100, 2, 4), compression="gzip", fletcher32=True
        )
        file["latents/classes"] = arrays["latents_classes"]
        file["latents/values"] = arrays["latents_values"]


@pytest.fixture(params=["npz", "hdf5"])
def path(request, tmp_path, arrays):
    path = tmp_path / f"{dsprites.FILE}.{request.param}"
    if request.param == "npz":
        np.savez_compressed(path, **arrays)
    else:
        write_hdf5(path, arrays)
    return path


def test_images_are_those_of_the_file(path, arrays):
    sprites = SmallDSprites(path)
    factors = arrays["latents_classes"][[0, 17, 287, 17], 1:]
    images = sprites.images(factors)
    assert images.dtype == np.uint8
    np.testing.assert_array_equal(images[..., 0], 255 * arrays["imgs"][[0, 17, 287, 17]])


def test_reading_in_small_blocks_gives_the_same(path, arrays, monkeypatch):
    monkeypatch.setattr("disentlib.data.published.BLOCK", 5000)
    bits = SmallDSprites(path).bits
    np.testing.assert_array_equal(bits, np.packbits(arrays["imgs"], axis=-1))


def test_a_folder_or_the_environment_says_where_the_file_is(path, monkeypatch):
    assert SmallDSprites(path.parent).file == path
    monkeypatch.setenv("DISENTLIB_DATA", str(path.parent))
    assert SmallDSprites().file == path
    assert data.from_config(data.DSprites(path).config()).file == path


def test_a_missing_file_says_what_to_download_and_names_the_stand_in(tmp_path):
    with pytest.raises(FileNotFoundError) as caught:
        data.DSprites(tmp_path)
    for part in (str(tmp_path), ".npz", "github.com", "DISENTLIB_DATA", "DSpritesRendered"):
        assert part in str(caught.value)
    with pytest.raises(FileNotFoundError, match=r"no file .*/other\.npz"):
        data.DSprites(tmp_path / "other.npz")


@pytest.mark.parametrize("kept", [0.0, 0.3, 0.98])
def test_a_truncated_file_is_named(path, kept):
    content = path.read_bytes()
    path.write_bytes(content[: int(kept * len(content))])
    with pytest.raises(ValueError, match=f"{path} is truncated, damaged or another kind of file"):
        SmallDSprites(path).bits  # noqa: B018


def test_a_corrupted_file_is_named(path, arrays):
    content = bytearray(path.read_bytes())
    if path.suffix == ".npz":
        with zipfile.ZipFile(path) as archive:
            middle = archive.getinfo("imgs.npy").header_offset + 1000
    else:
        with h5py.File(path) as file:
            middle = file["imgs"].id.get_chunk_info(40).byte_offset + 10
    content[middle : middle + 20] = bytes(20)
    path.write_bytes(content)
    with pytest.raises(ValueError, match="truncated, damaged or another kind of file"):
        SmallDSprites(path).bits  # noqa: B018


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"imgs": lambda a: a[:-1]}, r"imgs of shape \(288, 64, 64\) .* got \(287, 64, 64\)"),
        ({"imgs": lambda a: a[:, :32]}, r"got \(288, 32, 64\)"),
        ({"imgs": lambda a: a * 255}, "uint8 0 and 1"),
        ({"imgs": lambda a: a.astype(np.float32)}, "uint8 0 and 1"),
        ({"latents_classes": lambda a: a[::-1]}, r"image 0 .* factors \[0, 0, 0, 0, 0\], got \[2"),
        ({"latents_classes": lambda a: a[:-1]}, r"latents classes of shape \(288, 6\)"),
    ],
)
def test_another_layout_is_refused(path, arrays, change, message):
    changed = {key: change.get(key, lambda a: a)(array) for key, array in arrays.items()}
    if path.suffix == ".npz":
        np.savez_compressed(path, **changed)
    else:
        path.unlink()
        write_hdf5(path, changed)
    with pytest.raises(ValueError, match=message):
        SmallDSprites(path).bits  # noqa: B018


def test_pickled_and_missing_arrays_are_refused(tmp_path, arrays):
    path = tmp_path / "file.npz"
    np.savez(path, **{**arrays, "imgs": np.array([None] * 3)})
    with pytest.raises(ValueError, match="expected numbers in C order, got object"):
        SmallDSprites(path).bits  # noqa: B018
    np.savez(path, latents_classes=arrays["latents_classes"])
    with pytest.raises(ValueError, match="expected an array 'imgs'"):
        SmallDSprites(path).bits  # noqa: B018


def test_verify_counts_what_it_knows_about_the_published_file(path, arrays, monkeypatch):
    with pytest.raises(ValueError, match="expected MD5"):
        list(SmallDSprites(path).verify())
    monkeypatch.setattr(dsprites, "CHECKSUMS", {})
    with pytest.raises(ValueError, match="expected 128,328,862 on-pixels"):
        list(SmallDSprites(path).verify())
    monkeypatch.setattr(dsprites, "ON_PIXELS", int(arrays["imgs"].sum()))
    assert list(SmallDSprites(path).verify()) == [
        "288 images in the order of their factors",
        f"{arrays['imgs'].sum():,} on-pixels",
    ]


def test_two_threads_read_the_file_once(path, monkeypatch):
    import threading

    sprites = SmallDSprites(path)
    reads = []
    read = sprites._read
    monkeypatch.setattr(sprites, "_read", lambda: (reads.append(1), read())[1])
    threads = [threading.Thread(target=lambda: sprites.bits) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(reads) == 1
