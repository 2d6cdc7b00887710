"""Gin files that do not parse: the place, what is wrong and what to write, on one line."""

import sys

import gin
import gin.selector_map
import pytest

from disentlib.cli import gin_errors, main

FIRST = "from __gin__ import dynamic_registration\n"
TRAINING = "from disentlib import training\n"
DATA = "from disentlib import data\n"
MODELS = "from disentlib import models\n"
TOP = FIRST + TRAINING + DATA + MODELS
BINDINGS = "training.train.data = @data.MiniSprites\ntraining.train.model = @models.VAE\n"
WHOLE = TOP + BINDINGS


@pytest.fixture(autouse=True)
def _own_state(monkeypatch):
    monkeypatch.setattr(sys, "path", [*sys.path])  # the command puts the working directory there
    # What files of other tests imported stays in gin's registry, and would be known without a line.
    fresh = gin.selector_map.SelectorMap()
    for name, configurable in gin.config._REGISTRY.items():
        if name.startswith("gin."):
            fresh[name] = configurable
    kept = [configurable for _, configurable in fresh.items()]
    monkeypatch.setattr(gin.config, "_REGISTRY", fresh)
    own = {function: one for function, one in gin.config._INVERSE_REGISTRY.items() if one in kept}
    monkeypatch.setattr(gin.config, "_INVERSE_REGISTRY", own)


