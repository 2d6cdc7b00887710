"""`disentlib study`: plan, run and collect a grid of models, and report what it says."""

import argparse
import functools
import json
import shlex
import signal
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import gin
from rich.table import Table

from disentlib import __version__, configs, studies
from disentlib.cli import configuration
from disentlib.cli.console import Parser, UsageError, native_silence, stderr, stdout
from disentlib.screen import safe
from disentlib.studies import progress as display
from disentlib.studies.engine import has_ray
from disentlib.studies.grid import Job, Study
from disentlib.studies.storage import Storage

DESCRIPTION = """Train and score a grid of models: data x method x strength x seed.

actions:
  plan NAME      list the numbered jobs; --shell writes one command a line, for arrays of Slurm
  run NAME       run what is not done yet, on Ray where it is installed
  resume DIR     the same for a study that was begun
  status DIR     what is done, running, failed and left
  collect DIR    all results as one table, DIR/table.parquet
  report DIR     one HTML page: figures, tables and the data behind them"""

EXAMPLE = """examples:
  disentlib study plan unsupervised_v1 | head
  disentlib study run mini --out studies/mini
  disentlib study run mini --out studies/mini --only "model == 'beta_vae' and seed < 2"
  disentlib study status studies/mini

NAME is a shipped study ({names}) or a gin file.
Interrupt a study at any time: the same command, or resume, goes on where it stopped.
"""


def parser() -> argparse.ArgumentParser:
    """Return the command's parser."""
    names = ", ".join(sorted(path.stem for path in (configs.directory() / "studies").glob("*.gin")))
    command = Parser(
        prog="disentlib study", description=DESCRIPTION, epilog=EXAMPLE.format(names=names)
    )
    command.add_argument("action", choices=sorted(ACTIONS), metavar="ACTION", help="see above")
    command.add_argument("study", metavar="NAME|DIR", help="a study, or its directory")
    command.add_argument(
        "--out", metavar="PATH", help="run: its directory (studies/NAME); report: the page"
    )
    command.add_argument(
        "--gin_param",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="a knob of the study's file, such as STEPS=1000",
    )
    command.add_argument("--only", metavar="EXPR", help="jobs of which this is true")
    command.add_argument("--model_num", type=int, metavar="N", help="this job, in this process")
    command.add_argument(
        "--address",
        metavar="local|auto|URL",
        help="Ray here (local), a running cluster (auto) or one at an address; none: no Ray",
    )
    command.add_argument("--cpus", type=float, metavar="N", help="processors of a job")
    command.add_argument("--gpus", type=float, metavar="X", help="accelerators of a job, as 0.25")
    command.add_argument(
        "--retries", type=int, default=3, metavar="N", help="of jobs whose worker died (3)"
    )
    command.add_argument(
        "--criteria",
        action="store_true",
        help="report: UDR and ModelCentrality too, which compare all models: minutes and more",
    )
    command.add_argument(
        "--stability",
        action="store_true",
        help="report: how alike the codes are that seeds of a configuration learn, with tests",
    )
    command.add_argument("--shell", action="store_true", help="plan: one command a line")
    command.add_argument("--json", action="store_true", help="status and plan: as JSON")
    return command


def run(options: argparse.Namespace) -> int | None:
    """Do one of the actions."""
    status: int | None = ACTIONS[options.action](options)
    return status


def plan(options: argparse.Namespace) -> None:
    """List the jobs."""
    study, _ = find(options)
    for job in chosen_jobs(study, options):
        if options.shell:
            words = ["disentlib", "study", "run", options.study, "--out", out(options, study)]
            for parameter in options.gin_param:
                words += ["--gin_param", parameter]
            print(shlex.join([*words, "--model_num", str(job.number)]))
        elif options.json:
            print(json.dumps(vars(job)))
        else:
            print(f"{job.number:>6}  {safe(display.describe(job))}")


