"""A study that trains nothing, as a process: its jobs count steps and keep checkpoints.

    python counting.py DIR [--ray] [--address ADDRESS] [--steps N] [--setting TEXT] [--fault NUMBER]

A job is a chain of draws from its seed, so that a step lost or taken twice changes its figures.
"""

import argparse
import json
import os
import random
import signal
import time
from dataclasses import dataclass
from pathlib import Path

from disentlib import studies

GRID = {
    "name": "counting",
    "data": {"nothing": "nothing.gin"},
    "models": {"one": ("one.gin", "BETA", (1.0, 4.0)), "two": ("two.gin", "GAMMA", (2.0,))},
    "seeds": 2,
}


@dataclass(frozen=True)
class Counting:
    """What a job does; the job whose number is `fault` always fails."""

    steps: int
    setting: str
    fault: int

    def configuration(self, job):
        return {"strength": job.strength, "seed": job.seed, "setting": self.setting}

    def __call__(self, job, folder: Path):
        with (folder / "attempts.txt").open("a") as file:
            file.write(f"{os.getpid()}\n")
        checkpoint = folder / "checkpoint.json"
        start, value = 0, job.strength
        if checkpoint.is_file():
            start, value = json.loads(checkpoint.read_text())
            print("goes on at step", start)
        for step in range(start, self.steps):
            time.sleep(0.01)
            value = random.Random(f"{job.seed} {step} {value}").random()
            if (step + 1) % 10 == 0:
                partial = folder / "checkpoint.partial"
                partial.write_text(json.dumps([step + 1, value]))
                partial.replace(checkpoint)
        if job.number == self.fault:
            raise ZeroDivisionError("always")
        return [(kind, "draw", value + (kind == "mean")) for kind in ("mean", "sampled")]


def main():
    # A shell without job control starts background processes, and all below, with SIGINT ignored.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    parser = argparse.ArgumentParser()
    parser.add_argument("path")
    parser.add_argument("--ray", action="store_true")
    parser.add_argument("--address", default="local")
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--setting", default="")
    parser.add_argument("--fault", type=int, default=-1)
    options = parser.parse_args()
    study = studies.Study(**GRID)
    storage = studies.Storage(options.path)
    storage.write_study({"study": study.to_dict()})
    progress = studies.run(
        study.jobs(),
        Counting(options.steps, options.setting, options.fault),
        storage,
        ray=options.ray,
        address=options.address,
    )
    print(json.dumps([progress.done, progress.skipped, progress.failed, progress.quarantined]))


if __name__ == "__main__":
    main()
