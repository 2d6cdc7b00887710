import base64
import io

import numpy as np
import pytest
from PIL import Image

from disentlib.visualization import encoding


def frames_of(content):
    image = Image.open(io.BytesIO(content))
    for k in range(image.n_frames):
        image.seek(k)
        yield np.asarray(image.convert("RGB")), image.info["duration"]


def test_png_keeps_every_pixel():
    picture = np.random.default_rng(0).integers(0, 256, (13, 7, 3), np.uint8)
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(encoding.png(picture)))), picture)
    grey = np.repeat(picture[..., :1], 3, axis=-1)
    image = Image.open(io.BytesIO(encoding.png(grey)))
    assert image.mode == "L"
    assert np.array_equal(np.asarray(image.convert("RGB")), grey)


def test_grey_gifs_keep_every_pixel_and_colours_stay_close():
    rng = np.random.default_rng(0)
    grey = np.repeat(rng.integers(0, 256, (5, 16, 16, 1), np.uint8), 3, axis=-1)
    seen = list(frames_of(encoding.gif(grey, fps=10)))
    assert [duration for _, duration in seen] == [100] * 5
    assert np.array_equal(np.stack([frame for frame, _ in seen]), grey)

    ramp = np.linspace(0, 255, 64).astype(np.uint8)
    colour = np.stack(
        [np.stack(np.broadcast_arrays(ramp, ramp[:, None], 80 * k), -1) for k in range(4)]
    )
    colour = colour.astype(np.uint8)
    seen = np.stack([frame for frame, _ in frames_of(encoding.gif(colour))])
    assert np.abs(seen.astype(int) - colour).mean() < 12


def test_a_gif_repeats_for_ever():
    frames = np.zeros((3, 4, 4, 3), np.uint8)
    frames[1], frames[2] = 100, 200
    assert Image.open(io.BytesIO(encoding.gif(frames))).info["loop"] == 0


def test_data_uri():
    head, _, tail = encoding.data_uri(b"\x00\xffabc", "image/png").partition(",")
    assert head == "data:image/png;base64"
    assert base64.b64decode(tail) == b"\x00\xffabc"


def test_save_makes_folders(tmp_path):
    path = encoding.save(tmp_path / "new" / "picture.png", b"content")
    assert path.read_bytes() == b"content"
    assert [p.name for p in path.parent.iterdir()] == ["picture.png"]


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: encoding.png(np.zeros((4, 4, 3))), TypeError, "expected uint8 pictures"),
        (lambda: encoding.png(np.zeros((4, 4), np.uint8)), ValueError, r"\(height, width, 3\)"),
        (lambda: encoding.gif(np.zeros((0, 4, 4, 3), np.uint8)), ValueError, r"\(n, height"),
        (lambda: encoding.gif(np.zeros((2, 4, 4, 3), np.uint8), fps=0), ValueError, "got 0"),
        (lambda: encoding.gif(np.zeros((2, 4, 4, 3), np.uint8), fps=51), ValueError, "got 51"),
    ],
)
def test_bad_arguments(call, error, message):
    with pytest.raises(error, match=message):
        call()
