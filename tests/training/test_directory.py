"""The files of a run: curves that lose nothing, and are named where they are damaged."""

import math

import numpy as np
import pytest

from disentlib.training import directory

WHOLE = "step,loss,kl\n2,1.5,0.25\n4,nan,0\n6,inf,1e-05\n"


def test_rows_read_back(tmp_path):
    path = tmp_path / "history.csv"
    rows = [{"step": 2, "loss": 1.5, "kl": 0.1}, {"step": 4, "loss": math.nan, "kl": math.inf}]
    for row in rows:
        directory.append_history(path, row)
    history = directory.read_history(path)
    assert list(history) == ["step", "loss", "kl"]
    for name, column in history.items():
        np.testing.assert_array_equal(column, [row[name] for row in rows])


def test_every_cut_is_read_to_its_last_whole_line(tmp_path):
    path = tmp_path / "history.csv"
    for end in range(len(WHOLE)):
        path.write_text(WHOLE[:end])
        lines = WHOLE[:end].count("\n")
        history = directory.read_history(path)
        assert len(history) == (3 if lines else 0)
        assert all(len(column) == lines - 1 for column in history.values())
    assert directory.read_history(tmp_path / "none.csv") == {}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("loss,kl\n2,3\n", "line 1"),
        ("\n\n", "line 1"),
        ("step,loss,loss\n2,3,4\n", "line 1"),
        ('{"step": 2}\n', "line 1"),
        ("step,loss\n2,3\nfour,3\n", "first a step after 2, in line 3 of .*, got 'four,3'"),
        ("step,loss\n2,3\n4,\n6,2\n", "line 3"),
        ("step,loss\n2,3\n4,1,2\n", "line 3"),
        ("step,loss\n2\n4,1\n", "line 2"),
        ("step,loss\n2,3\n\n4,1\n", "line 3"),
        ("step,loss\n2,3\n2,3\n", "a step after 2, in line 3"),
        ("step,loss\n0,3\n", "line 2"),
        ("step,loss\n2.5,3\n", "line 2"),
        ("step,loss\nnan,3\n", "line 2"),
        ("step,loss\n2,3\n\0\0\0\n", "line 3"),
    ],
)
def test_a_damaged_line_is_named(tmp_path, content, message):
    path = tmp_path / "history.csv"
    path.write_text(content)
    with pytest.raises(ValueError, match=message) as caught:
        directory.read_history(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_bytes_that_are_no_text_are_named(tmp_path):
    path = tmp_path / "history.csv"
    path.write_bytes(b"step,loss\n2,\xff\n")
    with pytest.raises(ValueError, match=r"history in .*history\.csv"):
        directory.read_history(path)
