"""Every name of ours on the migration page exists."""

import inspect
import re
from pathlib import Path

import keras
import pytest

from disentlib import cli, configs, data, losses, metrics, models, training
from disentlib.data import streams
from disentlib.data.labellers import LABELLERS
from disentlib.models import likelihoods, networks

PAGE = Path(__file__).resolve().parent.parent / "docs" / "migration.md"
PLACES = {
    "data": data,
    "keras": keras,
    "likelihoods": likelihoods,
    "losses": losses,
    "metrics": metrics,
    "models": models,
    "networks": networks,
    "streams": streams,
    "training": training,
}
OURS = [
    text
    for line in PAGE.read_text(encoding="utf-8").splitlines()
    if line.startswith("| `")
    for cell in line.split(" | ")[1:]
    for text in re.findall(r"`([^`]+)`", cell)
]
NAME = re.compile(rf"@?((?:{'|'.join(PLACES)})(?:\.\w+)+)(?:\(\))?(?: = .*)?")


def names():
    """The dotted names of ours, without the brackets and values around them."""
    found = [NAME.fullmatch(text.removeprefix("= ")) for text in OURS]
    return sorted({match[1] for match in found if match})


@pytest.mark.parametrize("name", names())
def test_names_exist(name):
    first, *rest = name.split(".")
    thing = PLACES[first]
    for part in rest[:-1]:
        thing = getattr(thing, part)
    if not hasattr(thing, rest[-1]) or inspect.isclass(thing) or inspect.isfunction(thing):
        assert rest[-1] in inspect.signature(thing).parameters


def test_the_page_has_many_names():
    assert len(names()) > 50


def test_commands_and_files_exist():
    commands = [text.split() for text in OURS if text.startswith("disentlib ")]
    assert {command[1] for command in commands} <= {*cli.COMMANDS}
    files = re.findall(r"\b[a-z]+/\w+\.gin", PAGE.read_text(encoding="utf-8"))
    studies = [command[3] for command in commands if command[1:3] in (["study", "run"],)]
    files += [f"studies/{name}.gin" for name in studies]
    assert len(files) > 10
    assert not [file for file in files if not (configs.directory() / file).exists()]
    labellers = re.findall(r'"(\w+)"', next(t for t in OURS if "binned" in t))
    assert {*labellers} <= {*LABELLERS}
