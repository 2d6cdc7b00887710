import io
import re
import subprocess
import sys
from xml.etree import ElementTree

import numpy as np
import pytest
from matplotlib.collections import PatchCollection
from PIL import Image

from disentlib.visualization import groups, plots

NAMES = ["shape", "scale", "<script>", "cost in $x$", "position_y"]
MATRIX = np.random.default_rng(0).random((7, 5)) ** 4


def draw(figure):
    """Draw a figure as PNG and return its size and the texts on it."""
    image = Image.open(io.BytesIO(plots.png(figure)))
    return image.size, texts(figure)


def texts(figure):
    return [
        text.get_text()
        for text in figure.findobj(lambda artist: hasattr(artist, "get_text"))
        if text.get_text()
    ]


def test_heat_square_has_areas_and_shades_proportional_to_the_values():
    figure = plots.heat_square(MATRIX, factor_names=NAMES, label="MI (nats)", title="Title")
    (width, height), words = draw(figure)
    assert width > 300
    assert height > 300
    assert {"Title", "MI (nats)", "z0", "z6", "shape", "<script>"} <= set(words)
    axes = figure.axes[0]
    (squares,) = (c for c in axes.collections if isinstance(c, PatchCollection))
    share = MATRIX / MATRIX.max()
    for path, colour, (row, column) in zip(
        squares.get_paths(), squares.get_facecolors(), np.ndindex(MATRIX.shape), strict=True
    ):
        box = path.get_extents()
        assert box.width == pytest.approx(box.height)
        assert box.width * box.height == pytest.approx(0.94**2 * share[row, column])
        assert (box.x0 + box.x1) / 2 == pytest.approx(column)
        assert (box.y0 + box.y1) / 2 == pytest.approx(row)
        assert colour[3] == pytest.approx(0.2 + 0.8 * share[row, column], abs=0.005)
    assert axes.yaxis_inverted()


def test_recovered_vs_independent_draws_the_two_counts():
    figure = plots.recovered_vs_independent(MATRIX, title="Title", context="where and how")
    assert {"Title", "where and how"} <= set(draw(figure)[1])
    _, found, independent = groups.recovery(MATRIX)[0], *figure.axes[0].lines[1:]
    assert found.get_ydata().tolist() == groups.recovery(MATRIX).factors.tolist()
    assert independent.get_ydata().tolist() == groups.recovery(MATRIX).groups.tolist()
    assert independent.get_linestyle() == "-"
    assert found.get_linestyle() == "--"


def test_dendrogram_joins_where_the_factors_merge():
    figure = plots.dendrogram(MATRIX, factor_names=NAMES)
    assert {"shape", "position_y"} <= set(draw(figure)[1])
    merges, first = groups.merges(MATRIX)
    brackets = [line for line in figure.axes[0].lines if len(line.get_xdata()) == 4]
    assert [line.get_xdata()[1] for line in brackets] == [merge.rank + 1 for merge in merges]
    tips = [line.get_xdata()[0] for line in figure.axes[0].lines if line.get_marker() == "o"]
    assert sorted(tips) == sorted(first + 1)


def test_dendrogram_lines_never_cross():
    rng = np.random.default_rng(1)
    for _ in range(20):
        axes = plots.dendrogram(rng.random((6, 6))).axes[0]
        brackets = [line.get_xydata() for line in axes.lines if len(line.get_xdata()) == 4]
        for points in brackets:
            x, low, high = points[1, 0], *sorted(points[1:3, 1])
            for other in brackets:
                for start, end in (other[:2], other[:1:-1]):
                    crosses = low < start[1] < high and start[0] < x < end[0]
                    assert not crosses


def history(n=30, **more):
    steps = np.arange(1, n + 1) * 100
    terms = {"loss": 3000 * np.exp(-steps / 200.0) + 1, "kl": np.linspace(0, 9, n)}
    return {"step": steps, **terms, **more}


def test_loss_curves_have_a_panel_for_every_logged_term():
    figure = plots.loss_curves(history(reconstruction=np.ones(30), dip_off_diagonal=np.ones(30)))
    draw(figure)
    titles = [axes.get_title(loc="left") for axes in figure.axes]
    assert titles == ["loss", "kl", "reconstruction", "dip off diagonal"]
    for axes, name in zip(figure.axes, ("loss", "kl"), strict=False):
        assert np.array_equal(axes.lines[0].get_ydata(), history()[name])
    assert figure.axes[0].get_yscale() == "log"
    assert figure.axes[1].get_yscale() == "linear"


@pytest.mark.parametrize("goal", ["capacity", "target"])
def test_the_capacity_is_drawn_into_the_panel_of_the_kl_that_follows_it(goal):
    figure = plots.loss_curves(history(**{goal: np.linspace(0, 10, 30)}))
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["loss", "kl"]
    assert figure.axes[1].lines[-1].get_ydata().tolist() == np.linspace(0, 10, 30).tolist()
    assert goal in draw(figure)[1]


