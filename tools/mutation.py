"""Change single places of the code at random and see whether the tests notice.

python tools/mutation.py --seed 1 --count 60 disentlib/metrics
python tools/mutation.py --seed 1 --count 60 --json survivors.json disentlib/losses disentlib/models

Each change is made in a copy of the checkout: an operator exchanged (+ for -, < for <=, and for
or), a number off by one or doubled, a condition negated, an argument of a call dropped. Docstrings,
annotations, defaults, messages of errors and `strict=` of zips are left alone. The tests that
concern the changed file run until the first failure: the file's own test, those that import it by
name, and the conformance tables of its package. What is printed as survived is a place to look at:
a test is missing, or the change means nothing (name it in tools/mutation_equivalents.txt with the
reason).
"""

import argparse
import ast
import builtins
import json
import multiprocessing
import os
import random
import re
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
EQUIVALENTS = ROOT / "tools/mutation_equivalents.txt"

OPERATORS: dict[type[ast.AST], str] = {
    ast.Add: "-",
    ast.Sub: "+",
    ast.Mult: "/",
    ast.Div: "*",
    ast.FloorDiv: "*",
    ast.Mod: "*",
    ast.Pow: "*",
    ast.MatMult: "*",
    ast.BitAnd: "|",
    ast.BitOr: "&",
    ast.Lt: "<=",
    ast.LtE: "<",
    ast.Gt: ">=",
    ast.GtE: ">",
    ast.Eq: "!=",
    ast.NotEq: "==",
    ast.Is: "is not",
    ast.IsNot: "is",
    ast.In: "not in",
    ast.NotIn: "in",
    ast.And: "or",
    ast.Or: "and",
}
# Imported once for all changes.
HEAVY = [
    "tensorflow",
    "tensorflow_probability.python.distributions",
    "keras",
    "scipy.stats",
    "sklearn.linear_model",
    "sklearn.ensemble",
    "sklearn.svm",
    "pandas",
    "pytest",
]
TABLE = "test_conformance.py"  # of what holds for every method, score, ...
# What every change in a package is held against beside the file's own test.
COMMON = {
    "metrics": ["tests/metrics/test_conformance.py", "tests/metrics/test_oracle.py"],
    "losses": ["tests/losses"],
    "models": ["tests/models/test_conformance.py"],
}
# Rows of tables that take many minutes as a whole: pairs, and labels with a discriminator.
KINDS = {"models": "[S2FactorVAE] or [AdaGVAE]"}


@dataclass(frozen=True)
class Change:
    """One place of a file and what stands there instead."""

    path: str
    line: int
    context: str  # the line as it stands
    start: int  # positions in the file's text
    end: int
    old: str
    new: str

    @property
    def key(self) -> str:
        """How the list of equivalent changes names it: without a line number, which moves."""
        old, new = (" ".join(text.split()) for text in (self.old, self.new))
        return f"{self.path}: [{self.context}] {old} -> {new}"


