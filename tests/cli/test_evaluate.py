"""`disentlib evaluate` on a run that `training.train` left."""

import json

import numpy as np
import pytest

from disentlib import Run, cli, data, metrics, models
from disentlib.metrics import SCORES
from disentlib.models import architectures as nets
from disentlib.studies.scoring import score_run
from disentlib.training import train


@pytest.fixture(scope="module")
def run_dir(tmp_path_factory):
    path = tmp_path_factory.mktemp("runs") / "small"
    train(
        run_dir=path,
        data=data.MiniSprites,
        model=models.BetaVAE,
        encoder=nets.linear_encoder,
        decoder=nets.linear_decoder,
        latents=3,
        steps=4,
        batch_size=8,
        log_every=2,
        checkpoint_every=4,
        evaluation_steps=1,
    )
    return path


def evaluate(run_dir, *arguments):
    samples = ["--samples", "300", "--test_samples", "50"]
    return cli.main(["evaluate", str(run_dir), *samples, *map(str, arguments)])


def test_scores_are_written_and_printed(run_dir, capsys):
    assert evaluate(run_dir, "--metrics", "mig,gaussian_total_correlation") == 0
    out, err = capsys.readouterr()
    assert err == ""
    for word in ("mig", "mean", "sampled", "300 samples", "scores.json", "disentlib report"):
        assert word in out
    rows = Run(run_dir).scores["scores"]
    assert [(row["score"], row["representation"]) for row in rows] == [
        ("mig", "mean"),
        ("gaussian_total_correlation", "mean"),
        ("mig", "sampled"),
        ("gaussian_total_correlation", "sampled"),
    ]
    run = Run(run_dir)
    direct = metrics.evaluate_encoder(
        run.data, run.encode, metrics=["mig"], samples=300, test_samples=50, rng=0
    )
    assert rows[0]["value"] == pytest.approx(direct.value("mig"), abs=1e-12)
    assert rows[2]["value"] == pytest.approx(direct.value("mig", "sampled"), abs=1e-12)
    assert not list(run_dir.glob(".scores*"))


def test_the_same_seed_writes_the_same_file(run_dir):
    texts = []
    for seed in (1, 1, 2):
        assert evaluate(run_dir, "--quiet", "--seed", seed, "--metrics", "mig") == 0
        texts.append((run_dir / "scores.json").read_text())
    assert texts[0] == texts[1] != texts[2]


def test_gin_files_choose_and_flags_win(run_dir, capsys):
    files = ["--gin_file", "metrics/locatello2019.gin", "--metrics", "mig"]
    assert evaluate(run_dir, *files) == 0
    assert "protocol: locatello2019" in capsys.readouterr().out
    (row, _) = json.loads((run_dir / "scores.json").read_text())["scores"]
    assert (row["samples"], row["protocol"], row["bins"]) == (300, "locatello2019", 20)
    files = [
        "--gin_file",
        "metrics/robust.gin",
        "--gin_param",
        "metrics.evaluate_encoder.repeats=3",
    ]
    assert evaluate(run_dir, *files, "--metrics", "mig") == 0
    (row, _) = json.loads((run_dir / "scores.json").read_text())["scores"]
    assert row["repeats"] == 3
    assert row["low"] < row["value"] < row["high"]


def test_every_score_runs_on_a_model(run_dir):
    assert evaluate(run_dir, "--quiet") == 0
    rows = json.loads((run_dir / "scores.json").read_text())["scores"]
    taken = {row["score"].partition(".")[0] for row in rows}
    assert taken == {name for name, score in SCORES.items() if score.by_default}
    assert {row["representation"] for row in rows} == {"mean", "sampled"}


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["--metrics", "migg"], 2, "did you mean 'mig'?"),
        (["--samples", "1"], 2, "expected --samples of at least 2, got 1"),
        (["--gin_file", "metrics/nothing.gin"], 2, "no gin file 'metrics/nothing.gin'"),
        (["--repeats", "0"], 1, "expected at least 1 repeat, got 0"),
    ],
)
def test_mistakes_are_one_line_and_leave_the_old_scores(run_dir, capsys, arguments, code, message):
    (run_dir / "scores.json").write_text("{}")
    assert evaluate(run_dir, *arguments) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert message in err
    assert (run_dir / "scores.json").read_text() == "{}"


