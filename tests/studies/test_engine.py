"""Faults, each with processes: what a disturbed study collects is what an undisturbed one does."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest

from disentlib import studies
from disentlib.studies.engine import has_ray

SCRIPT = Path(__file__).with_name("counting.py")
JOBS = 6
LONG = ("--steps", "300")  # three seconds a job, with thirty checkpoints

WAYS = [[], ["--ray"]] if has_ray() else [[]]
needs_ray = pytest.mark.parametrize("ray", [["--ray"]] if has_ray() else [], ids=["ray"])


def start(path, *arguments) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, str(SCRIPT), str(path), *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(process) -> tuple[int, int, dict[str, str], dict[str, str]]:
    """The final progress: done, of them before, failed, quarantined."""
    out, err = process.communicate(timeout=240)
    assert process.returncode == 0, err
    return tuple(json.loads(out.splitlines()[-1]))


def wait_for(condition, seconds=120):
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.05)
    return found


def begun(path, *, steps=10) -> dict[int, dict]:
    """The running jobs that have taken some steps since they began."""
    notes = studies.Storage(path).running()
    folder = path / "jobs"
    return {
        number: who
        for number, who in notes.items()
        if (checkpoint := folder / f"{number:05}" / "checkpoint.json").is_file()
        and json.loads(checkpoint.read_text())[0] >= steps
    }


def attempts(path) -> list[int]:
    """How often each job was begun."""
    folders = sorted((path / "jobs").iterdir())
    return [len((folder / "attempts.txt").read_text().splitlines()) for folder in folders]


def log(path, number: int) -> str:
    return (path / "jobs" / f"{number:05}" / "log.txt").read_text()


def figures(path) -> pd.DataFrame:
    """What a study found, without what differs from one run to the next."""
    studies.collect(path)
    return studies.load(path).drop(columns=["uuid", "wall_time_s"])


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory) -> pd.DataFrame:
    path = tmp_path_factory.mktemp("undisturbed")
    assert finish(start(path)) == (JOBS, 0, {}, {})
    frame = figures(path)
    assert len(frame) == JOBS * 2
    assert not frame.duplicated(["job", "representation", "score"]).any()
    return frame


@pytest.fixture(scope="module")
def undisturbed_long(tmp_path_factory) -> pd.DataFrame:
    path = tmp_path_factory.mktemp("undisturbed")
    assert finish(start(path, *LONG)) == (JOBS, 0, {}, {})
    return figures(path)


def test_a_finished_job_never_runs_again(tmp_path, undisturbed):
    assert finish(start(tmp_path)) == (JOBS, 0, {}, {})
    assert finish(start(tmp_path)) == (JOBS, JOBS, {}, {})
    assert attempts(tmp_path) == [1] * JOBS
    pd.testing.assert_frame_equal(figures(tmp_path), undisturbed)


@needs_ray
def test_a_killed_worker(tmp_path, undisturbed_long, ray):
    process = start(tmp_path, *ray, *LONG)
    number, who = wait_for(lambda: [*begun(tmp_path).items()])[0]
    os.kill(who["process"], signal.SIGKILL)
    assert finish(process) == (JOBS, 0, {}, {})
    assert sum(attempts(tmp_path)) == JOBS + 1
    assert attempts(tmp_path)[number] == 2
    assert "goes on at step" in log(tmp_path, number)
    pd.testing.assert_frame_equal(figures(tmp_path), undisturbed_long)


@pytest.mark.parametrize("ray", WAYS, ids=" ".join)
def test_a_killed_driver(tmp_path, undisturbed_long, ray):
    process = start(tmp_path, *ray, *LONG)
    wait_for(lambda: studies.Storage(tmp_path).done() and begun(tmp_path))
    process.kill()
    process.communicate()
    before = studies.Storage(tmp_path).done()
    assert not (studies.Storage(tmp_path).running() and not ray)
    done, skipped, failed, corrupt = finish(start(tmp_path, *ray, *LONG))
    assert (done, failed, corrupt) == (JOBS, {}, {})
    assert skipped >= len(before) >= 1  # workers of Ray may end their jobs before they notice
    assert all(attempts(tmp_path)[number] == 1 for number in before)
    if not ray:
        assert sum(attempts(tmp_path)) == JOBS + 1
        assert "goes on at step" in log(tmp_path, skipped)
    pd.testing.assert_frame_equal(figures(tmp_path), undisturbed_long)


def test_an_interrupted_driver(tmp_path, undisturbed_long):
    process = start(tmp_path, *LONG)
    wait_for(lambda: begun(tmp_path, steps=20))
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode != 0
    assert finish(start(tmp_path, *LONG)) == (JOBS, 0, {}, {})
    assert "goes on at step" in log(tmp_path, 0)
    pd.testing.assert_frame_equal(figures(tmp_path), undisturbed_long)


@pytest.mark.parametrize(
    "ray", [[], *([["--ray"]] if has_ray() else [])], ids=["here", "ray"][: 1 + has_ray()]
)
def test_a_job_that_always_fails(tmp_path, undisturbed, ray):
    done, _, failed, _ = finish(start(tmp_path, "--fault", "3", *ray))
    assert done == JOBS - 1
    assert failed == {"3": "ZeroDivisionError: always"}
    storage = studies.Storage(tmp_path)
    assert storage.failures() == {3: "ZeroDivisionError: always"}
    assert storage.done() == {0, 1, 2, 4, 5}
    assert "Traceback" in log(tmp_path, 3)
    others = undisturbed[undisturbed["job"] != 3].reset_index(drop=True)
    pd.testing.assert_frame_equal(figures(tmp_path), others)
    # Mended, it runs alone, and the failure is forgotten.
    assert finish(start(tmp_path)) == (JOBS, JOBS - 1, {}, {})
    assert storage.failures() == {}
    pd.testing.assert_frame_equal(figures(tmp_path), undisturbed)


def test_a_full_disk(tmp_path, undisturbed):
    full = tmp_path / "jobs" / "00002" / "checkpoint.partial"
    full.parent.mkdir(parents=True)
    full.symlink_to("/dev/full")
    done, _, failed, _ = finish(start(tmp_path))
    assert done == JOBS - 1
    assert failed.keys() == {"2"}
    assert "No space left" in failed["2"]
    full.unlink()
    assert finish(start(tmp_path)) == (JOBS, JOBS - 1, {}, {})
    pd.testing.assert_frame_equal(figures(tmp_path), undisturbed)


@pytest.mark.parametrize("harm", ["cut", "changed", "gone"])
def test_a_corrupt_result(tmp_path, undisturbed, harm):
    finish(start(tmp_path))
    victim = tmp_path / "jobs" / "00004" / "result.json"
    text = victim.read_text()
    match harm:
        case "cut":
            victim.write_text(text[:100])
        case "changed":
            victim.write_text(text.replace('"seed": 0', '"seed": 1', 1))
        case "gone":
            victim.unlink()
    with pytest.raises(ValueError, match=r"00004/result\.json"):
        studies.load(tmp_path)
    collected = studies.collect(tmp_path)
    assert collected.corrupt.keys() == {4}
    assert "00004/result.json" in collected.corrupt[4]
    assert collected.jobs == JOBS - 1
    if harm != "gone":
        assert len([*(tmp_path / "quarantine").iterdir()]) == 1
    assert finish(start(tmp_path)) == (JOBS, JOBS - 1, {}, {})
    pd.testing.assert_frame_equal(figures(tmp_path), undisturbed)


def test_a_corrupt_result_is_found_by_the_next_run(tmp_path, undisturbed):
    finish(start(tmp_path))
    (tmp_path / "jobs" / "00001" / "result.json").write_text("{}")
    done, skipped, _, quarantined = finish(start(tmp_path))
    assert (done, skipped) == (JOBS, JOBS - 1)
    assert quarantined.keys() == {"1"}
    pd.testing.assert_frame_equal(figures(tmp_path), undisturbed)


def test_a_second_driver_is_refused(tmp_path):
    first = start(tmp_path, *LONG)
    wait_for(lambda: begun(tmp_path))
    assert studies.Storage(tmp_path).is_driven
    second = start(tmp_path, *LONG)
    _, err = second.communicate(timeout=60)
    assert second.returncode == 1
    assert f"process {first.pid} on" in err
    assert "is running the study" in err
    assert finish(first) == (JOBS, 0, {}, {})
    assert attempts(tmp_path) == [1] * JOBS
    assert not studies.Storage(tmp_path).is_driven


def test_another_configuration_is_refused(tmp_path):
    finish(start(tmp_path))
    process = start(tmp_path, "--setting", "new")
    _, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "6 jobs" in err
    assert "setting: '' before, 'new' now" in err
    assert attempts(tmp_path) == [1] * JOBS


NODES = """
import runpy, sys
from ray.cluster_utils import Cluster

cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
node = cluster.add_node(num_cpus=1)
cluster.wait_for_nodes()
print(cluster.address, flush=True)
sys.stdin.readline()
cluster.remove_node(node, allow_graceful=False)
print("removed", flush=True)
sys.stdin.readline()
cluster.shutdown()
"""


@needs_ray
def test_a_node_removed(tmp_path, undisturbed_long, ray):
    cluster = subprocess.Popen(
        [sys.executable, "-c", NODES],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        address = cluster.stdout.readline().strip()
        process = start(tmp_path, *ray, "--address", address, *LONG)
        wait_for(lambda: len(begun(tmp_path)) == 2)
        cluster.stdin.write("\n")
        cluster.stdin.flush()
        assert cluster.stdout.readline().strip() == "removed"
        assert finish(process) == (JOBS, 0, {}, {})
    finally:
        cluster.communicate("\n\n", timeout=60)
    assert sum(attempts(tmp_path)) > JOBS
    pd.testing.assert_frame_equal(figures(tmp_path), undisturbed_long)
