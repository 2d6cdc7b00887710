"""Jobs of a study through Ray beside the same jobs by hand, two at a time; figures compared.

python tools/benchmarks/studies.py               # 6 jobs, each side in turn, on a machine at rest
python tools/benchmarks/studies.py --together    # both sides at once, where others use the machine

By hand means the commands of `disentlib study plan --shell`, two processes at a time: a process a
job, each of which starts TensorFlow.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pandas as pd

from disentlib import studies

STUDY = [sys.executable, "-m", "disentlib", "study"]


def through_ray(path, numbers, steps):
    only = f"number in {tuple(numbers)}"
    command = [*STUDY, "run", "mini", "--out", str(path), "--only", only, "--address", "local"]
    subprocess.run([*command, "--gin_param", f"STEPS={steps}", "--quiet"], check=True)


def by_hand(path, numbers, steps):
    command = [*STUDY, "run", "mini", "--out", str(path), "--gin_param", f"STEPS={steps}"]
    with ThreadPoolExecutor(2) as pool:
        tasks = [
            pool.submit(
                subprocess.run, [*command, "--model_num", str(number), "--quiet"], check=True
            )
            for number in numbers
        ]
    for task in tasks:
        task.result()


def timed(side, *arguments):
    start = time.perf_counter()
    side(*arguments)
    return time.perf_counter() - start


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--jobs", type=int, default=6)
    parser.add_argument("--steps", type=int, default=1500)
    parser.add_argument("--together", action="store_true", help="both sides at the same time")
    options = parser.parse_args()
    numbers = list(range(options.jobs))
    with tempfile.TemporaryDirectory() as scratch, ThreadPoolExecutor(2) as pool:
        sides = {through_ray: Path(scratch) / "ray", by_hand: Path(scratch) / "hand"}
        for path in sides.values():
            path.mkdir()
        times = {}
        if options.together:
            running = {
                side: pool.submit(timed, side, path, numbers, options.steps)
                for side, path in sides.items()
            }
            times = {side: task.result() for side, task in running.items()}
        else:
            for side, path in sides.items():
                times[side] = timed(side, path, numbers, options.steps)
        ray, hand = (
            studies.load(path).drop(columns=["uuid", "wall_time_s"]) for path in sides.values()
        )
        pd.testing.assert_frame_equal(ray, hand)
    print(f"{options.jobs} jobs of {options.steps} steps, {len(ray)} equal figures")
    print(f"Ray {times[through_ray]:.0f} s, by hand {times[by_hand]:.0f} s")
    print(f"ratio {times[through_ray] / times[by_hand]:.2f}")


if __name__ == "__main__":
    main()