class Places(ast.NodeVisitor):
    """Collects every change that could be made to a file."""

    def __init__(self, path: Path, text: str):
        self.path = str(path.relative_to(ROOT))
        self.text = text
        self.lines = [0]
        for line in text.splitlines(keepends=True):
            self.lines.append(self.lines[-1] + len(line.encode()))
        self.found: list[Change] = []

    def position(self, line: int, column: int) -> int:
        """Return the position in the text of a place that `ast` gives in bytes."""
        return len(self.text.encode()[: self.lines[line - 1] + column].decode())

    def span(self, node: ast.expr) -> tuple[int, int]:
        """Return where a node's text starts and ends."""
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        start = self.position(node.lineno, node.col_offset)
        return start, self.position(node.end_lineno, node.end_col_offset)

    def add(self, line: int, start: int, end: int, new: str) -> None:
        """Note a change."""
        context = self.text.splitlines()[line - 1].strip()
        self.found.append(Change(self.path, line, context, start, end, self.text[start:end], new))

    def replace_between(self, left: ast.expr, right: ast.expr, operator: ast.AST) -> None:
        """Note the exchange of the operator that stands between two operands."""
        new = OPERATORS.get(type(operator))
        if new is None:
            return
        start, end = self.span(left)[0], self.span(right)[1]
        before, after = (self.text[slice(*self.span(side))] for side in (left, right))
        middle = self.text[self.span(left)[1] : self.span(right)[0]]
        brackets = middle.count(")"), middle.count("(")
        old = middle.replace(")", "", brackets[0]).replace("(", "", brackets[1])
        symbol = old.strip()
        if symbol:
            self.add(left.lineno, start, end, before + middle.replace(symbol, new, 1) + after)

    def visit_BinOp(self, node: ast.BinOp) -> None:
        """An arithmetic operator."""
        if not isinstance(node.op, ast.BitOr) or not _is_type(node):
            self.replace_between(node.left, node.right, node.op)
        self.generic_visit(node)

    def visit_Compare(self, node: ast.Compare) -> None:
        """A comparison."""
        operands = [node.left, *node.comparators]
        for left, operator, right in zip(operands, node.ops, operands[1:], strict=False):
            self.replace_between(left, right, operator)
        self.generic_visit(node)

    def visit_BoolOp(self, node: ast.BoolOp) -> None:
        """And, or."""
        self.replace_between(node.values[0], node.values[1], node.op)
        self.generic_visit(node)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> None:
        """A sign or a negation, dropped."""
        if isinstance(node.op, ast.USub | ast.Not | ast.Invert):
            start, end = self.span(node)
            inner = self.text[slice(*self.span(node.operand))]
            self.add(node.lineno, start, end, f"({inner})")
        self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> None:
        """A number or a truth value."""
        start, end = self.span(node)
        if isinstance(node.value, bool):
            self.add(node.lineno, start, end, str(not node.value))
        elif isinstance(node.value, int):
            self.add(node.lineno, start, end, str(node.value + 1))
        elif isinstance(node.value, float):
            self.add(node.lineno, start, end, repr(node.value * 2 if node.value else 1.0))

    def visit_Call(self, node: ast.Call) -> None:
        """A named argument, dropped."""
        if isinstance(node.func, ast.Name) and node.func.id == "zip":
            for argument in node.args:  # but not strict=, which is a guard
                self.visit(argument)
            return
        for keyword in node.keywords:
            if keyword.arg and len(node.args) + len(node.keywords) > 1:
                start = self.position(keyword.lineno, keyword.col_offset)
                end = self.span(keyword.value)[1]
                while end < len(self.text) and self.text[end] in " \n,":
                    end += 1
                    if self.text[end - 1] == ",":
                        break
                self.add(keyword.lineno, start, end, "")
        self.generic_visit(node)

    # What is not code that computes.

    def visit_Raise(self, node: ast.Raise) -> None:
        """Messages may change."""

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        """An annotated assignment: only its value computes."""
        if node.value is not None:
            self.visit(node.value)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        """A function: its body, not its annotations; the defaults are options of users."""
        for statement in node.body:
            self.visit(statement)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        """A class: its body, not how it is decorated."""
        for statement in node.body:
            self.visit(statement)

    def visit_JoinedStr(self, node: ast.JoinedStr) -> None:
        """Texts may change."""


def _is_type(node: ast.BinOp) -> bool:
    """Return whether a | b is a union of types."""
    sides = [node.left, node.right]
    return any(
        (isinstance(side, ast.Constant) and side.value is None)
        or (isinstance(side, ast.Name) and (side.id[0].isupper() or side.id in dir(builtins)))
        for side in sides
    )


def places(path: Path) -> list[Change]:
    """Return every change that could be made to a file."""
    text = path.read_text(encoding="utf-8")
    finder = Places(path, text)
    tree = ast.parse(text)
    finder.visit(tree)
    program = ast.dump(tree)
    return [change for change in finder.found if compiles(change, text, program)]