def test_a_gin_file_about_something_else_is_said_to_be(run_dir, tmp_path, capsys):
    (tmp_path / "other.gin").write_text("BETA = 3\n")
    assert evaluate(run_dir, "--gin_file", tmp_path / "other.gin") == 2
    error = capsys.readouterr().err
    assert "no gin file binds metrics.evaluate_encoder: expected one with the lines" in error
    assert "`from disentlib import metrics`" in error


def test_the_gin_file_of_a_run_is_not_run(run_dir, tmp_path):
    lines = ("from __gin__ import dynamic_registration", "import os", "os.mkdir.path = 'ran'")
    (run_dir / "operative.gin").write_text("\n".join((*lines, "os.mkdir.mode = @os.mkdir()")))
    assert evaluate(run_dir, "--quiet", "--metrics", "mig") == 0
    (run_dir / "operative.gin").unlink()


def test_no_run(tmp_path, capsys):
    assert evaluate(tmp_path) == 1
    assert "expected a run directory with run.json" in capsys.readouterr().err


def test_the_encoder_sees_what_the_model_was_trained_on(run_dir, monkeypatch):
    seen = []
    original = Run.encode

    def encode(self, images):
        seen.append((images.dtype, float(images.min()), float(images.max())))
        return original(self, images)

    monkeypatch.setattr(Run, "encode", encode)
    assert evaluate(run_dir, "--quiet", "--metrics", "mig") == 0
    assert seen[0] == (np.dtype(np.float32), 0.0, 1.0)


@pytest.fixture(scope="module")
def own_run(tmp_path_factory):
    """A run on the training part of 120 images of one's own, of which one factor is real-valued."""
    path = tmp_path_factory.mktemp("own")
    rng = np.random.default_rng(0)
    np.savez(
        path / "source.npz",
        images=rng.integers(0, 256, (120, 16, 16), dtype=np.uint8),
        factors=np.column_stack([rng.integers(0, 3, 120), rng.normal(size=120)]),
        names=["kind", "depth"],
        continuous=[False, True],
    )
    own = data.import_data(path / "source.npz", path / "own.npz")
    assert own.factor_sizes == (3, None)
    train(
        run_dir=path / "run",
        data=lambda: data.Split(data.ImportedData(path / "own.npz"), part="train"),
        model=models.BetaVAE,
        encoder=nets.linear_encoder,
        decoder=nets.linear_decoder,
        latents=3,
        steps=2,
        batch_size=8,
        log_every=2,
        checkpoint_every=2,
        evaluation_steps=1,
    )
    return path / "run"


def test_own_images_are_scored_once_each_and_held_out_ones_alone(own_run, run_dir, capsys):
    assert cli.main(["evaluate", str(own_run), "--metrics", "mcc,dci,explicitness"]) == 0
    out, err = capsys.readouterr()
    assert "80 samples; 40 more to test; 120 distinct rows" in out
    assert "explicitness is left out where factors are real-valued" in err
    assert cli.main(["evaluate", str(own_run), "--metrics", "mcc", "--part", "test"]) == 0
    assert "8 samples; 12 distinct rows" in capsys.readouterr().out
    assert cli.main(["evaluate", str(run_dir), "--part", "test"]) == 2
    assert "expected a run on a part of a split for --part" in capsys.readouterr().err


def test_a_study_scores_runs_on_own_images(own_run):
    scores = ["mcc", "downstream_task", "fairness"]
    with pytest.warns(metrics.LeftOutWarning) as caught:
        rows = score_run(Run(own_run), scores, ["mean"])
    assert {str(warning.message).split(" is ")[0] for warning in caught} == {*scores[1:]}
    assert [name for _, name, _ in rows if name == "mcc"] == ["mcc"]
