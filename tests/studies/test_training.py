"""A study that trains: its worker killed in the middle, against one job after another, whole."""

import json
import os
import signal
import subprocess
import sys
import time

import pandas as pd
import pytest

from disentlib import studies
from disentlib.studies.engine import has_ray

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