def changed(change: Change, text: str) -> str:
    """Return the text with the change made."""
    return text[: change.start] + change.new + text[change.end :]


def compiles(change: Change, text: str, program: str) -> bool:
    """Return whether the changed file is still a program, and another one."""
    try:
        return ast.dump(ast.parse(changed(change, text))) != program
    except SyntaxError:
        return False


def tests_of(path: str) -> list[str]:
    """Return the tests that concern a file, those of its own name first.

    A file that no test names is held against the tests of its folder, or else against those of the
    files that import it.
    """
    dotted = ".".join(Path(path).with_suffix("").parts)
    naming = [
        str(test.relative_to(ROOT))
        for test in sorted((ROOT / "tests").rglob("test_*.py"))
        if test.name != TABLE
        and (
            f"from {dotted} import" in (text := test.read_text(encoding="utf-8"))
            or f"import {dotted}" in text
        )
    ]
    own = named_after(path)
    folders = Path(path).parent.parts[1:]
    if not own and not naming and len(folders) > 1:
        tests = sorted((ROOT / Path("tests", *folders)).glob("test_*.py"))
        own = [str(test.relative_to(ROOT)) for test in tests if test.name != TABLE]
    users = [path]
    while users and not own and not naming:
        users = [one for user in users for one in importers(user)]
        own = [test for user in users for test in named_after(user)]
    return list(dict.fromkeys([*own, *naming, path]))


def named_after(path: str) -> list[str]:
    """Return the test of a file's name, then those whose names have it in them."""
    name = Path(path).stem
    tests = (ROOT / "tests" / Path(path).parts[1]).rglob(f"test_*{name}*.py")
    ordered = sorted(tests, key=lambda test: (test.stem != f"test_{name}", test))
    return [str(test.relative_to(ROOT)) for test in ordered]


def importers(path: str) -> list[str]:
    """Return the files of a file's package that import it, but for those that only export."""
    *folders, name = Path(path).with_suffix("").parts
    folder = ".".join(folders)
    line = re.compile(
        rf"^from ({folder}\.{name} import|{folder} import .*\b{name}\b)", re.MULTILINE
    )
    return [
        str(file.relative_to(ROOT))
        for file in sorted((ROOT / Path(*folders[:2])).rglob("*.py"))
        if file.name != "__init__.py" and line.search(file.read_text(encoding="utf-8"))
    ]


def runs_of(path: str) -> list[list[str]]:
    """Return pytest's arguments for each run of the tests that concern a file, quickest first.

    After the file's own tests come its rows of the tables that its folder, or else its package,
    shares; where they have no row of that name the whole tables, or of long ones a row of each
    kind.
    """
    package, *folders = Path(path).parent.parts[1:]
    table = Path("tests", package, *folders, TABLE)
    of_folder = bool(folders) and (ROOT / table).exists()
    common = [str(table)] if of_folder else COMMON.get(package, [])
    if not common:
        return [tests_of(path)]
    name = Path(path).stem
    names = [name, name.replace("_", "")]
    kinds: list[str] = []
    if not of_folder and package in KINDS:
        names = [f"[{name}]" for name in names]  # nothing that is only part of another's name
        kinds = ["-k", KINDS[package]]
    return [tests_of(path), ["-k", " or ".join(names), *common], [*kinds, *common]]


def run(change: Change, copy: Path, seconds: float) -> str:
    """Return what the tests made of a change: "noticed", "survived" or "too slow"."""
    file = copy / change.path
    text = file.read_text(encoding="utf-8")
    file.write_text(changed(change, text), encoding="utf-8")
    try:
        return {0: "survived", None: "too slow"}.get(tested(change.path, copy, seconds), "noticed")
    finally:
        file.write_text(text, encoding="utf-8")