def test_long_curves_carry_their_running_mean():
    values = np.random.default_rng(0).normal(size=500)
    axes = plots.loss_curves({"step": np.arange(500), "loss": values}).axes[0]
    smooth = axes.lines[1]
    for k in (0, 17, 490):
        assert smooth.get_xdata()[k] == pytest.approx(np.mean(np.arange(k, k + 10)))
        assert smooth.get_ydata()[k] == pytest.approx(np.mean(values[k : k + 10]))


def test_curves_with_gaps_and_a_single_step():
    draw(plots.loss_curves(history(nan=np.full(30, np.nan), inf=np.r_[np.ones(29), np.inf])))
    draw(plots.loss_curves(history(1)))


def test_kl_bars_are_sorted_and_pale_where_inactive():
    kl, active = np.array([0.5, 3.0, 0.0]), np.array([True, True, False])
    figure = plots.kl_bars(kl, active)
    assert {"z0", "z1", "z2", " 3.00", " 0.00  inactive"} <= set(draw(figure)[1])
    bars = figure.axes[0].patches
    assert [bar.get_width() for bar in bars] == [3.0, 0.5, 0.0]
    assert bars[0].get_facecolor() == bars[1].get_facecolor() != bars[2].get_facecolor()


def test_scatters_have_a_panel_for_each_pair_of_columns():
    rng = np.random.default_rng(0)
    codes, factors = rng.normal(size=(20, 3)), rng.normal(size=(20, 2))
    figure = plots.scatters(codes, factors, horizontal_names=["a", "b"])
    assert {"z0", "z2", "a", "b"} <= set(draw(figure)[1])
    for (row, column), axes in zip(np.ndindex(3, 2), figure.axes, strict=True):
        x, y = axes.lines[0].get_data()
        np.testing.assert_array_equal(x, factors[:, column])
        np.testing.assert_array_equal(y, codes[:, row])


def test_reconstructions_say_how_much_of_each_variable_is_explained():
    observed = np.column_stack([[0.0, 1, 2, 3], [1.0, 1, 1, 1], [4.0, 2, 0, 2]])
    decoded = observed + np.array([[0.5, 0, 2], [-0.5, 0, 0], [0.5, 0, -2], [-0.5, 0, 0]])
    figure = plots.reconstructions(observed, decoded)
    assert {"x0, R² 0.80", "x1, R² nan", "x2, R² 0.00"} <= set(draw(figure)[1])
    assert figure.axes[0].lines[1].get_data()[0].tolist() == [0, 3]


def test_interventional_effects_against_plain_means():
    rng = np.random.default_rng(0)
    factors = np.stack([rng.integers(0, 3, 600), 5 + rng.integers(0, 4, 600)], axis=1)
    codes = factors @ rng.normal(size=(2, 3)) + rng.normal(size=(600, 3))
    figure = plots.interventional_effects(
        codes, factors, parents=[0, 1, 1], scores=[0.9, 0.8, 0.7], factor_names=["a", "b"]
    )
    assert {"a 0.90", "b 0.80", "b 0.70", "z2"} <= set(draw(figure)[1])
    grid = np.array(figure.axes).reshape(3, 2)
    for latent, parent in enumerate([0, 1, 1]):
        values = np.unique(factors[:, parent])
        mean, median = grid[latent, parent].lines
        for k, value in enumerate(values):
            group = codes[factors[:, parent] == value, latent]
            assert mean.get_ydata()[k] == pytest.approx(group.mean())
            assert median.get_ydata()[k] == pytest.approx(np.median(group))
        other = 1 - parent
        for level, line in zip(values, grid[latent, other].lines, strict=True):
            for value, seen in zip(*line.get_data(), strict=True):
                here = (factors[:, parent] == level) & (factors[:, other] == value)
                assert seen == pytest.approx(codes[here, latent].mean())


def test_svg_takes_the_colour_of_its_page_and_escapes_names():
    text = plots.svg(plots.heat_square(MATRIX, factor_names=NAMES, title="a & b"))
    root = ElementTree.fromstring(text)
    assert "viewBox" in root.attrib
    assert "width" not in root.attrib
    assert "currentColor" in text
    assert plots.INK not in text
    assert text.count("<image") == 1  # the ramp of the colour bar
    assert "<script" not in text
    words = {"".join(node.itertext()).strip() for node in root.iter() if node.tag.endswith("text")}
    assert {"<script>", "cost in $x$", "a & b"} <= words
    ids = re.findall(r' id="([^"]*)"', text)
    assert all(f"#{name}" in text for name in ids)
    assert text == plots.svg(plots.heat_square(MATRIX, factor_names=NAMES, title="a & b"))


def test_score_figures_are_named_after_the_matrix():
    figures = plots.score_figures(MATRIX, name="sap", factor_names=NAMES, label="SAP", title="T")
    assert list(figures) == ["sap", "sap_pr", "sap_dendrogram"]
    titles = ["T", "Recovered and independent factors", "When factors fall together"]
    for figure, title in zip(figures.values(), titles, strict=True):
        assert title in texts(figure)
    for figure in plots.score_figures(MATRIX, name="sap").values():
        assert not set(titles) & set(texts(figure))


