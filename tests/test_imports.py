"""Imports point one way, and arrays are scored without TensorFlow."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import disentlib

PACKAGE = Path(disentlib.__file__).parent
FILES = sorted(PACKAGE.rglob("*.py"))

# Modules of their own that everybody above the kernels may use.
LEAVES = {"arrays", "environment", "files", "limits", "named", "pixels", "screen"}

# Which parts of disentlib each part may import, beside itself.
ARROWS = {
    "arrays": set(),
    "configs": set(),
    "environment": set(),
    "files": set(),
    "limits": set(),
    "named": set(),
    "pixels": {"arrays"},
    "ops": {"_kernels", "arrays"},
    "screen": set(),
    "losses": set(),
    "data": {"ops", *LEAVES},
    "models": {"losses", *LEAVES},
    "metrics": {"ops", "data", *LEAVES},
    "training": {"data", "models", "losses", "metrics", *LEAVES},
    "visualization": {"ops", "data", "models", "metrics", *LEAVES},
    "studies": {"training", "metrics", "data", "models", "visualization", *LEAVES},
}
ARROWS["cli"] = {*ARROWS} - {"cli"}
ARROWS["__main__"] = {"cli"}
ARROWS["__init__"] = {*ARROWS} - {"cli", "__main__"}  # lazily, for attribute access


def part_of(path: Path) -> str:
    """The part a file belongs to: its sub-package, or the module at the top."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported(path: Path) -> set[str]:
    """The dotted names of everything a file imports, wherever in the file."""
    names = set()
    package = ["disentlib", *path.relative_to(PACKAGE).parts[:-1]]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            parents = package[: len(package) + 1 - node.level] if node.level else []
            module = ".".join([*parents, *([node.module] if node.module else [])])
            names |= {f"{module}.{alias.name}" for alias in node.names}
    return names


def parts_imported(path: Path) -> set[str]:
    """The parts of disentlib that a file imports, but for its own."""
    inner = {name.split(".")[1] for name in imported(path) if name.startswith("disentlib.")}
    return (inner & {*ARROWS, "_kernels"}) - {part_of(path)}


def outside_imported(path: Path) -> set[str]:
    return {name.split(".")[0] for name in imported(path)}


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_point_one_way(path):
    assert parts_imported(path) <= ARROWS[part_of(path)]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_star_import_and_no_pickle(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert not any(name.endswith(".*") for name in imported(path))
    assert not outside_imported(path) & {"pickle", "cloudpickle", "dill", "joblib.load"}
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
        for keyword in call.keywords:
            assert keyword.arg != "allow_pickle" or not getattr(keyword.value, "value", True), (
                f"line {call.lineno} reads pickles, which can run anything"
            )


def test_gin_stays_in_the_command_line():
    assert {part_of(path) for path in FILES if "gin" in outside_imported(path)} <= {"cli"}


def test_text_reaches_screens_through_one_console():
    """Rich's own takes names for markup. A training run's bar shows in notebooks, and no names."""
    users = {
        str(path.relative_to(PACKAGE))
        for path in FILES
        if {"rich.console", "rich.console.Console"} & imported(path)
    }
    assert users == {"screen.py", "training/callbacks.py"}


def test_tensorflow_has_one_file_in_ops_and_none_in_metrics():
    heavy = {"tensorflow", "keras", "tensorflow_probability", "tf_keras"}
    users = {
        str(path.relative_to(PACKAGE))
        for path in FILES
        if part_of(path) in ("ops", "metrics") and heavy & outside_imported(path)
    }
    assert users <= {"ops/graph.py"}


@pytest.mark.parametrize(
    "statement",
    [
        "import disentlib",
        "import disentlib.ops",
        "import disentlib.metrics",
        "import disentlib.data",
        "import disentlib.pixels",
        "import disentlib.cli.score",
        "import disentlib.cli.study",
    ],
)
def test_no_tensorflow_behind(statement):
    program = f"{statement}, sys; print('tensorflow' in sys.modules or 'keras' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "False"
