"""Names on a screen are text."""

import io
import os
import subprocess
import sys

import numpy as np
from rich.table import Table
from rich.text import Text

from disentlib import metrics
from disentlib.screen import Console, safe

NAME = "[/b]\x1b[2J\x9b\x07:cat:\u202e\udc80"
SHOWN = r"[/b]\x1b[2J\x9b\x07:cat:\u202e\udc80"


def test_control_characters_are_written_out():
    assert safe(NAME) == SHOWN
    assert safe("Würfel 日本\n\t") == "Würfel 日本\n\t"


def test_whatever_is_printed_is_text():
    out = io.StringIO()
    console = Console(file=out, width=200, force_terminal=True, color_system="standard")
    table = Table(NAME, title=NAME)
    table.add_row(NAME)
    bell = NAME.replace("\x07", "")  # Rich drops it from `Text` itself
    table.add_row(Text(bell, style="bold"))
    console.print(table)
    console.print(NAME, Text(bell, style="red"))
    shown = out.getvalue()
    assert shown.count(SHOWN) == 4
    assert shown.count(SHOWN.replace(r"\x07", "")) == 2
    assert "\x1b[31m" in shown  # styles are ours
    for bad in ("\x1b[2J", "\x9b", "\x07", "\u202e", "\udc80"):
        assert bad not in shown


def test_tables_and_diagnoses_are_text_and_html():
    codes = np.zeros((10, 1))
    factors = np.arange(10)[:, None] % 2
    table = metrics.evaluate(codes, factors, metrics=["mig"], representation=f"<i>{NAME}")
    table += metrics.evaluate(codes, factors, metrics=["mig"])
    diagnosis = metrics.diagnose(codes, factors, code_names=[f"<i>{NAME}"])
    for shown in (table, diagnosis):
        assert f"<i>{SHOWN}" in str(shown).replace("\n", "")
        assert f"&lt;i&gt;{SHOWN}" in shown._repr_html_()
        assert "<i>" not in shown._repr_html_()
    assert "<th>score</th>" in table._repr_html_()
    assert "nothing found" in metrics.Diagnosis(())._repr_html_()


def test_the_text_of_a_table_is_the_same_in_jupyter(tmp_path):
    """Rich takes a process for Jupyter's by the class of the shell, and then ignores files."""
    folder = tmp_path / "IPython"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    program = (
        "import builtins, numpy as np\n"
        "class ZMQInteractiveShell: pass\n"
        "builtins.get_ipython = ZMQInteractiveShell\n"
        "from rich.console import Console\n"
        "from disentlib import metrics\n"
        "y = np.arange(20)[:, None] % 4\n"
        "print(Console().is_jupyter)\n"
        "print(str(metrics.evaluate(y * 1.0, y, metrics=['mig'])))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join([str(tmp_path), *sys.path])},
    )
    jupyter, text = done.stdout.split("\n", 1)
    assert jupyter == "True"
    y = np.arange(20)[:, None] % 4
    assert text.strip() == str(metrics.evaluate(y * 1.0, y, metrics=["mig"])).strip()
    assert "mig    1.0000" in text
