"""The table of docs/comparison.md is what tools/compare_libraries.py computes."""

import runpy
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def test_the_page_holds_the_table_of_today():
    tool = runpy.run_path(str(ROOT / "tools" / "compare_libraries.py"))
    page = (ROOT / "docs" / "comparison.md").read_text(encoding="utf-8")
    shown = page.partition(tool["START"])[2].partition(tool["END"])[0]
    assert shown.strip() == tool["table"]().strip()
