import math
import statistics

import numpy as np
import pytest

from disentlib.visualization import factor_cycle, gaussian_cycle, interval_cycle


def triangle(u):
    if u > 1:
        u = 2 - u
    return -u if u < 0 else u


def test_golden_cycles():
    assert factor_cycle(1, 3, 6).tolist() == [1, 2, 2, 1, 0, 0]
    assert interval_cycle(0, -2, 2, 8).tolist() == [0, 1, 2, 1, 0, -1, -2, -1]


@pytest.mark.parametrize("frames", [1, 2, 7, 20])
def test_interval_cycle_against_a_plain_loop(frames):
    start = np.array([-1.0, 0.3, 2.0])
    low, high = np.array([-1.0, -3.0, 1.0]), np.array([1.0, 0.5, 2.5])
    cycle = interval_cycle(start, low, high, frames)
    assert cycle.shape == (frames, 3)
    for k in range(frames):
        for i in range(3):
            width = high[i] - low[i]
            u = triangle((start[i] - low[i]) / width + 2 * k / frames)
            assert cycle[k, i] == pytest.approx(low[i] + u * width, abs=1e-12)


@pytest.mark.parametrize("frames", [1, 8, 21])
def test_gaussian_cycle_against_the_standard_library(frames):
    start, mean, sd = [0.0, 1.5, -40.0], [0.0, 1.0, 2.0], [1.0, 0.2, 3.0]
    cycle = gaussian_cycle(start, mean, sd, frames)
    for i in range(3):
        normal = statistics.NormalDist(mean[i], sd[i])
        for k in range(frames):
            u = min(max(triangle(normal.cdf(start[i]) + 2 * k / frames), 0.001), 0.999)
            assert cycle[k, i] == pytest.approx(normal.inv_cdf(u), abs=1e-8)


def test_a_sweep_starts_where_it_should_and_covers_the_interval():
    cycle = interval_cycle(0.4, -1, 1, 2000)
    assert cycle[0] == pytest.approx(0.4)
    assert cycle.min() == pytest.approx(-1, abs=1e-3)
    assert cycle.max() == pytest.approx(1, abs=1e-3)
    assert np.abs(np.diff(np.append(cycle, cycle[0]))).max() < 0.0021


def test_degenerate_intervals_rest_and_outsiders_begin_at_the_edge():
    assert interval_cycle(5.0, 1.0, 1.0, 4).tolist() == [1, 1, 1, 1]
    assert gaussian_cycle(5.0, 1.0, 0.0, 4).tolist() == [1, 1, 1, 1]
    assert interval_cycle(9.0, 0.0, 1.0, 4).tolist() == [1, 0.5, 0, 0.5]
    assert interval_cycle(-9.0, 0.0, 1.0, 4).tolist() == [0, 0.5, 1, 0.5]


@pytest.mark.parametrize("size", [1, 2, 3, 10, 40])
@pytest.mark.parametrize("frames", [1, 6, 20, 80, 97])
def test_factor_cycle_against_the_formula(size, frames):
    for start in range(size):
        for k, index in enumerate(factor_cycle(start, size, frames)):
            i = start + math.ceil(2 * size * k / frames - 1e-9)
            i -= max(0, 2 * i - 2 * size + 1)
            i += max(0, -2 * i - 1)
            assert index == i
            assert 0 <= index < size


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: interval_cycle(0, 1, -1, 5), ValueError, "low <= high"),
        (lambda: interval_cycle(np.nan, 0, 1, 5), ValueError, "finite"),
        (lambda: interval_cycle(0, 0, 1, 0), ValueError, "at least one frame"),
        (lambda: interval_cycle(0, 0, 1, 2.5), TypeError, "got 2.5"),
        (lambda: interval_cycle(0, 0, 1, True), TypeError, "got True"),
        (lambda: gaussian_cycle(0, 0, -1, 5), ValueError, "sd >= 0"),
        (lambda: gaussian_cycle(0, np.inf, 1, 5), ValueError, "finite"),
        (lambda: factor_cycle(3, 3, 5), ValueError, "start < size"),
        (lambda: factor_cycle(-1, 3, 5), ValueError, "got start -1"),
    ],
)
def test_bad_arguments(call, error, message):
    with pytest.raises(error, match=message):
        call()
