"""Print how many numbers of other programs are ours too, and what excuses the others.

python tools/oracle.py          # reads tests/golden, or the folder DISENTLIB_TEST_DATA
"""

import re
import sys
from collections import Counter, defaultdict
from pathlib import Path
from typing import NamedTuple

import pytest

TEST = Path(__file__).resolve().parents[1] / "tests" / "metrics" / "test_oracle.py"
# What tells variants of an answer apart: seeds, bins, sizes, names of inputs.
VARIANT = re.compile(r"_(?=seed|bins|factors|b\d|t\d|t\[|q\d).*|^\d+_.*|^counts_.*")


class Row(NamedTuple):
    """What a test found of one part of an answer."""

    program: str
    answer: str
    case: str
    numbers: int
    equal: int
    reason: str  # why some are not, or why there is none


class Recorder:
    """A pytest plugin that keeps what tests record."""

    def __init__(self) -> None:
        self.rows: list[Row] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take over the rows of a test that ended."""
        if report.when == "call":
            self.rows += [Row(*row) for name, row in report.user_properties if name == "answer"]


def tables(rows: list[Row]) -> str:
    """Return Markdown: numbers of each program and answer, then those of each excuse."""
    counts: defaultdict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    excused: Counter[tuple[str, str, str]] = Counter()
    cases: defaultdict[tuple[str, str, str], set[str]] = defaultdict(set)
    for row in rows:
        answer = VARIANT.sub("", row.answer) or "(formulas)"
        found = {"equal": row.equal, "excused": row.numbers - row.equal, "raised": not row.numbers}
        for name in (answer, "all"):
            counts[row.program, name].update(found)
        if row.numbers and row.reason:
            excused[row.program, answer, row.reason] += row.numbers - row.equal
            cases[row.program, answer, row.reason].add(row.case)
    lines = ["| program | answer | equal | excused | raised |", "|---|---|--:|--:|--:|"]
    for (program, name), count in sorted(counts.items()):
        figures = " | ".join(f"{count[kind]:,}" for kind in ("equal", "excused", "raised"))
        lines.append(f"| {program} | {name} | {figures} |")
    lines += ["", "| program | answer | excused | why | cases |", "|---|---|--:|---|---|"]
    for (program, name, reason), number in sorted(excused.items()):
        where = sorted(cases[program, name, reason])
        shown = ", ".join(where) if len(where) < 5 else f"{len(where)}"
        lines.append(f"| {program} | {name} | {number:,} | {reason} | {shown} |")
    return "\n".join(lines)


if __name__ == "__main__":
    recorder = Recorder()
    status = pytest.main(["-q", str(TEST)], plugins=[recorder])
    print(tables(recorder.rows))
    sys.exit(status)
