"""Pictures of every kind that cameras and programs write, against what their pixels were."""

import os

import numpy as np
import pytest
from PIL import Image

from disentlib.data import pictures

RNG = np.random.default_rng(0)
GREY = RNG.integers(256, size=(5, 7), dtype=np.uint8)
COLOUR = RNG.integers(256, size=(5, 7, 3), dtype=np.uint8)


def read(path, **options):
    """The pixels of a picture, having checked that its header promised their shape."""
    image = pictures.plain(path, **options)
    pixels = np.asarray(image)
    height, width, channels = pictures.shape(path)
    assert pixels.reshape(height, width, -1).shape[2] == channels
    assert pixels.dtype == np.uint8
    return pixels


@pytest.mark.parametrize("kind", ["png", "bmp", "tiff", "webp"])
def test_bytes_stay_as_they_are(tmp_path, kind):
    for pixels in (GREY, COLOUR):
        path = tmp_path / f"a.{kind}"
        Image.fromarray(pixels).save(path, **({"lossless": True} if kind == "webp" else {}))
        expected = np.repeat(GREY[..., None], 3, 2) if kind == "webp" and pixels is GREY else pixels
        np.testing.assert_array_equal(read(path), expected)


@pytest.mark.parametrize("kind", ["png", "tiff"])
def test_sixteen_bits_are_rounded_to_eight(tmp_path, kind):
    deep = RNG.integers(65536, size=(5, 7), dtype=np.uint16)
    deep[0, :3] = 0, 128, 65535
    Image.fromarray(deep).save(tmp_path / f"a.{kind}")
    expected = np.round(deep.astype(np.float64) / 65535 * 255)
    np.testing.assert_array_equal(read(tmp_path / f"a.{kind}"), expected)


def test_one_bit_is_black_and_white(tmp_path):
    Image.fromarray(GREY > 100).save(tmp_path / "a.png")
    np.testing.assert_array_equal(read(tmp_path / "a.png"), np.where(GREY > 100, 255, 0))


def test_palettes_are_the_colours_that_they_stand_for(tmp_path):
    image = Image.fromarray(GREY % 4).convert("P")
    image.putpalette([9, 8, 7, 90, 80, 70, 200, 100, 0, 1, 2, 3])
    image.save(tmp_path / "a.png")
    with Image.open(tmp_path / "a.png") as saved_image:
        assert saved_image.mode == "P"
    palette = np.array([[9, 8, 7], [90, 80, 70], [200, 100, 0], [1, 2, 3]])
    np.testing.assert_array_equal(read(tmp_path / "a.png"), palette[GREY % 4])


def test_inks_become_colours(tmp_path):
    inks = np.array([[[0, 0, 0, 0], [255, 0, 0, 0], [0, 0, 0, 255], [0, 255, 255, 0]]], np.uint8)
    Image.fromarray(inks, "CMYK").save(tmp_path / "a.tiff")
    expected = [[[255, 255, 255], [0, 255, 255], [0, 0, 0], [255, 0, 0]]]
    np.testing.assert_array_equal(read(tmp_path / "a.tiff"), expected)


@pytest.mark.parametrize(("turn", "upright"), [(1, 0), (3, 2), (6, 3), (8, 1)])
def test_a_camera_that_was_turned_is_turned_back(tmp_path, turn, upright):
    exif = Image.Exif()
    exif[0x0112] = turn
    Image.fromarray(COLOUR).save(tmp_path / "a.png", exif=exif)
    np.testing.assert_array_equal(read(tmp_path / "a.png"), np.rot90(COLOUR, upright))


@pytest.mark.parametrize("mode", ["LA", "RGBA", "P", "tRNS"])
def test_what_transparency_hides_does_not_show(tmp_path, mode):
    """Three pixels: seen, hidden (of the colour 200), seen."""
    path = tmp_path / "a.png"
    if mode in ("P", "tRNS"):
        image = Image.fromarray(np.array([[10, 200, 30]], np.uint8))
        image = image.convert("P") if mode == "P" else image
        image.save(path, transparency=200)
    else:
        channels = 1 if mode == "LA" else 3
        pixels = np.repeat([[[10], [200], [30]]], channels, axis=2)
        above = np.array([[[255], [0], [255]]])
        Image.fromarray(np.concatenate([pixels, above], axis=2).astype(np.uint8), mode).save(path)
    with pytest.raises(ValueError, match=r"transparent pixels at .*a\.png, got mode .*background"):
        read(path)
    for background, value in (("black", 0), ("white", 255)):
        assert read(path, background=background).reshape(3, -1)[:, 0].tolist() == [10, value, 30]


def test_what_is_half_seen_is_mixed_with_the_background(tmp_path):
    Image.fromarray(np.array([[[100, 50, 0, 128]]], np.uint8), "RGBA").save(tmp_path / "a.png")
    mixed = read(tmp_path / "a.png", background="white")[0, 0]
    np.testing.assert_allclose(mixed, np.array([100, 50, 0]) * 128 / 255 + 255 * 127 / 255, atol=1)


def test_an_opaque_alpha_channel_is_left_out(tmp_path):
    opaque = np.full((5, 7, 1), 255, np.uint8)
    for pixels, mode in ((GREY[..., None], "LA"), (COLOUR, "RGBA")):
        image = Image.fromarray(np.concatenate([pixels, opaque], axis=2), mode)
        image.save(tmp_path / "a.png")
        np.testing.assert_array_equal(read(tmp_path / "a.png"), pixels.squeeze())


POSTSCRIPT = "%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n"  # a program that PIL would run


def saved(pixels):
    return lambda path: Image.fromarray(pixels).save(path)


def save_frames(path):
    first, second = Image.fromarray(GREY), Image.fromarray(255 - GREY)
    first.save(path, save_all=True, append_images=[second])


@pytest.mark.parametrize(
    ("name", "save", "message"),
    [
        ("a.tiff", saved(GREY.astype(np.float32)), r"got mode F \(TIFF\)"),
        ("a.tiff", saved(GREY.astype(np.int32)), r"got mode I \(TIFF\)"),
        ("a.tiff", save_frames, r"expected one picture at .*got 2 frames"),
        ("a.gif", save_frames, r"expected one picture at .*got 2 frames"),
        ("a.png", lambda path: path.write_bytes(b""), "is truncated, damaged or another kind"),
        ("a.png", lambda path: path.write_text(POSTSCRIPT), "is truncated, damaged or another"),
        ("a.png", lambda path: path.symlink_to("/dev/zero"), "ordinary file .* got a device"),
        ("a.png", os.mkfifo, "ordinary file .* got a device or a pipe"),
    ],
)
def test_other_kinds_are_refused_by_name(tmp_path, name, save, message):
    path = tmp_path / name
    save(path)
    for reading in (pictures.shape, pictures.plain):
        with pytest.raises(ValueError, match=message) as caught:
            reading(path)
        assert str(path) in str(caught.value)


def test_a_picture_cut_short_is_named(tmp_path):
    path = tmp_path / "a.png"
    Image.fromarray(RNG.integers(256, size=(99, 99, 3), dtype=np.uint8)).save(path)
    path.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(ValueError, match=r"a\.png is truncated"):
        pictures.plain(path)


def test_a_picture_that_asks_for_much_is_refused_before_it_is_read(tmp_path):
    Image.new("1", (20_000, 10_000)).save(tmp_path / "a.png")
    with pytest.raises(ValueError, match=r"a\.png is truncated.* size .*exceeds limit"):
        pictures.shape(tmp_path / "a.png")
