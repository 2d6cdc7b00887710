import numpy as np
import pytest

from disentlib.metrics import strong_downstream_task
from disentlib.metrics.protocol import Lookup


class Grid:
    """A table of codes: factors, one of them constant, times a matrix."""

    def __init__(self, mixing, sizes=(3, 4, 1, 3)):
        self.sizes = sizes
        self.points = np.indices(sizes).reshape(len(sizes), -1).T @ np.asarray(mixing, float)

    def look_up(self, rows):
        return Lookup(self.points, None, rows)


def test_separate_codes_do_not_mind_a_shift():
    figures = strong_downstream_task(Grid(np.eye(4)), sizes=[200], test_samples=300, repeats=2)
    assert figures["200:mean_strong_test_accuracy"] == 1
    assert figures["200:strong_generalization_gap"] == 0


def test_mixed_codes_do():
    mixing = [[1, 0.3, 0, 0.2], [0.4, 1, 0, -0.3], [0, 0, 1, 0], [0.2, -0.4, 0, 1]]
    options = {"sizes": [300], "test_samples": 300, "repeats": 3}
    figures = strong_downstream_task(Grid(mixing), **options)
    assert figures["300:mean_test_accuracy"] > 0.9
    assert figures["300:mean_strong_train_accuracy"] > 0.9
    assert figures["300:mean_strong_test_accuracy"] < 0.9
    ratio = figures["300:mean_strong_test_accuracy"] / figures["300:mean_test_accuracy"]
    assert figures["300:strong_generalization_gap"] == pytest.approx(1 - ratio)
    assert figures == strong_downstream_task(Grid(mixing), **options)


def test_something_else_must_vary():
    with pytest.raises(ValueError, match="at least 2 factors that vary, got 1"):
        strong_downstream_task(Grid(np.eye(2), sizes=(3, 1)))
