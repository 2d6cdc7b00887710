"""Runs that need code of the user's own: opened again by another process, or refused at once."""

import json
import sys

import keras
import numpy as np
import pytest

import disentlib
from disentlib import data, models
from disentlib.models import architectures as nets
from disentlib.training import train

OWN = """
import keras
import numpy as np
from disentlib import data, models


class Bars(data.GroundTruthData):
    name = "bars"
    factor_names = ("x", "y")
    factor_sizes = (8, 8)
    image_shape = (8, 8, 1)

    def __init__(self, width=1):
        self.width = width

    def _images(self, factors, rng):
        images = np.zeros((len(factors), 8, 8, 1), np.uint8)
        for image, (x, y) in zip(images, factors):
            image[x : x + self.width, y] = 255
        return images


class Forgetful(Bars):
    def __init__(self, side=1):
        super().__init__(side)


class Whole(Bars):
    def __init__(self, width):
        super().__init__(np.full(2, width))


class Other(Bars):
    def __init__(self, width=1):
        super().__init__(width + 1)


@keras.saving.register_keras_serializable("own")
class Model(models.BetaVAE):
    pass


class Unregistered(models.BetaVAE):
    pass
"""

OPTIONS = {
    "model": models.BetaVAE,
    "encoder": nets.linear_encoder,
    "decoder": nets.linear_decoder,
    "latents": 3,
    "steps": 2,
    "batch_size": 8,
    "log_every": 2,
    "checkpoint_every": 2,
    "evaluation_steps": 1,
}


@pytest.fixture
def own(tmp_path, monkeypatch):
    """The user's module, beside which the runs lie."""
    (tmp_path / "own_bars_of_a_test.py").write_text(OWN)
    monkeypatch.syspath_prepend(str(tmp_path))
    import own_bars_of_a_test

    yield own_bars_of_a_test
    del sys.modules["own_bars_of_a_test"]


def test_own_classes_are_stored_by_their_module_and_found_again(own, tmp_path):
    options = OPTIONS | {"data": lambda: own.Bars(width=2), "model": own.Model}
    train(run_dir=tmp_path / "run", **options)
    settings = json.loads((tmp_path / "run" / "run.json").read_text())
    expected = {"name": "own_bars_of_a_test:Bars", "width": 2}
    assert settings["configuration"]["data"] == expected
    assert settings["imports"] == ["own_bars_of_a_test"]
    run = disentlib.Run(tmp_path / "run")
    assert type(run.data) is own.Bars
    assert run.data.width == 2
    assert type(run.model) is own.Model
    tied = data.Correlated(own.Bars(), pairs=[("x", "y")])  # within another set
    assert type(data.from_config(tied.config()).data) is own.Bars
    assert repr(own.Bars(3)) == "Bars(width=3)"


def test_a_subclass_of_one_of_ours_is_not_taken_for_it(own):
    class_ = type("Mine", (data.MiniSprites,), {"__module__": own.__name__})
    own.Mine = class_
    assert type(data.from_config(class_().config())) is class_


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("Forgetful", "expected Forgetful to keep the argument 'side' as an attribute"),
        ("Whole", "the argument 'width' of Whole, from which a run builds the set again"),
        ("Other", "expected Other to be the same set when it is built again"),
    ],
)
def test_a_set_that_cannot_be_built_again_is_refused_before_it_trains(own, tmp_path, name, message):
    with pytest.raises(ValueError, match=message):
        train(run_dir=tmp_path / "run", **OPTIONS | {"data": lambda: getattr(own, name)(2)})
    assert not (tmp_path / "run").exists()


def test_classes_that_no_other_process_finds_are_refused(own, tmp_path):
    class Local(own.Bars):
        pass

    with pytest.raises(ValueError, match="Local is defined inside a function"):
        train(run_dir=tmp_path / "run", **OPTIONS | {"data": Local})
    script = type("Script", (own.Bars,), {"__module__": "__main__"})
    with pytest.raises(ValueError, match="defined in the script or notebook that runs"):
        train(run_dir=tmp_path / "run", **OPTIONS | {"data": script})
    assert not (tmp_path / "run").exists()