def execute(options: argparse.Namespace) -> int:
    """Run the jobs that are not done."""
    study, begun = find(options)
    storage = Storage(out(options, study)) if begun is None else begun
    jobs = chosen_jobs(study, options)
    single = options.model_num is not None
    ray = has_ray() and not single and options.address != "none"
    if options.address not in (None, "none") and not has_ray():
        raise UsageError("expected Ray for --address: pip install 'disentlib[ray]'")
    console = stdout(quiet=options.quiet)
    if not (storage.path / "study.json").exists():
        storage.write_study({"disentlib": __version__, "study": study.to_dict()})
    elif storage.read_study()["study"] != study.to_dict():
        raise UsageError(f"{storage} holds another study, or other knobs: choose another --out")
    numbered = {job.number: job for job in jobs}
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # clusters stop jobs by SIGTERM
    try:
        progress = studies.run(
            jobs,
            studies.TrainAndScore(study, lines, trainer),
            storage,
            ray=ray,
            address=options.address or "local",
            cpus=options.cpus or study.cpus,
            gpus=study.gpus if options.gpus is None else options.gpus,
            retries=options.retries,
            alone=not single,
            watch=lambda progress: display.live(progress, numbered, quiet=options.quiet),
        )
    except KeyboardInterrupt:
        console.print(f"interrupted; go on with: disentlib study resume {storage}", soft_wrap=True)
        return 130
    for error in progress.quarantined.values():
        console.print(f"corrupt: {error}", soft_wrap=True)
    console.print(
        f"{storage}: {progress.done:,} of {progress.total:,} jobs done"
        f" ({progress.skipped:,} of them before), {len(progress.failed):,} failed",
        soft_wrap=True,
    )
    if progress.failed:
        console.print(display.failures(progress.failed, numbered))
        console.print(f"their logs: {storage}/jobs/NUMBER/log.txt", soft_wrap=True)
        return 1
    console.print(f"next: disentlib study collect {storage}", soft_wrap=True)
    return 0


def status(options: argparse.Namespace) -> None:
    """Print what is done, running, failed and left."""
    study, storage = find(options)
    if storage is None:
        raise UsageError(f"expected the directory of a study, got {options.study}")
    now = studies.status(storage.path, chosen_jobs(study, options))
    console = stdout()
    if options.json:
        print(json.dumps(now.to_dict()))
        return
    console.print(
        f"{study.name} in {storage}: {len(now.done):,} of {len(now.jobs):,} done, "
        f"{len(now.running):,} running, {len(now.failed):,} failed, {now.left:,} left",
        soft_wrap=True,
    )
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("data", "model", "done", "of"):
        table.add_column(title, justify="right" if title in ("done", "of") else "left")
    for dataset, model, done, count in now.by_model:
        table.add_row(dataset, model, f"{done:,}", f"{count:,}")
    console.print(table)
    for number, note in sorted(now.running.items()):
        console.print(
            f"running {number} {display.describe(now.jobs[number])} for {display.since(note)} on "
            f"{note['host']}",
            soft_wrap=True,
        )
    if now.failed:
        console.print("failed, with the last error:")
        console.print(display.failures(now.failed, now.jobs, shown=20))


def collect(options: argparse.Namespace) -> int:
    """Write the table."""
    storage = storage_of(options)
    collected = studies.collect(storage.path)
    console = stdout(quiet=options.quiet)
    for error in collected.corrupt.values():
        console.print(f"corrupt: {error}", soft_wrap=True)
    console.print(
        f"{collected.path}: {collected.rows:,} rows of {collected.jobs:,} jobs", soft_wrap=True
    )
    if collected.corrupt:
        console.print(f"repeat them: disentlib study resume {storage}", soft_wrap=True)
        return 1
    console.print(f"next: disentlib study report {storage}", soft_wrap=True)
    return 0


