import json
import sys
from pathlib import Path

import gin
import numpy as np
import pytest
from PIL import Image

from disentlib import data
from disentlib.cli import main
from disentlib.data import catalog
from disentlib.data.sets import dsprites

SMALL = (3, 2, 2, 4, 4)


@pytest.fixture
def published(tmp_path, monkeypatch):
    """A file of the published layout over a small grid, that `dsprites` reads."""
    classes = np.stack(np.unravel_index(np.arange(192), SMALL), axis=1)
    path = tmp_path / f"{dsprites.FILE}.npz"
    np.savez_compressed(
        path,
        imgs=data.DSpritesRendered().images(classes)[..., 0] // 255,
        latents_classes=np.concatenate([np.zeros((192, 1), int), classes], axis=1),
    )
    # Not a class of its own in the place of DSprites: gin would keep it for all later tests.
    monkeypatch.setattr(data.DSprites, "factor_sizes", SMALL)
    monkeypatch.setattr(dsprites, "CHECKSUMS", {})
    return path


def output(capsys, *arguments):
    code = main(["data", *map(str, arguments)])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_list_names_every_set(capsys):
    code, out, _ = output(capsys, "list")
    assert code == 0
    for name in catalog.SETS:
        assert name in out
    code, out, _ = output(capsys, "list", "--json")
    rows = {row["name"]: row for row in json.loads(out)}
    assert [*rows] == sorted([*catalog.SETS, "clustered_sources", "nonstationary_sources"])
    assert rows["nonstationary_sources"]["image_shape"] == [5]
    assert rows["nonstationary_sources"]["factors"] == {f"source_{k}": None for k in range(5)}
    assert rows["nonstationary_sources"]["gin"] is None
    assert rows["clustered_sources"]["gin"] == "data/clustered_sources.gin"


def test_show_draws_what_each_factor_does(capsys, tmp_path):
    code, out, err = output(capsys, "show", "dsprites_rendered", "--out", tmp_path / "new")
    assert (code, err) == (0, "")
    paths = out.splitlines()
    assert str(tmp_path / "new" / "variations_of_shape.png") in paths
    assert len(paths) == 5 + 5 + 1
    assert sorted(paths) == sorted(map(str, (tmp_path / "new").iterdir()))
    code, _, err = output(capsys, "show", "dsprite_rendered")
    assert code == 2
    assert "did you mean 'dsprites_rendered'?" in err


def test_info_shows_factors_and_what_is_missing(capsys, tmp_path, monkeypatch):
    monkeypatch.setenv("DISENTLIB_DATA", str(tmp_path))
    code, out, _ = output(capsys, "info", "dsprites_rendered")
    assert code == 0
    assert "orientation         40 values" in out
    assert "737,280 of 64x64x1, uint8" in out
    code, out, _ = output(capsys, "info", "dsprites")
    assert code == 0
    assert "missing: no dsprites_ndarray" in out
    code, out, _ = output(capsys, "info", "dsprites_rendered", "--json")
    assert json.loads(out)["factors"]["pos_x"] == 32


def test_verify_says_what_is_right_and_fails_on_what_is_not(capsys, published, monkeypatch):
    code, out, error = output(capsys, "verify", "dsprites", published)
    assert code == 1
    assert "good: 192 images in the order of their factors" in out
    assert "expected 128,328,862 on-pixels" in error
    monkeypatch.setattr(dsprites, "ON_PIXELS", int(np.load(published)["imgs"].sum()))
    assert output(capsys, "verify", "dsprites", published)[0] == 0


def test_compare_counts_differing_pixels(capsys, published):
    code, out, _ = output(capsys, "compare", published)
    assert code == 0
    assert "images that differ: 0 of 192" in out
    arrays = dict(np.load(published))
    arrays["imgs"][7, 30, 30] ^= 1
    arrays["imgs"][9, 1, 1:4] ^= 1
    np.savez_compressed(published, **arrays)
    code, out, _ = output(capsys, "compare", published)
    assert "images that differ: 2 of 192" in out
    assert f"pixels that differ: 4 of {192 * 64 * 64:,}" in out
    assert "for example factors [0, 0, 0, 1, 3], [0, 0, 0, 2, 1]" in out


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["info", "dsprite"], 2, "did you mean 'dsprites'?"),
        (["verify", "dsprites_rendered", "."], 2, "there is no file to verify"),
        (["compare", "/nowhere"], 1, "download dsprites_ndarray"),
    ],
)
def test_mistakes_are_one_line(capsys, arguments, code, message):
    got, _, error = output(capsys, *arguments)
    assert got == code
    assert message in error
    assert error.count("\n") == 1


def test_every_set_has_a_gin_file_that_makes_it(published, tmp_path, monkeypatch):
    from disentlib.cli import configuration

    Image.new("RGB", (300, 300)).save(tmp_path / "scream.jpg")
    monkeypatch.setenv("DISENTLIB_DATA", str(tmp_path))
    for name, kind in catalog.SETS.items():
        configuration.parse([f"data/{name}.gin"], [])
        make = gin.query_parameter("training.train.data").scoped_configurable_fn
        try:
            assert isinstance(make(), kind), name
        except FileNotFoundError:
            assert kind.needs != "nothing"


