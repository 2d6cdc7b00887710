"""What a person sees: counts, running jobs, the last errors, the time left."""

import io
import time

from rich.console import Console

from disentlib import studies
from disentlib.studies import progress as shown

JOBS = studies.Study(
    name="seen",
    data={"mini": "mini.gin"},
    models={"beta_vae": ("one.gin", "BETA", (1.0, 4.0))},
    seeds=10,
).jobs()


def seen(progress) -> str:
    console = Console(file=io.StringIO(), width=120)
    console.print(shown.table_of(progress, {job.number: job for job in JOBS}))
    return console.file.getvalue()


def test_a_moment(tmp_path):
    storage = studies.Storage(tmp_path)
    storage.write_study({})
    storage.note_running(12)  # by a process that died
    with storage.claim(JOBS[13], {}):
        storage.note_running(13)
        see_a_moment(studies.Progress(storage, total=20, skipped=4, done=4))


def see_a_moment(progress):
    assert "left -" in seen(progress)
    progress.started = time.monotonic() - 60
    for number in range(4, 10):
        progress.count(number, None)
    for number in range(10, 12):
        progress.count(number, "ValueError: not this one" + " and more" * 50)
    text = seen(progress)
    assert "10 of 20 done" in text
    assert "1 running" in text
    assert "2 failed" in text
    assert "13  mini beta_vae beta=4 seed 3" in text
    assert "11  mini beta_vae beta=4 seed 1  ValueError: not this one and more" in text
    assert max(map(len, text.splitlines())) <= 120
    # 8 jobs took a minute, 8 are left.
    assert progress.left == 8
    assert abs(progress.seconds_left - 60) < 1
    assert "left 0:01:00" in text


def test_many_failures_are_counted(tmp_path):
    progress = studies.Progress(studies.Storage(tmp_path), total=20, skipped=0)
    for number in range(15):
        progress.count(number, "RuntimeError: again")
    text = seen(progress)
    assert "and 7 more" in text
    assert text.count("RuntimeError") == 8
