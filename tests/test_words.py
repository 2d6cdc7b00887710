"""Names are the field's: no house words as identifiers, and a type's name has one meaning."""

import ast
from collections import Counter
from pathlib import Path

import pytest

import disentlib

PACKAGE = Path(disentlib.__file__).parent
FILES = sorted(PACKAGE.rglob("*.py"))
HOUSE_WORDS = {"cut", "everybody", "everyone", "everything", "found", "nobody", "nothing", "told"}


def names(path: Path) -> set[str]:
    """Everything that a file gives a name: variables, arguments, attributes, functions."""
    given = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Store):
            given.add(node.id if isinstance(node, ast.Name) else node.attr)
        elif isinstance(node, ast.arg):
            given.add(node.arg)
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            given.add(node.name)
    return given


def types(path: Path) -> list[tuple[str, str]]:
    """The classes that a module defines and its aliases of types, each with what it stands for."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    defined = [(node.name, str(path)) for node in tree.body if isinstance(node, ast.ClassDef)]
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Subscript | ast.BinOp):
            defined += [
                (one.id, ast.unparse(node.value))
                for one in node.targets
                if isinstance(one, ast.Name)
            ]
    return [one for one in defined if not one[0].startswith("_") and not one[0].isupper()]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_house_words(path):
    assert not {name for name in names(path) if name.strip("_") in HOUSE_WORDS}


def test_a_type_has_one_meaning():
    files = [path for path in FILES if "visualization" not in path.parts]
    counts = Counter(name for name, _ in {one for path in files for one in types(path)})
    assert {"Split", "TrainTestSplit", "Score", "Estimator"} <= set(counts)
    assert not [name for name, count in counts.items() if count > 1]
