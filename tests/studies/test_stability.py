"""Stability of a study's configurations: which codes are compared, and what the page says of it."""

import numpy as np
import pytest

from disentlib import metrics
from disentlib.studies import page
from disentlib.studies.stability import stabilities
from tests.studies.test_page import Reader

SAMPLES = 400


@pytest.fixture(scope="module")
def study(small):
    """Method a of strength 1: one code for all seeds; of 4: rotated; b: nothing in common."""
    frame = small(lambda *_: 0.5, datasets=("d", "e"))
    codes = {}
    for row in frame.itertuples():
        rng = np.random.default_rng(row.seed)
        z = np.random.default_rng(99).normal(size=(SAMPLES, 2))
        if row.model == "b":
            z = rng.normal(size=(SAMPLES, 2))
        elif row.strength == 4.0:
            z = z @ np.linalg.qr(rng.normal(size=(2, 2)))[0]
        codes[row.job] = z.astype(np.float32)
    return frame, codes


def test_configurations_are_compared_over_their_seeds(study):
    frame, codes = study
    measured = {(one.dataset, one.configuration): one for one in stabilities(frame, codes)}
    assert len(measured) == 2 * 2 * 3
    same, rotated = (measured["d", f"a, beta {strength}"] for strength in (1, 4))
    other = measured["e", "b, beta 2"]
    assert same.strong.out_of_sample.mean == pytest.approx(1)
    assert rotated.strong.out_of_sample.mean < 0.99
    assert rotated.weak.out_of_sample.mean == pytest.approx(1, abs=1e-4)
    assert other.weak.out_of_sample.mean < 0.3
    jobs = frame[(frame.dataset == "d") & (frame.model == "a") & (frame.strength == 4.0)]["job"]
    expected = metrics.seed_stability([codes[job] for job in jobs], kind="strong")
    np.testing.assert_array_equal(
        rotated.strong.out_of_sample.matrix, expected.out_of_sample.matrix
    )


def test_jobs_without_codes_and_single_seeds_are_left_out(study):
    frame, codes = study
    one_strength = frame[(frame.dataset == "d") & (frame.strength == 1.0)]
    kept = {job: codes[job] for job in one_strength[one_strength.model == "a"]["job"]}
    first_of_b = one_strength[one_strength.model == "b"]["job"].iloc[0]
    (only,) = stabilities(one_strength, kept | {first_of_b: codes[first_of_b]})
    assert only.configuration == "a"  # with one strength its name is enough
    assert only.weak.seeds == (0, 1, 2, 3)


def test_the_page_shows_stability_and_tests_it(study, tmp_path):
    frame, codes = study
    frame = frame[(frame.strength == 1.0) & (frame.dataset == "d")]
    measured = stabilities(frame, codes)
    path = page.report(frame, tmp_path / "page.html", title="t", stability=measured)
    said = Reader(path).said("stability")
    assert said.count("<figure>") == 1
    assert "a on d" in said
    assert "1.000 ± 0.000" in said
    test = metrics.compare_seed_stability(measured[0].weak, measured[1].weak)
    assert "a less b on d" in said
    assert f"{test.difference:+.3f}" in said
    assert f"p = {test.permutation:.3f}" in said
    without = Reader(page.report(frame, tmp_path / "without.html", title="t"))
    assert "stability" not in without.sections
