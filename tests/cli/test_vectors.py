"""Vectors with an auxiliary variable, from gin to the report."""

import json

import disentlib
from disentlib.cli import main


def test_ivae_is_trained_scored_and_reported_from_its_gin_file(tmp_path, capsys):
    few = ["STEPS=20", "training.train.log_every=10", "training.train.checkpoint_every=20"]
    few += ["training.train.evaluation_steps=2", "PER_SEGMENT=20"]
    flags = [f"--gin_param={one}" for one in few]
    run_dir = str(tmp_path / "run")
    train = ["train", "--gin_file", "runs/ivae.gin", *flags, "--run_dir", run_dir]
    assert main(train) == 0, capsys.readouterr().err
    assert main(["evaluate", run_dir, "--samples", "200", "--test_samples", "100"]) == 0
    assert main(["report", run_dir, "--samples", "100"]) == 0
    run = disentlib.Run(run_dir)
    assert int(run.model.step) == 20
    sources = run.data
    mean, logvar = run.encode({"x": sources.observations, "u": sources.condition})
    assert mean.shape == logvar.shape == (800, 5)
    scores = json.loads((tmp_path / "run" / "scores.json").read_text(encoding="utf-8"))
    assert {row["representation"] for row in scores["scores"]} == {"mean", "sampled"}
    page = (tmp_path / "run" / "report.html").read_text(encoding="utf-8")
    assert "Mutual information" in page
    assert "<canvas" not in page
    assert main(train) == 0  # resumes, and has nothing left to do


def test_jobs_of_ivaes_study_are_trained_and_scored(tmp_path):
    few = ["STEPS=4", "studies.Study.samples=200", "studies.Study.test_samples=100"]
    flags = [f"--gin_param={one}" for one in few]
    out = str(tmp_path / "study")
    for number in ("0", "15"):  # ivae, beta_tc_vae
        assert main(["study", "run", "ivae_v1", "--out", out, "--model_num", number, *flags]) == 0
    disentlib.studies.collect(out)
    frame = disentlib.studies.load(out)
    assert set(frame["model"]) == {"ivae", "beta_tc_vae"}
    assert set(frame["score"]) >= {"mcc", "affine_mcc", "weak_mcc"}
    assert frame["value"].notna().all()
