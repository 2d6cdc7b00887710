"""Grids: the order of jobs, by the formula of the study they follow."""

import pytest

from disentlib.studies import Study

PARTS = {
    "name": "grid",
    "data": {"a": "data/a.gin", "b": ("data/b.gin", {"PATH": "x"})},
    "models": {
        "one": ("models/one.gin", "BETA", (1.0, 2.0)),
        "two": ("models/two.gin", "models.Two.gamma", [3.0], {"FIXED": 5}),
    },
    "seeds": 4,
}


def test_the_last_axis_varies_fastest():
    study = Study(**PARTS)
    jobs = study.jobs()
    assert len(jobs) == len(study) == 2 * 3 * 4
    expected = [
        (dataset, *configuration, seed)
        for dataset in ("a", "b")
        for configuration in (("one", 1.0), ("one", 2.0), ("two", 3.0))
        for seed in range(4)
    ]
    assert [(job.dataset, job.model, job.strength, job.seed) for job in jobs] == expected
    assert [job.number for job in jobs] == list(range(len(jobs)))


def test_a_job_knows_its_files_and_what_overrides_them():
    last = Study(**PARTS, parameters={"STEPS": 7, "FIXED": 1}).jobs()[-1]
    assert last.files == ("data/b.gin", "models/two.gin", "runs/train.gin")
    assert last.hyperparameter == "gamma"
    assert last.parameters == {
        "STEPS": 7,
        "PATH": "x",
        "FIXED": 5,
        "models.Two.gamma": 3.0,
        "SEED": 3,
    }


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"data": {}}, "at least one data set"),
        ({"seeds": 0}, "at least 1 seed"),
        ({"models": {"one": "models/one.gin"}}, "for model 'one'"),
        ({"models": {"one": ("models/one.gin", "BETA", ())}}, "for model 'one'"),
        ({"data": {"a": ("data/a.gin", "STEPS")}}, "for data 'a'"),
        ({"representations": ("median",)}, "median"),
        ({"cpus": 0}, "cpus > 0"),
    ],
)
def test_a_grid_that_is_none_says_what_is_wrong(change, message):
    with pytest.raises(ValueError, match=message):
        Study(**PARTS | change)
