"""The table of scores: printed, as a frame, as JSON."""

import json
import math
from dataclasses import replace

import pytest

from disentlib.metrics.table import ScoreRow, ScoreTable

NAN = float("nan")
ROW = ScoreRow(
    score="mig",
    value=0.41234567,
    mean=0.4,
    spread=NAN,
    low=NAN,
    high=NAN,
    repeats=1,
    higher_is_better=True,
    estimator="81 quantile bins",
    bins=81,
    representation="mean",
    samples=10_000,
    test_samples=0,
    protocol=None,
)
LOWER = replace(
    ROW, score="tc", value=math.inf, higher_is_better=False, bins=None, representation="sampled"
)


def test_printed():
    text = str(ScoreTable((ROW,)))
    assert "mig" in text
    assert "0.4123" in text
    assert "10,000 samples" in text
    assert "protocol: default" in text
    assert "±" not in text
    both = str(ScoreTable((ROW,)) + ScoreTable((replace(LOWER, repeats=3, spread=0.1, low=0.2),)))
    for word in ("inf", "lower", "higher", "sampled", "± 0.1000", "0.2000 .."):
        assert word in both
    assert "no scores" in str(ScoreTable(()))


def test_frame():
    pandas = pytest.importorskip("pandas")
    frame = ScoreTable((ROW, LOWER)).to_frame()
    assert isinstance(frame, pandas.DataFrame)
    assert list(frame["score"]) == ["mig", "tc"]
    assert frame["samples"].tolist() == [10_000, 10_000]


def test_json(tmp_path):
    path = tmp_path / "scores.json"
    path.write_text("old")
    text = ScoreTable((ROW, LOWER)).to_json(path)
    content = json.loads(path.read_text())
    assert content == json.loads(text)
    first, second = content["scores"]
    assert first["value"] == 0.41234567
    assert first["spread"] is None
    assert second["value"] is None
    assert set(first) == set(ScoreRow.__dataclass_fields__)
    assert [path.name for path in tmp_path.iterdir()] == ["scores.json"]


def test_json_that_cannot_be_written(tmp_path):
    with pytest.raises(OSError, match="nowhere"):
        ScoreTable((ROW,)).to_json(tmp_path / "nowhere" / "scores.json")


def test_value():
    table = ScoreTable((ROW, replace(ROW, value=0.3, representation="sampled"), LOWER))
    assert table.value("mig") == 0.41234567
    assert table.value("mig", "sampled") == 0.3
    assert len(table) == 3
    with pytest.raises(KeyError, match="expected a score among mig, tc, got 'sap'"):
        table.value("sap")