def test_show_writes_pictures_of_factors_and_samples(capsys, tmp_path):
    code, out, _ = output(capsys, "show", "mini_sprites", "--out", tmp_path / "pictures")
    assert code == 0
    names = {path.name for path in (tmp_path / "pictures").iterdir()}
    assert {"variations_of_shape.png", "animation_0.gif", "samples.png"} <= names
    with Image.open(tmp_path / "pictures" / "samples.png") as samples:
        assert samples.size == (128, 128)
    assert all(name in out for name in names)


def test_import_says_what_it_found(capsys, tmp_path):
    np.savez(tmp_path / "in.npz", images=np.zeros((3, 8, 8), np.uint8), factors=[[0.5], [1], [2]])
    code, out, _ = output(capsys, "import", tmp_path / "in.npz", "--out", tmp_path / "mine.npz")
    assert code == 0
    assert "3 images of 8x8x1, uint8" in out
    assert "factor_0            real-valued" in out
    assert f"data.ImportedData('{tmp_path}/mine.npz')" in out


def test_prepare_says_how_to_load(capsys, tmp_path):
    code, out, _ = output(capsys, "prepare", "mini_sprites", "--data_dir", tmp_path)
    assert code == 0
    assert "576 images in" in out
    assert f"tfds.load('disentlib_mini_sprites', data_dir='{tmp_path}')" in out


OWN = """
import numpy as np
from disentlib import data

class OwnBars(data.GroundTruthData):
    name = "own_bars"
    factor_names = ("height", "shade")
    factor_sizes = (4, 3)
    image_shape = (8, 8, 1)

    def _images(self, factors, rng):
        rows = np.arange(8)[:, None] < 2 * factors[:, :1, None]
        shade = (80 * (1 + factors[:, 1]))[:, None, None]
        return (rows * shade * np.ones(8, int)).astype(np.uint8)[..., None]

class Needy(OwnBars):
    def __init__(self, width):
        self.width = width
"""


def test_vectors_are_imported_described_and_not_drawn(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    np.savez("in.npz", images=rng.normal(size=(50, 5)), factors=rng.normal(size=(50, 2)))
    np.savez("grid.npz", images=rng.normal(size=(6, 5)), factors=np.argwhere(np.ones((2, 3))))
    code, out, _ = output(capsys, "import", "in.npz", "--out", "mine.npz")
    assert code == 0
    assert out.splitlines()[0] == "50 observations of 5, float32"
    assert out.splitlines()[1].split() == ["factor_0", "real-valued"]
    for arguments in (
        ["show", "mine.npz"],
        ["show", "nonstationary_sources"],
        ["prepare", "grid.npz", "--data_dir", "tfds"],
    ):
        code, _, error = output(capsys, *arguments)
        assert (code, error.count("\n")) == (1, 1)
        assert "has observations of shape (5,): only pictures" in error
    assert not Path("tfds").exists()
    code, out, _ = output(capsys, "info", "nonstationary_sources")
    assert code == 0
    assert "  source_0            real-valued\n" in out
    assert "vectors  no full grid of factors, 5, float32\n" in out
    assert "python   data.NonstationarySources()\n" in out


def test_imported_and_own_sets_are_shown(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    (tmp_path / "own_sets.py").write_text(OWN)
    factors = np.array([[i, j] for i in range(2) for j in range(3)])
    np.savez(
        "mine.npz",
        images=np.arange(6 * 64, dtype=np.uint8).reshape(6, 8, 8),
        factors=factors,
        names=["../kind", "size"],
    )
    np.savez("gaps.npz", images=np.full((3, 8, 8), 0.5), factors=[[0.1], [0.2], [0.3]])
    everything = 2 + 5 + 1
    for arguments, pictures in (
        (["mine.npz"], everything),
        (["imported", "--path", "mine.npz"], everything),
        (["gaps.npz"], 1),
        (["own_sets:OwnBars"], everything),
    ):
        code, out, err = output(capsys, "show", *arguments, "--out", tmp_path / "out")
        assert (code, err) == (0, "")
        assert len(out.splitlines()) == pictures
        for path in map(Path, out.splitlines()):
            assert path.is_file()
            assert path.parent == tmp_path / "out"


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["imported"], 2, "imported takes a --path, or cannot be made: "),
        (["own_sets:Needy"], 2, "own_sets:Needy takes a --path, or cannot be made: "),
        (["own_sets:Nothing"], 1, "expected a data set Nothing in the module own_sets"),
        (["no_such_module:Class"], 1, "needs the module no_such_module"),
        (["nothing.npz"], 2, "no data set 'nothing.npz'"),
        (["text.npz"], 1, "text.npz is truncated, damaged or another kind of file"),
        (["."], 1, "no dataset_info.json in or below ."),
    ],
)
def test_sets_that_cannot_be_shown_are_one_line(
    capsys, tmp_path, monkeypatch, arguments, code, message
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    (tmp_path / "own_sets.py").write_text(OWN)
    (tmp_path / "text.npz").write_text("text")
    got, _, error = output(capsys, "show", *arguments)
    assert (got, error.count("\n")) == (code, 1)
    assert message in error
