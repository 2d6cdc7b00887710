"""Figures of studies: many models, several methods, data sets and scores.

Every function returns a `matplotlib.figure.Figure` that no global state knows. Methods keep their
colour and their mark across the figures of a study (`styles`).
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from disentlib.visualization.plots import BLUE, INK, ORANGE, QUIET, _figure, _quiet

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Okabe and Ito's colours, those that are readable on white and on black; marks tell the rest.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", QUIET)
MARKS = "osD^vPX"
FEWEST = 8  # values that a violin needs; fewer are points
MOST = 60  # points that are shown one by one
LETTER = 0.072  # inches of a letter of 9 points
CELL = 0.44  # inches of a cell of a map


class Style(NamedTuple):
    """How a method is drawn."""

    colour: str
    mark: str


def styles(names: Sequence[str]) -> dict[str, Style]:
    """Return a colour and a mark for each name; both repeat after 7, together after 49."""
    count = len(COLOURS)
    return {
        name: Style(COLOURS[k % count], MARKS[(k + k // count) % count])
        for k, name in enumerate(names)
    }


def violins(
    values: Mapping[str, Mapping[str, np.ndarray]], look: Mapping[str, Style], *, columns: int = 3
) -> "Figure":
    """Draw the distribution of each score by method: density, points, median.

    Densities end at the least and the largest value: a smoothed tail would show scores that no
    model has.

    Args:
        values: by score, by method.
        look: of the methods, in their order from the top.
        columns: panels in a row.
    """
    columns = min(columns, len(values))
    rows = -(-len(values) // columns)
    figure = _figure(1.6 + 2.7 * columns, rows * (0.75 + 0.3 * len(look)), "", "")
    grid = figure.subplots(rows, columns, sharey=True, squeeze=False)
    rng = np.random.default_rng(0)
    for axes, (score, groups) in _panels(grid, values):
        for place, (name, style) in enumerate(look.items()):
            group = np.asarray(groups.get(name, ()), float)
            if len(group) >= FEWEST and group.min() < group.max():
                points = np.linspace(group.min(), group.max(), 100)
                width = 0.42 * _density(group, points)
                axes.fill_between(
                    points, place - width, place + width, color=style.colour, alpha=0.25, lw=0
                )
            if len(group) <= MOST:
                jitter = place + 0.12 * rng.uniform(-1, 1, len(group))
                axes.plot(group, jitter, style.mark, color=style.colour, ms=3.2, mew=0)
            if len(group):
                axes.plot([np.median(group)] * 2, [place - 0.3, place + 0.3], color=INK, lw=1.3)
        axes.set_yticks(range(len(look)), [_plain(name) for name in look])
        axes.set_ylim(len(look) - 0.4, -0.6)
        axes.locator_params(axis="x", nbins=5)
        axes.grid(axis="y", color=QUIET, alpha=0.2, linewidth=0.6)
        _finish(axes, score)
    return figure


def correlations(rho: np.ndarray, *, rows: Sequence[str], columns: Sequence[str]) -> "Figure":
    """Draw correlations as a table of numbers, times 100: blue agrees, orange disagrees.

    Args:
        rho: (rows, columns) from -1 to 1; NaN is left out.
        rows: names.
        columns: names.
    """
    rho = np.asarray(rho, float)
    left, slant = (0.15 + LETTER * max(map(len, names)) for names in (rows, columns))
    width, height = CELL * len(columns), CELL * len(rows)
    total = (left + width + 0.8 * slant, height + 0.7 * slant + 0.1)
    figure = _figure(*total, "", "")
    spot = (left / total[0], 0.05 / total[1], width / total[0], height / total[1])
    figure.set_layout_engine("none")
    axes = figure.add_axes(spot)
    from matplotlib.collections import PatchCollection
    from matplotlib.colors import to_rgba
    from matplotlib.patches import Rectangle

    squares, shades = [], []
    for (row, column), value in np.ndenumerate(rho):
        text = "·" if np.isnan(value) else f"{100 * value:.0f}".replace("-", "−")
        axes.text(column, row, text, ha="center", va="center", size=9, color=INK)
        squares.append(Rectangle((column - 0.48, row - 0.48), 0.96, 0.96))
        # Opacities, so that small values recede into a white and into a black page alike.
        shades.append(to_rgba(BLUE if value > 0 else ORANGE, 0.75 * abs(np.nan_to_num(value))))
    axes.add_collection(PatchCollection(squares, facecolors=shades, edgecolors="none"))
    axes.set(xlim=(-0.5, len(columns) - 0.5), ylim=(len(rows) - 0.5, -0.5))
    turn: Any = {"rotation": 40, "ha": "left", "rotation_mode": "anchor"}
    axes.set_xticks(range(len(columns)), [_plain(name) for name in columns], **turn)
    axes.set_yticks(range(len(rows)), [_plain(name) for name in rows])
    axes.xaxis.tick_top()
    _quiet(axes, spines=())
    return figure


def strengths(
    panels: Mapping[str, Mapping[str, np.ndarray]],
    look: Mapping[str, Style],
    *,
    columns: int = 3,
    together: bool = False,
) -> "Figure":
    """Draw means over seeds against the rank of the strength, one line a method.

    Args:
        panels: by title, by method: rows of (rank, mean, standard error).
        look: of the methods.
        columns: panels in a row.
        together: whether the panels share the vertical axis.
    """
    columns = min(columns, len(panels))
    rows = -(-len(panels) // columns)
    figure = _figure(1.5 + 2.7 * columns, 0.3 + 1.9 * rows, "", "")
    grid = figure.subplots(rows, columns, sharey=together, squeeze=False)
    ranks: list[float] = []
    for axes, (title, groups) in _panels(grid, panels):
        count = max(1, len(groups) - 1)
        for place, (name, rows_of) in enumerate(groups.items()):
            rank, mean, error = np.asarray(rows_of, float).T
            style = look[name]
            ranks += [*rank]
            axes.errorbar(
                rank + 0.16 * (place / count - 0.5),  # bars beside each other
                mean,
                np.nan_to_num(error),
                color=style.colour,
                marker=style.mark,
                markersize=4.5,
                linewidth=1.4,
                elinewidth=0.9,
            )
        axes.margins(x=0.08)
        _finish(axes, title)
    top = int(max(ranks, default=1))
    for axes in grid.flat:
        axes.set_xticks(range(1, top + 1))
    figure.supxlabel("strength, from the weakest of each method", size=9, color=INK)
    there = {name: look[name] for name in look if any(name in part for part in panels.values())}
    _legend(figure, there, line=True)
    return figure


def shares(
    parts: Mapping[str, Sequence[float]],
    *,
    names: Sequence[str] = ("method", "hyperparameter", "seed"),
    marks: Mapping[str, Sequence[float]],
) -> "Figure":
    """Draw stacked shares of a whole, one bar a score, and what chance would give.

    Args:
        parts: by score, shares that sum to 1.
        names: of the shares.
        marks: by score, positions of the ticks.
    """
    figure = _figure(6.6, 1.0 + 0.3 * len(parts), "", "")
    axes = figure.add_subplot()
    colours = (BLUE, "#56b4e9", QUIET)
    for row, (score, values) in enumerate(parts.items()):
        left = 0.0
        for value, colour, alpha in zip(values, colours, (1, 0.9, 0.3), strict=True):
            axes.barh(row, value, left=left, color=colour, alpha=alpha, height=0.62, lw=0)
            left += value
        for mark, line in zip(marks[score], ("-", ":"), strict=True):
            axes.plot([mark, mark], [row - 0.42, row + 0.42], color=INK, lw=1.6, ls=line)
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    handles: list[Any] = [
        Patch(color=colour, alpha=alpha, lw=0)
        for colour, alpha in zip(colours, (1, 0.9, 0.3), strict=True)
    ]
    handles += [Line2D([], [], color=INK, lw=1.6, ls=line) for line in ("-", ":")]
    labels = [*names, "method, by chance", "configuration, by chance"]
    figure.legend(
        handles,
        labels,
        loc="outside upper left",
        ncols=3,
        frameon=False,
        labelcolor=INK,
        fontsize=9,
    )
    axes.set_yticks(range(len(parts)), [_plain(name) for name in parts])
    axes.set(xlim=(0, 1), ylim=(len(parts) - 0.4, -0.6), xlabel="share of the variance")
    _quiet(axes, spines=("bottom",))
    axes.tick_params(axis="y", length=0)
    return figure


def scatters(
    panels: Mapping[tuple[str, str], Mapping[str, np.ndarray]],
    look: Mapping[str, Style],
    *,
    columns: int = 3,
) -> "Figure":
    """Draw points of two measurements, coloured by method.

    Args:
        panels: by what the two axes are, by method: (points, 2).
        look: of the methods.
        columns: panels in a row.
    """
    columns = min(columns, len(panels))
    rows = -(-len(panels) // columns)
    figure = _figure(1.5 + 2.7 * columns, 0.3 + 2.5 * rows, "", "")
    grid = figure.subplots(rows, columns, squeeze=False)
    for axes, ((across, up), groups) in _panels(grid, panels):
        for name, points in groups.items():
            x, y = np.asarray(points, float).T
            axes.plot(x, y, look[name].mark, color=look[name].colour, ms=5, mew=0, alpha=0.8)
        axes.locator_params(nbins=5)
        axes.set(xlabel=_plain(across), ylabel=_plain(up))
        _quiet(axes)
    _legend(figure, look)
    return figure


def choices(gains: Mapping[str, Mapping[str, float]], look: Mapping[str, Style]) -> "Figure":
    """Draw how far each criterion's choice lies between a random model (0) and the best (1).

    Args:
        gains: by criterion, by score.
        look: of the scores.
    """
    figure = _figure(6.6, 0.9 + 0.32 * len(gains), "", "")
    axes = figure.add_subplot()
    for position, label in ((0, "a random model"), (1, "the best model")):
        axes.axvline(position, color=QUIET, lw=1)
        axes.text(position, -0.75, label, size=9, color=INK, ha="center", va="bottom")
    for row, values in enumerate(gains.values()):
        finite = {name: gain for name, gain in values.items() if np.isfinite(gain)}
        offsets = np.linspace(-0.22, 0.22, len(finite)) if len(finite) > 1 else [0.0]
        for (name, gain), offset in zip(finite.items(), offsets, strict=True):
            axes.plot(gain, row + offset, look[name].mark, color=look[name].colour, ms=5, mew=0)
        if finite:
            mean = float(np.mean([*finite.values()]))
            axes.plot([mean, mean], [row - 0.32, row + 0.32], color=INK, lw=1.6)
    axes.set_yticks(range(len(gains)), [_plain(name) for name in gains])
    axes.set(ylim=(len(gains) - 0.4, -0.6), xlabel="gain of the choice (bar: mean over scores)")
    axes.grid(axis="y", color=QUIET, alpha=0.2, linewidth=0.6)
    _quiet(axes, spines=("bottom",))
    axes.tick_params(axis="y", length=0)
    _legend(figure, look)
    return figure


def _panels(grid: np.ndarray, panels: Mapping[Any, Any]) -> "list[tuple[Axes, tuple[Any, Any]]]":
    """Pair the axes with the panels and hide the axes that are left over."""
    for axes in grid.flat[len(panels) :]:
        axes.set_visible(False)
    return list(zip(grid.flat, panels.items(), strict=False))


def _finish(axes: "Axes", title: str) -> None:
    axes.set_title(title, loc="left", color=INK, size=10, parse_math=False)
    _quiet(axes)


def _legend(figure: "Figure", look: Mapping[str, Style], *, line: bool = False) -> None:
    """Name the methods above the panels, in a figure that grows by the rows this takes."""
    from matplotlib.lines import Line2D

    width, height = figure.get_size_inches()
    columns = max(1, int((width - 0.3) / (0.6 + LETTER * max(map(len, look), default=1))))
    figure.set_size_inches(width, height + 0.1 + 0.2 * -(-len(look) // columns))
    figure.legend(
        [
            Line2D([], [], color=style.colour, marker=style.mark, ms=5, lw=1.4 if line else 0)
            for style in look.values()
        ],
        [_plain(name) for name in look],
        loc="outside upper left",
        ncols=columns,
        frameon=False,
        labelcolor=INK,
        fontsize=9,
    )


def _density(values: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Return a Gaussian kernel density, Silverman's width, scaled to a maximum of 1."""
    quarter = np.subtract(*np.percentile(values, [75, 25])) / 1.34
    spread = min(values.std(), quarter or values.std())
    width = 0.9 * spread * len(values) ** -0.2
    bumps = np.exp(-(((points[:, None] - values) / width) ** 2) / 2).sum(axis=1)
    return bumps / bumps.max()


def _plain(name: str) -> str:
    """Return a name that does not open matplotlib's mathematics."""
    return name.replace("$", r"\$")
