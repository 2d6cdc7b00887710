"""JEMMIG against another library's answers, a worked example, a plain loop."""

import numpy as np
import pytest
from sklearn.preprocessing import minmax_scale

from disentlib import metrics, ops


@pytest.mark.filterwarnings("ignore::disentlib.metrics.ConstantFactorWarning")
@pytest.mark.parametrize("bins", [10, 20])
@pytest.mark.parametrize("factors", ["discrete", "binned"])
def test_another_librarys_answers(case, bins, factors):
    if case.name.startswith("onefactorval"):
        return  # there a constant factor counts, with an entropy that a tie decides
    expected = case["ubisoft@sk0.23.2"][f"jemmig_bins{bins}_factors{factors}"]
    codes = minmax_scale(case.codes).astype(float)  # their bins are those of [0, 1]
    labels = case.factors
    if factors == "binned":
        labels = ops.discretise(minmax_scale(labels.astype(float)), bins)
    # Of equally good codes there the last counts, by an unstable sort, here the first.
    tolerance = 0.02 if "_edgeties_" in case.name else 1e-9
    assert metrics.jemmig(codes, labels, bins=bins) == pytest.approx(expected, abs=tolerance)


def test_worked_example():
    a = np.repeat([0, 1], 6)
    b = np.array([0, 0, 1, 1, 2, 2] * 2)
    codes = np.array(
        [[0, 0, 0, 0, 1, 1, 3, 3, 3, 3, 2, 2], [0, 0, 1, 1, 3, 3, 0, 1, 1, 1, 3, 2], [0, 1] * 6]
    ).T
    found = metrics.jemmig(codes, np.stack([a, b], axis=1), bins=4)
    assert found == pytest.approx(0.5787728066071822, abs=1e-12)
    raw = np.array([0.73098274, 1.21990527])
    entropies = np.log([2, 3])
    assert found == pytest.approx(np.mean(1 - raw / (entropies + np.log(4))), abs=1e-8)


def test_plain_loop():
    rng = np.random.default_rng(0)
    factors = rng.integers(0, 5, (400, 3))
    codes = factors @ rng.normal(size=(3, 4)) + rng.normal(size=(400, 4))
    labels = ops.discretise(codes, 9)
    information = ops.mutual_information(codes, factors, bins=9)
    scores = []
    for i in range(3):
        second, best = np.argsort(information[:, i])[-2:]
        joint = ops.entropy(labels[:, best].astype(int) * 5 + factors[:, i])
        raw = joint - information[best, i] + information[second, i]
        scores.append(1 - raw / (ops.entropy(factors[:, i]) + np.log(9)))
    assert metrics.jemmig(codes, factors, bins=9) == pytest.approx(np.mean(scores))


def test_what_a_code_carries_beside_its_factor_costs():
    rng = np.random.default_rng(0)
    factors = rng.integers(0, 6, (10_000, 3))
    alone = factors[:, :2].astype(float)
    more = alone + 0.01 * factors[:, [2]]
    assert metrics.mig(more, factors[:, :2]) == pytest.approx(1, abs=0.02)
    assert metrics.jemmig(alone, factors[:, :2]) == pytest.approx(1, abs=0.01)
    assert metrics.jemmig(more, factors[:, :2]) < 0.85
