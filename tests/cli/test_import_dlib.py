"""`disentlib import-dlib` on a small aggregated file."""

import json

import pandas as pd
import pytest

from disentlib import cli

ROW = {
    "train_config.dataset.name": "'cars3d'",
    "train_config.model.model": "@vae()",
    "train_config.model.random_seed": "2",
    "train_config.vae.beta": "16.",
    "train_results.uuid": "t",
    "postprocess_config.postprocess.postprocess_fn": "@mean_representation",
    "evaluation_config.evaluation.evaluation_fn": "@mig",
    "evaluation_results.discrete_mig": 0.125,
    "evaluation_results.uuid": "e",
}


@pytest.fixture
def output(tmp_path):
    folder = tmp_path / "output"
    folder.mkdir()
    text = json.dumps({name: {"0": value} for name, value in ROW.items()})
    (folder / "aggregated_results.json").write_text(text)
    return folder


@pytest.mark.parametrize("suffix", ["parquet", "csv"])
def test_a_table_is_written_and_told(output, tmp_path, capsys, suffix):
    out = tmp_path / "new" / f"old.{suffix}"
    assert cli.main(["import-dlib", str(output), "--out", str(out), "--study", "old"]) == 0
    printed = capsys.readouterr().out
    assert printed.strip() == f"{out}: 1 evaluations of 1 models, 1 rows; 0 skipped"
    table = pd.read_csv(out) if suffix == "csv" else pd.read_parquet(out)
    row = table.iloc[0]
    fields = ["study", "dataset", "model", "strength", "seed", "representation", "score", "value"]
    assert list(row[fields]) == ["old", "cars3d", "beta_vae", 16, 2, "mean", "mig", 0.125]


def test_what_is_skipped_is_named(output, tmp_path, capsys):
    for number in range(25):
        folder = output / str(number) / "metrics" / "mean" / "mig"
        folder.mkdir(parents=True)
    out = tmp_path / "old.csv"
    assert cli.main(["import-dlib", str(output), "--out", str(out)]) == 0
    printed = capsys.readouterr().out
    assert printed.count("skipped ") == 20
    assert "25 in all" in printed
    assert len((tmp_path / "old.skipped.txt").read_text().splitlines()) == 25


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["{tmp}/no", "--out", "{tmp}/a.csv"], 1, "found nothing at"),
        (["{tmp}", "--out", "{tmp}/a.csv"], 1, "found none"),
        (["{tmp}", "--out", "{tmp}/a.xls"], 2, "expected --out to end in .parquet or .csv"),
    ],
)
def test_mistakes_are_one_line(tmp_path, capsys, arguments, code, message):
    arguments = [text.format(tmp=tmp_path) for text in arguments]
    assert cli.main(["import-dlib", *arguments]) == code
    err = capsys.readouterr().err
    assert message in err
    assert err.count("\n") == 1