def tested(path: str, copy: Path, seconds: float) -> int | None:
    """Return the exit code of the tests that concern a file of the copy, None if they hang.

    They run in a child of a process that has imported the heavy libraries once.
    """
    processes = multiprocessing.get_context("forkserver")
    processes.set_forkserver_preload(HEAVY)
    child = processes.Process(target=run_tests, args=(str(copy), runs_of(path)))
    child.start()
    child.join(seconds)
    if child.exitcode is None:  # a loop without an end, most often: people would notice
        os.killpg(child.pid or 0, signal.SIGKILL)
        child.join()
        return None
    return child.exitcode


def run_tests(copy: str, runs: list[list[str]]) -> None:
    """Run tests of a copy of the checkout in this process, and end it with pytest's exit code."""
    os.setsid()
    with Path(copy, "tests.log").open("w") as log:
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
    os.environ |= {"PYTHONPATH": copy, "PYTHONDONTWRITEBYTECODE": "1"}
    sys.dont_write_bytecode = True
    sys.path.insert(0, copy)
    os.chdir(copy)
    import pytest

    code = pytest.ExitCode.OK
    for number, tests in enumerate(runs):
        if number == 2 and code == pytest.ExitCode.OK:
            break  # the tables have rows of that name
        code = pytest.ExitCode(pytest.main(["-q", "-x", "-p", "no:cacheprovider", *tests]))
        if code not in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
            os._exit(code)
    os._exit(0)


def files_in(packages: list[str]) -> Iterator[Path]:
    """Yield the Python files below folders, or the files named."""
    for package in packages:
        path = ROOT / package
        yield from [path] if path.is_file() else sorted(path.rglob("*.py"))


def equivalents() -> set[str]:
    """Return the keys of changes that are known to mean nothing."""
    if not EQUIVALENTS.exists():
        return set()
    lines = EQUIVALENTS.read_text(encoding="utf-8").splitlines()
    return {line.rsplit("  # ", 1)[0] for line in lines if line and not line.startswith("#")}


def main() -> int:
    """Draw, change, test and report; return 1 if a change survived that is not known to be idle."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("packages", nargs="+", help="folders or files below the checkout")
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--count", type=int, default=60, help="changes in each package")
    parser.add_argument("--seconds", type=float, default=600, help="for the tests of one change")
    parser.add_argument(
        "--baseline", action="store_true", help="first see that the tests pass without any change"
    )
    parser.add_argument("--json", type=Path, help="write every change and its result here")
    arguments = parser.parse_args()
    known = equivalents()
    results: list[dict[str, object]] = []
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "checkout"
        ignored = shutil.ignore_patterns(".git", ".venv", "build", "runs", "site", "__pycache__")
        shutil.copytree(ROOT, copy, ignore=ignored)
        for package in arguments.packages:
            candidates = [change for path in files_in([package]) for change in places(path)]
            drawn = random.Random(f"{arguments.seed} {package}").sample(
                candidates, min(arguments.count, len(candidates))
            )
            print(f"{package}: {len(drawn)} of {len(candidates)} changes", flush=True)
            unchanged = {change.path for change in drawn} if arguments.baseline else ()
            for path in sorted(unchanged):
                if (code := tested(path, copy, arguments.seconds)) != 0:
                    log = (copy / "tests.log").read_text(encoding="utf-8")
                    raise SystemExit(f"{log}\nthe tests of {path} fail before any change ({code})")
            for change in drawn:
                begin = time.monotonic()
                listed = change.key in known
                result = "equivalent" if listed else run(change, copy, arguments.seconds)
                results.append(asdict(change) | {"result": result})
                if arguments.json:
                    arguments.json.write_text(json.dumps(results, indent=1), encoding="utf-8")
                seconds = time.monotonic() - begin
                print(f"{result:10} {seconds:5.0f} s  {change.key}", flush=True)
    counts = {
        result: sum(one["result"] == result for one in results)
        for result in ("noticed", "too slow", "equivalent", "survived")
    }
    told = counts["noticed"] + counts["too slow"]
    print(counts, f"noticed of those that matter: {told / max(told + counts['survived'], 1):.1%}")
    return int(counts["survived"] > 0)


if __name__ == "__main__":
    sys.exit(main())
