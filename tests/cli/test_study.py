"""`disentlib study` without training: plans of the shipped studies, choices, mistakes."""

import json

import gin
import pytest

from disentlib import cli, configs
from disentlib.cli import configuration
from disentlib.studies import Study

STUDIES = sorted(path.stem for path in (configs.directory() / "studies").glob("*.gin"))
SIZES = {
    "unsupervised_v1": 12_600,
    "fairness_v1": 12_600,
    "abstract_reasoning_v1": 360,
    "weakly_supervised_v1": 2400,
    "few_labels_v1": 2400,
    "hfs_v1": 14_560,
    "ivae_v1": 80,
    "clustering_v1": 30,
    "mini": 36,
}


def plan(capsys, *arguments):
    assert cli.main(["study", "plan", *arguments]) == 0
    return capsys.readouterr().out.splitlines()


def load(name: str) -> Study:
    configuration.parse([f"studies/{name}.gin"], [])
    return gin.get_configurable(Study)()


def test_every_shipped_study_is_planned_here():
    assert sorted(SIZES) == STUDIES


@pytest.mark.parametrize("name", STUDIES)
def test_number_of_jobs(name, capsys):
    lines = plan(capsys, name)
    assert len(lines) == SIZES[name]
    assert [int(line.split()[0]) for line in lines] == list(range(SIZES[name]))


@pytest.mark.parametrize("name", STUDIES)
def test_a_study_file_says_how_to_run_it(name):
    text = (configs.directory() / "studies" / f"{name}.gin").read_text(encoding="utf-8")
    assert f"# Command: disentlib study run {name} " in text
    assert "# Expect: " in text


@pytest.mark.parametrize("name", STUDIES)
def test_the_files_of_every_job_have_the_knobs_that_it_turns(name):
    jobs = {(job.dataset, job.model): job for job in load(name).jobs()}
    for job in jobs.values():
        parameters = [f"{name} = {value!r}" for name, value in job.parameters.items()]
        configuration.parse(job.files, parameters)
        for part in ("data", "model"):
            assert gin.query_parameter(f"training.train.{part}")


def test_the_reference_order_of_the_12600():
    datasets = ["dsprites", "color_dsprites", "noisy_dsprites", "scream_dsprites"]
    datasets += ["smallnorb", "cars3d", "shapes3d"]
    methods = {
        "beta_vae": (1, 2, 4, 6, 8, 16),
        "factor_vae": (10, 20, 30, 40, 50, 100),
        "dip_vae_i": (1, 2, 5, 10, 20, 50),
        "dip_vae_ii": (1, 2, 5, 10, 20, 50),
        "beta_tc_vae": (1, 2, 4, 6, 8, 10),
        "annealed_vae": (5, 10, 25, 50, 75, 100),
    }
    jobs = load("unsupervised_v1").jobs()
    seen = set()
    for dataset_index, dataset in enumerate(datasets):
        for method_index, (method, values) in enumerate(methods.items()):
            for value_index, value in enumerate(values):
                for seed in range(50):
                    model_index = method_index * 6 + value_index
                    number = dataset_index * 1800 + model_index * 50 + seed
                    job = jobs[number]
                    found = (job.dataset, job.model, job.strength, job.seed)
                    assert found == (dataset, method, value, seed)
                    seen.add(number)
    assert seen == set(range(12_600))
    # What was once published pretrained: everything but Shapes3D.
    assert {job.dataset for job in jobs[10_800:]} == {"shapes3d"}


def test_the_studys_factor_vae_counts_as_the_reference_did():
    job = next(job for job in load("unsupervised_v1").jobs() if job.model == "factor_vae")
    assert job.parameters["models.FactorVAE.step_counting"] == "reference"


def test_part_of_a_plan(capsys):
    lines = plan(capsys, "mini", "--only", "model == 'beta_vae' and seed < 1", "--json")
    jobs = [json.loads(line) for line in lines]
    assert [(job["number"], job["strength"]) for job in jobs] == [(0, 1.0), (3, 8.0)]


def test_a_plan_for_the_shell_runs_one_job_a_line(capsys):
    lines = plan(capsys, "mini", "--shell", "--out", "my studies", "--gin_param", "STEPS=7")
    assert len(lines) == 36
    assert lines[5] == (
        "disentlib study run mini --out 'my studies' --gin_param STEPS=7 --model_num 5"
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["plan", "minni"], "'minni'"),
        (["plan", "mini", "--only", "seeds < 2"], "expected comparisons"),
        (["plan", "mini", "--only", "seed > 7"], "no job"),
        (["plan", "mini", "--model_num", "36"], "0 to 35"),
        (["plan", "mini", "--gin_param", "STEP=7"], "STEPS"),
    ],
)
def test_a_mistake_is_one_line(arguments, message, capsys):
    assert cli.main(["study", *arguments]) == 2
    told = capsys.readouterr()
    assert message in told.err
    assert told.err.count("\n") == 1


def test_a_directory_without_a_study(tmp_path, capsys):
    assert cli.main(["study", "status", str(tmp_path)]) == 1
    assert "study.json" in capsys.readouterr().err
