"""Collecting a study: results of 12,600 jobs into one Parquet table, seconds and memory.

python tools/benchmarks/collect.py            # beside reading each file with plain json
python tools/benchmarks/collect.py --quick    # 1,000 jobs

The results are made up, of unsupervised_v1's size: 60 figures on each of two representations.
The table is compared with what was written: the number of rows, every job once, the sum of values.
Memory is the peak of a process of its own, above what its imports take.
"""

import argparse
import json
import multiprocessing
import resource
import tempfile
import time
from pathlib import Path

import pyarrow.parquet as parquet

from disentlib import studies
from disentlib.studies.storage import digest

SCORES = 60


def value(number, score, representation):
    return (number * 7919 + score * 104_729 + representation * 15_485_863) % 10_007 / 10_007


def write(path, seeds):
    """Write a study of 7 data sets x 36 configurations x `seeds` jobs, all done."""
    study = studies.Study(
        name="synthetic",
        data={f"data_{k}": "data.gin" for k in range(7)},
        models={f"model_{k}": ("model.gin", "BETA", (1, 2, 4, 6, 8, 16)) for k in range(6)},
        seeds=seeds,
    )
    storage = studies.Storage(path)
    storage.write_study({"study": study.to_dict()})
    configuration = {"gin": ["a line of a file = something"] * 30}
    for job in study.jobs():
        work = Path(storage.folder(job.number))
        work.mkdir(parents=True)
        rows = [
            [kind, f"score.{score}", value(job.number, score, index)]
            for index, kind in enumerate(("mean", "sampled"))
            for score in range(SCORES)
        ]
        names = ("study", "dataset", "model", "hyperparameter", "strength", "seed")
        result = {name: getattr(job, name) for name in names} | {
            "job": job.number,
            "uuid": f"00000000-0000-0000-0000-{job.number:012}",
            "wall_time_s": 1.0,
            "config_digest": digest(configuration),
            "configuration": configuration,
            "versions": {"disentlib": "0.1.0", "tensorflow": "2.21.0"},
            "rows": rows,
        }
        storage.finish(job.number, work, result)
    return len(study)


def measured(path, pipe):
    """Collect in a process of its own; send rows, seconds and mebibytes."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.perf_counter()
    collected = studies.collect(path)
    seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    pipe.send((collected.rows, collected.jobs, seconds, (peak - before) / 1024))


def plain(path):
    """Read every result with json, the floor of what collecting can cost."""
    start = time.perf_counter()
    total = 0.0
    for file in sorted(Path(path).glob("jobs/*/result.json")):
        total += sum(row[2] for row in json.loads(file.read_text())["rows"])
    return total, time.perf_counter() - start


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="1,008 jobs instead of 12,600")
    seeds = 4 if parser.parse_args().quick else 50
    with tempfile.TemporaryDirectory() as path:
        jobs = write(path, seeds)
        ours, theirs = multiprocessing.get_context("spawn").Pipe()
        process = multiprocessing.get_context("spawn").Process(target=measured, args=(path, theirs))
        process.start()
        rows, collected, seconds, memory = ours.recv()
        process.join()
        total, floor = plain(path)
        table = parquet.read_table(Path(path) / "table.parquet", columns=["job", "value"])
        assert collected == jobs
        assert rows == table.num_rows == jobs * SCORES * 2
        assert table["job"].unique().to_pylist() == list(range(jobs))
        assert abs(sum(table["value"].to_pylist()) - total) < 1e-6 * total
        print(f"{jobs:,} jobs, {rows:,} rows: {seconds:.1f} s, {memory:.0f} MiB above the imports")
        print(f"reading alone, with json: {floor:.1f} s; ratio {seconds / floor:.1f}")
        assert seconds < 120


if __name__ == "__main__":
    main()