def test_tick_labels_of_small_entries_do_not_pretend_to_be_zero():
    figure = plots.dendrogram(np.array([[1.5, 0.25], [1e-5, 0.0]]))
    draw(figure)
    labels = [label.get_text() for label in figure.axes[0].get_xticklabels()]
    assert labels == ["1.50", "0.25", "0.00"]
    figure = plots.dendrogram(np.array([[1.5, 1e-5], [1e-5, 2e-5]]))
    assert figure.axes[0].get_xticklabels()[-1].get_text() == "<0.01"


@pytest.mark.parametrize("shape", [(1, 1), (30, 20), (2, 30)])
def test_any_size_of_matrix_draws_without_a_warning(shape):
    for figure in plots.score_figures(np.random.default_rng(0).random(shape), name="m").values():
        draw(figure)
    for figure in plots.score_figures(np.zeros(shape), name="m").values():
        draw(figure)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: plots.heat_square(MATRIX, factor_names=["a"]), "expected 5 names, got 1: a"),
        (lambda: plots.heat_square(-MATRIX), "at least 0"),
        (lambda: plots.loss_curves({"step": [], "loss": []}), "at least one logged step"),
        (lambda: plots.loss_curves({"step": [1]}), "one term"),
        (lambda: plots.kl_bars([1, 2], [True]), r"expected kl and active \(latents,\)"),
        (
            lambda: plots.interventional_effects(MATRIX, MATRIX[:3] > 0, parents=[0]),
            r"got \(7, 5\) and \(3, 5\)",
        ),
        (
            lambda: plots.interventional_effects(MATRIX, MATRIX > 0, parents=[0, 1, 2, 3, 5]),
            "5 parents from 0 to 4",
        ),
    ],
)
def test_bad_arguments(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_a_missing_matplotlib_names_the_extra(monkeypatch):
    for name in [name for name in sys.modules if name.split(".")[0] == "matplotlib"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(ImportError, match=r"need matplotlib: pip install 'disentlib\[report\]'"):
        plots.kl_bars([1.0], [True])


def test_figures_leave_no_global_state():
    code = """
import os, sys
import numpy as np
from disentlib.visualization import plots
assert "matplotlib" not in sys.modules, "imported before a figure was asked for"
plots.png(plots.heat_square(np.eye(3)))
assert "matplotlib.pyplot" not in sys.modules
assert "tensorflow" not in sys.modules
import matplotlib
assert matplotlib.get_backend(auto_select=False) is None
"""
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_notebook_shows_figures_as_pictures():
    figure = plots.heat_square(np.eye(2), factor_names=["a", "b"])
    assert figure._repr_png_().startswith(b"\x89PNG")


def test_figures_of_a_score_name_the_codes():
    figures = plots.score_figures(np.eye(2), name="mig", code_names=["height", "width"])
    shown = [text.get_text() for text in figures["mig"].axes[0].get_yticklabels()]
    assert {"height", "width"} <= set(shown)


def test_coloured_points_have_a_legend_or_shades():
    rng = np.random.default_rng(0)
    points = rng.normal(size=(300, 2))
    colourings = {
        "few": rng.integers(4, size=300) * 5,
        "more": rng.integers(15, size=300),
        "many": np.arange(300),
        "real": rng.normal(size=300),
    }
    figure = plots.coloured_points(points, colourings, axis_names=("PC 1", "PC 2"), title="Codes")
    _, words = draw(figure)
    assert {"Codes", "few", "more", "many", "real", "PC 1", "PC 2"} <= set(words)
    panels = {axes.get_title(loc="left"): axes for axes in figure.axes}
    legends = {name: axes.get_legend() for name, axes in panels.items() if name}
    assert [text.get_text() for text in legends["few"].get_texts()] == ["0", "5", "10", "15"]
    assert len(legends["more"].get_texts()) == 15
    assert legends["many"] is legends["real"] is None
    for level, drawn in zip((0, 5, 10, 15), panels["few"].collections, strict=True):
        np.testing.assert_allclose(drawn.get_offsets(), points[colourings["few"] == level])
    (shades,) = panels["real"].collections
    np.testing.assert_allclose(shades.get_array(), colourings["real"])
    colours = {tuple(drawn.get_facecolor()[0]) for drawn in panels["more"].collections}
    assert len(colours) == 15


def test_coloured_points_refuse_what_does_not_fit():
    with pytest.raises(ValueError, match=r"expected points \(samples, 2\), got \(5, 3\)"):
        plots.coloured_points(np.zeros((5, 3)), {"a": np.zeros(5)})
    with pytest.raises(ValueError, match=r"expected a \(5,\), got \(4,\)"):
        plots.coloured_points(np.zeros((5, 2)), {"a": np.zeros(4)})
    with pytest.raises(ValueError, match="at least one of colourings, got none"):
        plots.coloured_points(np.zeros((5, 2)), {})