def report(options: argparse.Namespace) -> None:
    """Write the page."""
    storage = storage_of(options)
    study = storage.study()
    frame = studies.load(storage.path)
    if options.criteria:
        with native_silence():  # TensorFlow loads here
            from disentlib.studies import analysis, criteria

        with stderr(quiet=options.quiet).status("comparing models with each other"):
            codes = criteria.codes(storage.path)
            frame = analysis.with_udr(frame, codes.mean, codes.kl)
            cross = criteria.cross_scores(storage.path)
            frame = analysis.with_model_centrality(frame, cross)
    stability = []
    if options.stability:
        with native_silence():
            from disentlib.studies import criteria
            from disentlib.studies.stability import stabilities

        with stderr(quiet=options.quiet).status("comparing seeds with each other"):
            stability = stabilities(frame, criteria.codes(storage.path).mean)
    target = options.out or f"{storage}/report.html"
    jobs = {job.number: job for job in study.jobs()}
    failed = {
        f"{number}: {display.describe(jobs.get(number))}": error
        for number, error in storage.failures().items()
    }
    path = studies.report(
        frame, target, title=f"Study {study.name}", failed=failed, stability=stability
    )
    stdout(quiet=options.quiet).print(str(path), soft_wrap=True)


ACTIONS = {
    "plan": plan,
    "run": execute,
    "resume": execute,
    "status": status,
    "collect": collect,
    "report": report,
}


def storage_of(options: argparse.Namespace) -> Storage:
    """Return the directory that was given, or the default one of a study of that name."""
    given, default = Storage(options.study), Storage(f"studies/{options.study}")
    by_name = options.action in ("resume", "status", "collect", "report")
    if by_name and not (given.path / "study.json").exists() and default.path.exists():
        return default
    return given


def find(options: argparse.Namespace) -> tuple[Study, Storage | None]:
    """Return the study, and its directory if that was given in place of a name."""
    storage = Storage(options.study)
    if (storage.path / "study.json").exists() or options.action in ("resume", "status"):
        if options.gin_param:
            raise UsageError(
                f"the study in {storage} is as it was begun: --gin_param comes too late"
            )
        return storage.study(), storage
    name = options.study
    if (configs.directory() / "studies" / f"{name}.gin").is_file():
        name = f"studies/{name}.gin"
    configuration.parse([name], options.gin_param)
    try:
        study: Study = configuration.configurable(Study, "studies.Study")()
    except (TypeError, ValueError) as error:
        raise UsageError(f"{name}: {' '.join(str(error).split())}") from error
    # As it reads back from study.json: lists for tuples.
    return Study(**json.loads(json.dumps(study.to_dict()))), None


def out(options: argparse.Namespace, study: Study) -> str:
    """Return the directory of a study."""
    return options.out or f"studies/{study.name}"


def chosen_jobs(study: Study, options: argparse.Namespace) -> list[Job]:
    """Return the jobs that `--only` and `--model_num` choose."""
    jobs = study.jobs()
    if options.model_num is not None:
        if not 0 <= options.model_num < len(jobs):
            raise UsageError(
                f"expected --model_num of 0 to {len(jobs) - 1}, got {options.model_num}"
            )
        jobs = [jobs[options.model_num]]
    if options.only is not None:
        try:
            choose = studies.selector(options.only)
        except ValueError as error:
            raise UsageError(f"--only: {error}") from error
        jobs = [job for job in jobs if choose(job)]
    if not jobs:
        raise UsageError(f"no job of {study.name} is chosen by --only {options.only!r}")
    return jobs


def trainer(files: Sequence[str], parameters: Mapping[str, Any]) -> studies.Trainer:
    """Return `training.train` with the arguments that a job's files and values bind."""
    from disentlib import training

    configuration.parse(files, [f"{name} = {value!r}" for name, value in parameters.items()])
    return functools.partial(
        gin.get_configurable(training.train), operative_config=gin.operative_config_str
    )


def lines(name: str) -> Iterator[str]:
    """Yield the lines of a gin file without comments, included files in their place."""
    for line in configs.find(name).read_text(encoding="utf-8").splitlines():
        text = line.strip()
        if text.startswith("include "):
            yield from lines(text.removeprefix("include ").strip("'\" "))
        elif text and not text.startswith("#"):
            yield text
