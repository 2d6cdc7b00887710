import numpy as np
import pytest

from disentlib.metrics import fairness
from disentlib.metrics.downstream.fairness import unfairness_of
from disentlib.metrics.protocol import Lookup


class Grid:
    """A table of codes: factors times a matrix, whose noise is of one size."""

    sizes = (3, 4, 2)

    def __init__(self, mixing):
        self.points = np.indices(self.sizes).reshape(3, -1).T @ np.asarray(mixing, float)

    def look_up(self, rows):
        return Lookup(self.points, np.full_like(self.points, -8.0), rows)


def test_known_counts():
    assert unfairness_of(np.array([[0, 100], [100, 100]])) == pytest.approx((2 / 9, 1 / 3))


@pytest.mark.parametrize("sampled", [False, True])
def test_separate_codes_are_fair(sampled):
    figures = fairness(Grid(np.eye(3)), samples=300, points=50, sampled=sampled)
    assert figures["mean_fairness:mean_pred:mean_sens"] < 0.05
    assert figures == fairness(Grid(np.eye(3)), samples=300, points=50, sampled=sampled)


def test_lost_factors_are_guessed_from_others():
    # The first factor is seen only through its sum with the second.
    mixing = [[1, 0], [1, 0], [0, 1]]
    figures = fairness(Grid(mixing), samples=3000, points=50)
    assert figures["mean_fairness:pred0:sens1"] > 0.2
    fair = fairness(Grid(np.eye(3)), samples=3000, points=50)
    assert fair["mean_fairness:pred0:sens1"] < 0.05
    assert figures["max_fairness:pred0:sens1"] >= figures["mean_fairness:pred0:sens1"]


def test_statistics_are_of_the_pairs():
    figures = fairness(Grid(np.eye(3)), samples=100, points=20)
    for prefix in ("mean_fairness", "max_fairness"):
        pairs = np.full((3, 3), np.nan)
        for i in range(3):
            for j in range(3):
                if i != j:
                    pairs[i, j] = figures[f"{prefix}:pred{i}:sens{j}"]
        assert figures[f"{prefix}:pred1:max_sens"] == np.nanmax(pairs[1])
        assert figures[f"{prefix}:sens2:mean_pred"] == pytest.approx(np.nanmean(pairs[:, 2]))
        assert figures[f"{prefix}:mean_pred:max_sens"] == pytest.approx(
            np.nanmean(pairs, axis=0).max()
        )
        assert figures[f"{prefix}:max_sens:mean_pred"] == pytest.approx(
            np.nanmax(pairs, axis=1).mean()
        )
