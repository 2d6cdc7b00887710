"""The figures of studies hold what they are given."""

import numpy as np
import pytest

from disentlib.visualization import plots, study_plots

LOOK = study_plots.styles(["a", "b $x$"])


def texts(figure):
    figure.draw_without_rendering()
    return {text.get_text() for axes in figure.axes for text in axes.texts} | {
        label.get_text()
        for axes in figure.axes
        for label in (*axes.get_xticklabels(), *axes.get_yticklabels())
    }


def test_styles_differ_and_stay():
    many = study_plots.styles([f"m{k}" for k in range(30)])
    assert len(set(many.values())) == 30
    assert list(many.values())[:2] == list(LOOK.values())


def test_violins_end_at_the_data_and_show_the_median():
    rng = np.random.default_rng(0)
    groups = {"a": rng.random(50), "b $x$": np.array([0.5, 0.7])}
    figure = study_plots.violins({"mig": groups, "sap": {"a": np.full(20, 0.25)}}, LOOK)
    first, second = figure.axes
    body = first.collections[0].get_paths()[0].vertices
    assert body[:, 0].min() == groups["a"].min()
    assert body[:, 0].max() == groups["a"].max()
    assert len(first.collections) == 1  # two values are points
    assert len(second.collections) == 0  # a constant has no density
    medians = [line.get_xdata()[0] for line in first.lines if len(set(line.get_xdata())) == 1]
    assert medians == [np.median(groups["a"]), 0.6]
    assert first.get_title(loc="left") == "mig"
    assert "a" in texts(figure)


def test_a_density_is_a_sum_of_normal_curves():
    values = np.array([0.0, 1.0, 3.0, 4.0])
    points = np.linspace(0, 4, 9)
    spread = min(values.std(), (3.25 - 0.75) / 1.34)
    width = 0.9 * spread * 4**-0.2
    expected = [sum(np.exp(-((p - v) ** 2) / (2 * width**2)) for v in values) for p in points]
    found = study_plots._density(values, points)
    np.testing.assert_allclose(found, np.array(expected) / max(expected))


def test_correlations_write_every_number():
    rho = np.array([[1.0, -0.256], [0.004, np.nan]])
    figure = study_plots.correlations(rho, rows=["mig", "sap"], columns=["kl", "a $long$ name"])
    assert {"100", "−26", "0", "·", "mig", "kl"} <= texts(figure)
    alphas = [colour[3] for colour in figure.axes[0].collections[0].get_facecolor()]
    assert alphas == pytest.approx([0.75, 0.75 * 0.256, 0.003, 0])
    left = min(label.get_window_extent().x0 for label in figure.axes[0].get_yticklabels())
    assert left >= 0  # the names fit


def test_strengths_draw_a_line_a_method():
    rows = np.array([[1, 0.2, 0.01], [2, 0.4, np.nan]])
    figure = study_plots.strengths({"mig": {"a": rows, "b $x$": rows + 1}}, LOOK)
    lines = [line for line in figure.axes[0].lines if line.get_marker() in study_plots.MARKS]
    np.testing.assert_allclose(lines[0].get_ydata(), [0.2, 0.4])
    np.testing.assert_allclose(lines[1].get_ydata(), [1.2, 1.4])
    assert [text.get_text() for text in figure.legends[0].texts] == ["a", r"b \$x\$"]


def test_shares_fill_the_bar():
    figure = study_plots.shares({"mig": (0.2, 0.3, 0.5)}, marks={"mig": (0.1, 0.4)})
    bars = [(patch.get_x(), patch.get_width()) for patch in figure.axes[0].patches]
    assert bars == [(0, 0.2), (0.2, 0.3), (0.5, 0.5)]
    assert [line.get_xdata()[0] for line in figure.axes[0].lines] == [0.1, 0.4]


def test_scatters_and_choices_place_their_points():
    figure = study_plots.scatters({("x", "y"): {"a": np.array([[1.0, 2], [3, 5]])}}, LOOK)
    np.testing.assert_allclose(figure.axes[0].lines[0].get_xydata(), [[1, 2], [3, 5]])
    assert figure.axes[0].get_ylabel() == "y"
    gains = {"udr": {"a": 0.5, "b $x$": 0.7}, "kl": {"a": np.nan, "b $x$": -0.1}}
    figure = study_plots.choices(gains, LOOK)
    means = [line for line in figure.axes[0].lines if line.get_color() == plots.INK]
    assert [line.get_xdata()[0] for line in means] == pytest.approx([0.6, -0.1])
    assert {"a random model", "the best model", "udr"} <= texts(figure)
