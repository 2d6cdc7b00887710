"""Studies that train: killed in the middle, against one job after another, whole; and diverging."""

import json
import os
import signal
import subprocess
import sys
import time

import keras
import pandas as pd
import pytest

from disentlib import cli, data, models, studies
from disentlib.models import architectures as nets
from disentlib.studies.engine import has_ray
from disentlib.training import train

COMMAND = [sys.executable, "-m", "disentlib", "study"]
PART = ["--only", "number in (0, 6)", "--gin_param", "STEPS=1000"]


def figures(path) -> pd.DataFrame:
    studies.collect(path)
    return studies.load(path).drop(columns=["uuid", "wall_time_s"])


@pytest.mark.slow
@pytest.mark.parametrize("address", ["local"] if has_ray() else [])
def test_killed_in_the_middle_a_study_finds_the_same(tmp_path, address):
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    subprocess.run(
        [*COMMAND, "run", "mini", "--out", str(whole), *PART, "--address", "none"], check=True
    )
    process = subprocess.Popen(
        [*COMMAND, "run", "mini", "--out", str(killed), *PART, "--address", address]
    )
    while process.poll() is None:
        running = studies.Storage(killed).running()
        begun = [n for n in running if (killed / f"jobs/{n:05}/model.keras").exists()]
        if begun:
            os.kill(running[begun[0]]["process"], signal.SIGKILL)
            break
        time.sleep(0.05)
    assert process.wait(timeout=600) == 0
    steps = json.loads((killed / f"jobs/{begun[0]:05}/metrics.json").read_text())["trained_steps"]
    assert 0 < steps < 1000  # the rest was in the checkpoint
    frame = figures(whole)
    assert set(frame["job"]) == {0, 6}
    assert set(frame["representation"]) == {"mean", "sampled"}
    assert {"mig", "dci.disentanglement", "kl", "downstream_task.100:mean_test_accuracy"} <= set(
        frame["score"]
    )
    pd.testing.assert_frame_equal(figures(killed), frame)


class Diverging:
    """A job whose loss turns NaN."""

    def configuration(self, job):
        return {"seed": job.seed}

    def __call__(self, job, folder):
        train(
            run_dir=folder,
            data=data.MiniSprites,
            model=models.BetaVAE,
            encoder=nets.linear_encoder,
            decoder=nets.linear_decoder,
            optimizer=lambda: keras.optimizers.SGD(1e30),
            latents=2,
            steps=4,
            batch_size=4,
            log_every=1,
            checkpoint_every=1,
            quiet=True,
        )
        return [("mean", "loss", 0.0)]


def test_a_job_that_diverges_failed_and_says_why(tmp_path, capsys):
    study = studies.Study(
        name="diverging",
        data={"mini": "mini.gin"},
        models={"beta_vae": ("one.gin", "BETA", (1.0,))},
        seeds=1,
    )
    storage = studies.Storage(tmp_path)
    storage.write_study({"study": study.to_dict()})
    progress = studies.run(study.jobs(), Diverging(), storage, ray=False)
    assert progress.failed.keys() == {0}
    assert progress.failed[0].startswith("NonFiniteError: ")
    assert storage.done() == set()
    assert storage.failures() == progress.failed
    assert not (tmp_path / "jobs" / "00000" / "metrics.json").exists()
    assert cli.main(["study", "status", str(tmp_path)]) == 0
    told = capsys.readouterr().out
    assert "0 running, 1 failed, 0 left" in told
    assert "NonFiniteError" in told
    # Begun again, it fails again; nothing of it is taken for a result.
    assert studies.run(study.jobs(), Diverging(), storage, ray=False).failed == progress.failed
    assert studies.collect(tmp_path).jobs == 0