def encoder_with_lambda(shape, *, latents):
    encoder = nets.linear_encoder(shape, latents=latents)
    images = keras.Input(shape)
    return keras.Model(images, encoder(keras.layers.Lambda(lambda x: 2 * x)(images)))


def test_a_model_that_cannot_be_loaded_is_refused_before_it_trains(own, tmp_path):
    for change in ({"model": own.Unregistered}, {"encoder": encoder_with_lambda}):
        with pytest.raises(ValueError, match="could be trained, but not loaded again: "):
            train(run_dir=tmp_path / "run", **OPTIONS | {"data": own.Bars} | change)
        assert not (tmp_path / "run").exists()


def test_code_among_the_files_of_a_run_does_not_run(own, tmp_path, monkeypatch):
    train(run_dir=tmp_path / "runs" / "run", **OPTIONS | {"data": own.Bars})
    run_dir = tmp_path / "runs" / "run"
    text = (run_dir / "run.json").read_text()
    for module in ("evil_of_a_test", "runs.run.evil_of_a_test"):
        (run_dir / "evil_of_a_test.py").write_text("raise SystemExit('it ran')")
        monkeypatch.chdir(run_dir)
        monkeypatch.syspath_prepend(str(run_dir))
        settings = json.loads(text.replace("own_bars_of_a_test", module))
        del settings["checkpoints"]  # its digest
        (run_dir / "run.json").write_text(json.dumps(settings))
        with pytest.raises(ValueError, match="lies with the run's own files"):
            _ = disentlib.Run(run_dir).data


def test_a_missing_module_is_named(own, tmp_path, monkeypatch):
    train(run_dir=tmp_path / "run", **OPTIONS | {"data": own.Bars})
    monkeypatch.setattr(sys, "path", [p for p in sys.path if p != str(tmp_path)])
    monkeypatch.delitem(sys.modules, "own_bars_of_a_test")
    message = "needs the module own_bars_of_a_test, which is not on the Python path"
    with pytest.raises(ValueError, match=message):
        _ = disentlib.Run(tmp_path / "run").data
    monkeypatch.setitem(sys.modules, "own_bars_of_a_test", own)
    with pytest.raises(ValueError, match="needs the module nowhere_of_a_test"):
        data.from_config({"name": "nowhere_of_a_test:Bars"})
    with pytest.raises(ValueError, match="expected a data set OWN in the module"):
        data.from_config({"name": "own_bars_of_a_test:OWN"})


def test_files_behind_a_set_are_found():
    assert data.MiniSprites().data_files == ()


@pytest.fixture
def archive(tmp_path):
    """A file of images that runs train on, and a function that writes others into it."""

    def write(seed):
        rng = np.random.default_rng(seed)
        np.savez(
            tmp_path / "source.npz",
            images=rng.integers(0, 256, (12, 8, 8, 1), np.uint8),
            factors=np.arange(12),
        )
        data.import_data(tmp_path / "source.npz", tmp_path / "mine.npz")

    write(0)
    return tmp_path / "mine.npz", write


def test_replaced_data_are_named_and_not_trained_on(archive, tmp_path):
    path, write = archive
    options = OPTIONS | {"data": lambda: data.ImportedData(path)}
    train(run_dir=tmp_path / "run", **options)
    (noted,) = disentlib.Run(tmp_path / "run").settings["data_files"]
    assert noted["path"] == str(path)
    assert noted["size"] == path.stat().st_size
    assert noted["sha256"] == disentlib.files.sha256(path)
    train(run_dir=tmp_path / "run", **options | {"steps": 4})  # the same file
    write(1)
    with pytest.raises(ValueError, match=r"was trained on other data: .*mine\.npz has .* SHA-256"):
        train(run_dir=tmp_path / "run", **options | {"steps": 6})
    with pytest.warns(UserWarning, match="was trained on other data"):
        _ = disentlib.Run(tmp_path / "run").data
