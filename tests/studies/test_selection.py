"""Expressions that choose jobs, against Python's own evaluation; anything else is refused."""

import pytest

from disentlib.studies import Study, selector

JOBS = Study(
    name="grid",
    data={"a": "a.gin", "b": "b.gin"},
    models={"one": ("one.gin", "BETA", (1.0, 2.5)), "two": ("two.gin", "GAMMA", (-3.0,))},
    seeds=3,
).jobs()


@pytest.mark.parametrize(
    "expression",
    [
        "model == 'one'",
        "dataset != 'a' and seed < 2",
        "strength in (1.0, -3.0) or number == 17",
        "not (seed >= 1)",
        "1 <= seed < 3",
        "strength == -3",
        "hyperparameter not in ['beta']",
    ],
)
def test_chosen_jobs(expression):
    expected = [job.number for job in JOBS if eval(expression, {}, vars(job))]
    assert 0 < len(expected) < len(JOBS)
    assert [job.number for job in JOBS if selector(expression)(job)] == expected


@pytest.mark.parametrize(
    "expression",
    ["seeds < 2", "seed <", "__import__('os')", "seed.real == 1", "[s for s in (1,)]", "seed + 1"],
)
def test_anything_else_is_refused(expression):
    with pytest.raises(ValueError, match="expected comparisons of number"):
        selector(expression)


def test_what_cannot_be_compared():
    with pytest.raises(ValueError, match="compares what cannot be"):
        selector("model < 3")(JOBS[0])