CASES = {
    "no imports": (
        BINDINGS,
        "is not imported: add the 4 lines `from __gin__ import "
        "dynamic_registration`, `from disentlib import training`, `from disentlib import data`, "
        "`from disentlib import models` at the top",
    ),
    "without the first line": (
        TRAINING + DATA + MODELS + BINDINGS,
        "add the line `from __gin__ import dynamic_registration` at the top",
    ),
    "first line too late": (
        TRAINING + FIRST + DATA + MODELS + BINDINGS,
        "line 2: expected `from __gin__ import dynamic_registration` above every other import",
    ),
    "used before its import": (
        FIRST + TRAINING + "training.train.data = @data.ImportedData\n" + DATA,
        "line 3: 'data' is used above its import: move `from disentlib import data` up",
    ),
    "one import missing": (
        FIRST + TRAINING + DATA + BINDINGS,
        "'models' is not imported: add the line `from disentlib import models` at the top",
    ),
    "an import deeper down": (
        WHOLE + "training.train.encoder = @architectures.fc_encoder\n",
        "add the line `from disentlib.models import architectures` at the top",
    ),
    "a class without its module": (WHOLE + "BetaVAE.beta = 3\n", "did you mean 'models.BetaVAE'?"),
    "unknown class": (
        TOP + "training.train.data = @data.MiniSprits\n",
        "line 5: no 'data.MiniSprits', did you mean 'MiniSprites'?",
    ),
    "unknown parameter": (
        WHOLE + "models.BetaVAE.bta = 3\n",
        "line 7: models.BetaVAE has no parameter 'bta', did you mean 'beta'?",
    ),
    "unknown parameter under an alias": (
        WHOLE + "from disentlib import models as m\nm.BetaVAE.bta = 3\n",
        "m.BetaVAE has no parameter 'bta', did you mean 'beta'?",
    ),
    "unknown knob": (
        WHOLE + "BETA = 3\nmodels.BetaVAE.beta = %BETTA\n",
        "no file sets the knob 'BETTA' that %BETTA reads, did you mean 'BETA'?",
    ),
    "knobs in a circle": (
        WHOLE + "A = %B\nB = %A\nmodels.BetaVAE.beta = %A\n",
        "the knobs A, B are set by each other",
    ),
    "arithmetic": (
        WHOLE + "models.BetaVAE.beta = 4.0 * 2\n",
        "line 7: expected a value, got 4.0 * 2: a value is a number, a text in quotes,",
    ),
    "a call": (WHOLE + "models.BetaVAE.beta = float(3)\n", "got float(3): a value is a number"),
    "no @": (
        WHOLE + "training.train.encoder = models.architectures.fc_encoder\n",
        "did you mean @models.architectures.fc_encoder?",
    ),
    "another language's true": (
        WHOLE + "training.train.jit_compile = true\n",
        "did you mean True?",
    ),
    "a loop": (WHOLE + "for i in range(3):\n  pass\n", "line 7: expected NAME = VALUE"),
    "no equals": (WHOLE + "models.BetaVAE beta 3\n", "line 7: expected NAME = VALUE"),
    "json": ('{"beta": 3}\n', "line 1: expected NAME = VALUE"),
    "open bracket": (WHOLE + "models.BetaVAE.beta = (1, 2\n", "one is opened and not closed"),
    "open quote": (WHOLE + 'models.BetaVAE.beta = "4\n', 'line 7: expected a value, got "4'),
    "no such module": (
        WHOLE + "import nowhere_of_a_test\n",
        "line 7: no module 'nowhere_of_a_test' on the Python path: start in the folder that",
    ),
    "a misspelt module": (
        FIRST + "from disentlib import modles\n",
        "no module 'modles' in disentlib, did you mean 'models'?",
    ),
    "a class imported": (
        FIRST + "from disentlib.models import BetaVAE\n",
        "write `from disentlib import models`, then models.BetaVAE",
    ),
    "a star": (FIRST + "from disentlib.models import *\n", "expected the name of a module, not *"),
    "no such include": (
        WHOLE + 'include "data/nothing.gin"\n',
        "line 7: no gin file 'data/nothing.gin', neither here nor among the shipped ones",
    ),
    "made already": (
        TOP + "training.train.model = @models.VAE\ntraining.train.data = @data.MiniSprites()\n",
        "expected data to be a class or a function that makes it, got MiniSprites()",
    ),
    "missing arguments": (
        TOP + "training.train.model = @models.VAE\ntraining.train.data = @data.ImportedData\n",
        "argument: 'path'; bind what is missing in a gin file",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_what_is_wrong_is_said_on_one_line(name, tmp_path, monkeypatch, capsys):
    text, expected = CASES[name]
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.gin").write_text(text)
    assert main(["train", "--dry_run", "--gin_file", "mine.gin"]) in (1, 2)
    out, error = capsys.readouterr()
    assert out == ""
    assert error.count("\n") == 1
    assert expected in error
    assert "Gin had values" not in error


def test_an_import_that_fails_names_the_line_and_the_reason(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "broken_of_a_test.py").write_text("1 / 0\n")
    (tmp_path / "unparsable_of_a_test.py").write_text("def f(:\n")
    for module, expected in (
        (
            "broken_of_a_test",
            "mine.gin, line 2: the import failed with ZeroDivisionError: division",
        ),
        ("unparsable_of_a_test", "unparsable_of_a_test.py, line 1: invalid syntax in a module"),
    ):
        (tmp_path / "mine.gin").write_text(f"{FIRST}import {module}\n")
        assert main(["train", "--dry_run", "--gin_file", "mine.gin"]) == 2
        assert expected in capsys.readouterr().err


def test_files_of_any_editor_are_read(tmp_path, capsys):
    path = tmp_path / "mine.gin"
    path.write_bytes(b"\xef\xbb\xbf" + WHOLE.replace("\n", "\r\n").encode())
    assert main(["train", "--dry_run", "--gin_file", str(path)]) == 0
    capsys.readouterr()
    path.write_bytes("# caf\xe9\n".encode("latin-1") + WHOLE.encode())
    assert main(["train", "--dry_run", "--gin_file", str(path)]) == 2
    assert "mine.gin: expected a text in UTF-8" in capsys.readouterr().err


def test_percent_signs_in_texts_are_no_knobs():
    assert gin_errors.undefined("a.b = 'at 50%SURE'\nA = 1\nB = (%A, 2)\nc.d = %B  # %C") is None
