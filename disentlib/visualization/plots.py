"""Figures of scores and training: matrices of codes x factors, curves, dendrograms.

Every function returns a `matplotlib.figure.Figure` that no global state knows; matplotlib comes
with the extra `report` and is imported when a figure is drawn.
"""

import functools
import io
import re
import textwrap
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from disentlib.arrays import as_array
from disentlib.visualization.groups import check_matrix, edges, merges, recovery

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK = "#24292f"  # `svg` turns it into the colour of the text around
QUIET = "#7d8590"  # readable on white and on black
BLUE, ORANGE = "#1f77d0", "#d55e00"  # told apart by every kind of colour vision


def heat_square(
    matrix: np.ndarray,
    *,
    factor_names: Sequence[str] | None = None,
    code_names: Sequence[str] | None = None,
    label: str = "",
    title: str = "",
    context: str = "",
) -> "Figure":
    """Draw a matrix of codes x factors as squares: area and shade are ``value / max``.

    Args:
        matrix: scores (latents, factors), finite and not negative.
        factor_names: names of the columns.
        code_names: names of the rows, z0, z1, ... by default.
        label: what the colour bar measures, with its unit.
        title: what the figure shows; none by default.
        context: data set, method, representation and protocol, below the title.
    """
    matrix = check_matrix(matrix)
    latents, factors = matrix.shape
    names = _names(factor_names, factors, "factor ")
    codes = _names(code_names, latents, "z")
    top = matrix.max() or 1.0
    cell = float(np.clip(9 / max(latents, factors), 0.16, 0.42))

    figure = _figure(2.2 + cell * factors, 1.1 + cell * latents, title, context)
    axes = figure.add_subplot(aspect="equal")
    from matplotlib.cm import ScalarMappable
    from matplotlib.collections import PatchCollection
    from matplotlib.colors import LinearSegmentedColormap, Normalize, to_rgb
    from matplotlib.patches import Rectangle

    # Shades are opacities, so that small values recede into a white and into a black page alike.
    shades = LinearSegmentedColormap.from_list(
        "shades", [(*to_rgb(BLUE), 0.2), (*to_rgb(BLUE), 1.0)]
    )
    scale = ScalarMappable(Normalize(0, top), shades)
    squares = []
    for (row, column), value in np.ndenumerate(matrix):
        side = 0.94 * np.sqrt(value / top)
        squares.append(Rectangle((column - side / 2, row - side / 2), side, side))
    axes.add_collection(
        PatchCollection(squares, facecolors=scale.to_rgba(matrix.ravel()), edgecolors="none")
    )
    for edge in range(factors + 1):
        axes.axvline(edge - 0.5, color=QUIET, alpha=0.25, linewidth=0.6)
    for edge in range(latents + 1):
        axes.axhline(edge - 0.5, color=QUIET, alpha=0.25, linewidth=0.6)
    axes.set(xlim=(-0.5, factors - 0.5), ylim=(latents - 0.5, -0.5))
    axes.set_xticks(range(factors), names, rotation=40, ha="left", rotation_mode="anchor")
    axes.set_yticks(range(latents), codes)
    axes.xaxis.tick_top()
    _quiet(axes, spines=())
    bar = figure.colorbar(scale, ax=axes, shrink=0.7, aspect=18, pad=0.03)
    for mesh in bar.ax.collections:  # translucent cells show their seams; an image has none
        mesh.set_visible(False)
    ramp = np.linspace(0, top, 256)[:, None]
    bar.ax.imshow(ramp, shades, aspect="auto", origin="lower", extent=(0, 1, 0, top))
    bar.outline.set_visible(False)
    bar.set_label(label, color=INK, size=9)
    _quiet(bar.ax, spines=())
    return figure


def recovered_vs_independent(
    matrix: np.ndarray, *, label: str = "score", title: str = "", context: str = ""
) -> "Figure":
    """Plot how many independent groups and how many factors the strongest entries recover.

    Perfect disentanglement: both curves rise together to the number of factors.

    Args:
        matrix: scores (latents, factors), finite and not negative.
        label: what an entry measures.
        title: what the figure shows; none by default.
        context: data set, method, representation and protocol, below the title.
    """
    thresholds, groups, discovered = recovery(matrix)
    factors = as_array(matrix, "matrix").shape[1]
    figure = _figure(5.4, 3.4, title, context)
    from matplotlib.ticker import MaxNLocator

    axes = figure.add_subplot()
    ranks = np.arange(1, len(thresholds) + 1)
    axes.axhline(factors, color=QUIET, linewidth=0.8, linestyle=":")
    # Above the other, which it may run along for long.
    axes.plot(ranks, discovered, color=ORANGE, linestyle="--", label="factors discovered", zorder=3)
    axes.plot(ranks, groups, color=BLUE, label="independent groups")
    ticks = ranks[:: max(10, 10 * round(len(ranks) / 100))]
    axes.set_xticks(ticks, _brief(thresholds[ticks - 1], thresholds[0]))
    axes.set(ylim=(0, factors + 0.4), xlabel=f"threshold on {label}, falling", ylabel="number")
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    axes.legend(frameon=False, labelcolor=INK, fontsize=9)
    _quiet(axes)
    return figure


def dendrogram(
    matrix: np.ndarray,
    *,
    factor_names: Sequence[str] | None = None,
    label: str = "score",
    title: str = "",
    context: str = "",
) -> "Figure":
    """Draw when factors fall into one group as ever weaker entries of the matrix count.

    A factor's line starts at its first entry; two lines join where an entry connects their groups.
    Late joins mean that the factors are kept apart.

    Args:
        matrix: scores (latents, factors), finite and not negative.
        factor_names: names of the columns.
        label: what an entry measures.
        title: what the figure shows; none by default.
        context: data set, method, representation and protocol, below the title.
    """
    weights, _, _ = edges(matrix)
    joins, first = merges(matrix)
    factors = len(first)
    names = _names(factor_names, factors, "factor ")

    # Merged groups are neighbours, so no two lines cross.
    order: dict[tuple[int, ...], list[int]] = {(factor,): [factor] for factor in range(factors)}
    for join in joins:
        group = order.pop(join.left) + order.pop(join.right)
        order[tuple(sorted(group))] = group
    leaves = [factor for group in order.values() for factor in group]

    figure = _figure(5.8, 1.0 + 0.34 * factors, title, context)
    axes = figure.add_subplot()
    tips: dict[tuple[int, ...], tuple[float, float]] = {
        (factor,): (first[factor] + 1, leaves.index(factor)) for factor in range(factors)
    }
    for x, y in tips.values():
        axes.plot(x, y, "o", color=BLUE, markersize=5)
    for join in joins:
        (x1, y1), (x2, y2) = tips.pop(join.left), tips.pop(join.right)
        x = join.rank + 1
        axes.plot([x1, x, x, x2], [y1, y1, y2, y2], color=BLUE, solid_joinstyle="miter")
        tips[tuple(sorted(join.left + join.right))] = (x, (y1 + y2) / 2)
    for x, y in tips.values():
        axes.plot([x, len(weights)], [y, y], color=BLUE)
    ticks = _spread([1, *(join.rank + 1 for join in joins), len(weights)], len(weights) / 12)
    axes.set_xticks(ticks, _brief(weights[np.array(ticks) - 1], weights[0]))
    axes.set_yticks(range(factors), [names[factor] for factor in leaves])
    axes.set(
        xlim=(0, len(weights) + 1), ylim=(factors - 0.5, -0.5), xlabel=f"{label}, strongest first"
    )
    _quiet(axes, spines=("bottom",))
    return figure


def loss_curves(
    history: Mapping[str, np.ndarray], *, title: str = "", context: str = ""
) -> "Figure":
    """Plot the loss and every logged term over the training steps, one panel each.

    A logged ``capacity`` or ``target`` is drawn into the panel of ``kl``, which has to follow it.
    Where the ``stage`` changes stands a line.

    Args:
        history: columns of equal length: ``step`` and the rest.
        title: what the figure shows; none by default.
        context: data set and method, below the title.
    """
    steps = np.asarray(history["step"])
    goals = [name for name in ("capacity", "target") if name in history and "kl" in history]
    terms = [name for name in history if name not in ("step", "stage", *goals)]
    changes = steps[:-1][np.diff(history.get("stage", np.zeros(len(steps)))) != 0]
    if not len(steps) or not terms:
        raise ValueError("expected a history of at least one logged step and one term")
    columns = min(3, len(terms))
    rows = -(-len(terms) // columns)
    figure = _figure(3.1 * columns, 2.1 * rows, title, context)
    window = max(1, len(steps) // 50)
    for place, name in enumerate(terms):
        axes = figure.add_subplot(rows, columns, place + 1)
        _curve(axes, steps, np.asarray(history[name], float), window)
        if name == "kl" and goals:
            for goal in goals:
                axes.plot(steps, history[goal], color=ORANGE, linestyle="--", label=goal)
            axes.legend(frameon=False, labelcolor=INK, fontsize=8)
        for change in changes:
            axes.axvline(change, color=QUIET, linewidth=0.8, linestyle=":")
        axes.set_title(name.replace("_", " "), loc="left", color=INK, size=10, parse_math=False)
        axes.ticklabel_format(axis="x", style="plain")
        axes.locator_params(axis="x", nbins=4)
        _quiet(axes)
        if place >= len(terms) - columns:
            axes.set_xlabel("step")
    return figure


def kl_bars(
    kl: np.ndarray,
    active: np.ndarray,
    *,
    code_names: Sequence[str] | None = None,
    title: str = "",
    context: str = "",
) -> "Figure":
    """Draw each latent's KL to the prior, largest first; latents that are not active are pale.

    Args:
        kl: nats per latent (latents,).
        active: which latents vary with the image (latents,).
        code_names: z0, z1, ... by default.
        title: what the figure shows; none by default.
        context: data set and method, below the title.
    """
    kl, active = as_array(kl, "kl").astype(float), as_array(active, "active").astype(bool)
    if kl.ndim != 1 or kl.shape != active.shape:
        raise ValueError(f"expected kl and active (latents,), got {kl.shape} and {active.shape}")
    names = _names(code_names, len(kl), "z")
    order = np.argsort(-kl, kind="stable")
    figure = _figure(5.0, 0.7 + 0.24 * len(kl), title, context)
    axes = figure.add_subplot()
    axes.barh(range(len(kl)), kl[order], color=[BLUE if active[i] else QUIET for i in order])
    for row, latent in enumerate(order):
        note = f" {kl[latent]:.2f}" + ("" if active[latent] else "  inactive")
        axes.text(kl[latent], row, note, va="center", size=8, color=INK)
    axes.set_yticks(range(len(kl)), [names[i] for i in order])
    axes.set(ylim=(len(kl) - 0.4, -0.6), xlabel="KL to the prior (nats)")
    axes.margins(x=0.14)
    _quiet(axes, spines=("bottom",))
    axes.tick_params(axis="y", length=0)
    return figure


def scatters(
    vertical: np.ndarray,
    horizontal: np.ndarray,
    *,
    vertical_names: Sequence[str] | None = None,
    horizontal_names: Sequence[str] | None = None,
    title: str = "",
    context: str = "",
) -> "Figure":
    """Draw every column of one array against every column of another, a panel each.

    Args:
        vertical: (samples, rows), for instance codes.
        horizontal: (samples, columns), for instance factors.
        vertical_names: names of the rows, z0, z1, ... by default.
        horizontal_names: names of the columns.
        title: what the figure shows; none by default.
        context: data set, method and representation, below the title.
    """
    rows, columns = vertical.shape[1], horizontal.shape[1]
    names = _names(vertical_names, rows, "z")
    below = _names(horizontal_names, columns, "factor ")
    figure = _figure(0.6 + 1.2 * columns, 0.5 + 1.1 * rows, title, context)
    grid = figure.subplots(rows, columns, squeeze=False, sharex="col", sharey="row")
    for (row, column), axes in np.ndenumerate(grid):
        _points(axes, horizontal[:, column], vertical[:, row])
        if column == 0:
            axes.set_ylabel(names[row])
        if row == rows - 1:
            axes.set_xlabel(below[column])
        _quiet(axes)
    return figure


def reconstructions(
    observed: np.ndarray,
    decoded: np.ndarray,
    *,
    names: Sequence[str] | None = None,
    title: str = "",
    context: str = "",
) -> "Figure":
    """Draw each variable's decoded mean against what was observed, with the line of equality.

    Above a panel stands R2 = 1 - sum (x - decoded)^2 / sum (x - mean x)^2.

    Args:
        observed: (samples, variables).
        decoded: (samples, variables).
        names: names of the variables, x0, x1, ... by default.
        title: what the figure shows; none by default.
        context: data set, method and representation, below the title.
    """
    variables = observed.shape[1]
    columns = min(variables, 5)
    rows = -(-variables // columns)
    figure = _figure(0.6 + 1.5 * columns, 0.5 + 1.5 * rows, title, context)
    grid = figure.subplots(rows, columns, squeeze=False).ravel()
    names = _names(names, variables, "x")
    for axes, name, x, mean in zip(grid, names, observed.T, decoded.T, strict=False):
        _points(axes, x, mean)
        ends = [x.min(), x.max()]
        axes.plot(ends, ends, color=ORANGE, linewidth=1)
        total = np.square(x - x.mean()).sum()
        r2 = 1 - np.square(x - mean).sum() / total if total > 0 else np.nan
        axes.set_title(f"{name}, R² {r2:.2f}", size=9, color=INK, parse_math=False)
        _quiet(axes)
    for axes in grid[variables:]:
        axes.set_visible(False)
    figure.supxlabel("observed", size=9, color=INK)
    figure.supylabel("decoded", size=9, color=INK)
    return figure


def coloured_points(
    points: np.ndarray,
    colourings: Mapping[str, np.ndarray],
    *,
    axis_names: Sequence[str] = ("", ""),
    title: str = "",
    context: str = "",
) -> "Figure":
    """Draw points of the plane, a panel for each quantity that colours them.

    Whole numbers of up to twenty values have a colour each and a legend; others are shades.

    Args:
        points: (samples, 2).
        colourings: numbers by name (samples,), one or more.
        axis_names: of the two axes.
        title: what the figure shows; none by default.
        context: data set, method and representation, below the title.

    Raises:
        ValueError: if shapes do not fit.
    """
    points = as_array(points, "points").astype(float)
    if points.ndim != 2 or points.shape[1] != 2:
        raise ValueError(f"expected points (samples, 2), got {points.shape}")
    if not colourings:
        raise ValueError("expected at least one of colourings, got none")
    columns = min(3, len(colourings))
    rows = -(-len(colourings) // columns)
    figure = _figure(3.4 * columns, 2.7 * rows, title, context)
    import matplotlib

    places = figure.subplots(rows, columns, squeeze=False, sharex=True, sharey=True).ravel()
    for axes, (name, given) in zip(places, colourings.items(), strict=False):
        values = as_array(given, name)
        if values.shape != points.shape[:1]:
            raise ValueError(f"expected {name} ({len(points)},), got {values.shape}")
        levels = np.unique(values)
        dots = {"s": 4, "linewidths": 0, "alpha": 0.8, "rasterized": True}
        if values.dtype.kind in "biu" and len(levels) <= 20:
            palette = matplotlib.colormaps["tab10" if len(levels) <= 10 else "tab20"]
            for number, level in enumerate(levels):
                mine = points[values == level]
                axes.scatter(*mine.T, color=palette(number), label=str(int(level)), **dots)
            axes.legend(
                loc="center left",
                bbox_to_anchor=(1, 0.5),
                ncols=1 + (len(levels) > 10),
                frameon=False,
                labelcolor=INK,
                fontsize=7,
                markerscale=2,
                handletextpad=0.1,
                columnspacing=0.5,
            )
        else:
            shades = axes.scatter(*points.T, c=values.astype(float), cmap="viridis", **dots)
            bar = figure.colorbar(shades, ax=axes, aspect=25, pad=0.02)
            bar.outline.set_visible(False)
            _quiet(bar.ax, spines=())
        axes.set_title(name, loc="left", color=INK, size=9, parse_math=False)
        axes.set(xlabel=axis_names[0], ylabel=axis_names[1])
        axes.label_outer()
        _quiet(axes)
    for axes in places[len(colourings) :]:
        axes.set_visible(False)
    return figure


def interventional_effects(
    codes: np.ndarray,
    factors: np.ndarray,
    *,
    parents: ArrayLike,
    scores: Sequence[float] | None = None,
    factor_names: Sequence[str] | None = None,
    code_names: Sequence[str] | None = None,
    title: str = "",
    context: str = "",
) -> "Figure":
    """Plot how each code responds to each factor (Suter et al., 2019, the plots of IRS).

    In the cell of a code's parent factor: mean, median and mean +- standard deviation of the code
    at each value. Elsewhere: the mean code at each value of that factor, one line per value of the
    parent. A robust code's other cells are flat lines.

    Args:
        codes: (samples, latents).
        factors: (samples, factors), discrete.
        parents: the factor that each code stands for (latents,).
        scores: each code's robustness (latents,), named in the title of the parent's cell.
        factor_names: names of the columns.
        code_names: z0, z1, ... by default.
        title: what the figure shows; none by default.
        context: data set, method, representation and protocol, below the title.
    """
    codes, factors = as_array(codes, "codes").astype(float), as_array(factors, "factors")
    if codes.ndim != 2 or factors.ndim != 2 or len(codes) != len(factors) or not len(codes):
        raise ValueError(
            "expected codes (samples, latents) and factors (samples, factors), "
            f"got {codes.shape} and {factors.shape}"
        )
    latents, count = codes.shape[1], factors.shape[1]
    parent_of = np.asarray(parents)
    if parent_of.shape != (latents,) or parent_of.min() < 0 or parent_of.max() >= count:
        raise ValueError(f"expected {latents} parents from 0 to {count - 1}, got {parents!r}")
    names = _names(factor_names, count, "factor ")
    labels = _names(code_names, latents, "z")
    figure = _figure(1.75 * count, 1.25 * latents, title, context)
    grid = figure.subplots(latents, count, sharex="col", sharey="row", squeeze=False)
    figure.supxlabel(
        "titled cells: the code at each value of its factor, mean ± sd and median (dotted); "
        "others: its mean, a line per value of that factor",
        size=8,
        color=QUIET,
        wrap=True,
    )
    for latent, parent in enumerate(parent_of):
        for factor in range(count):
            axes, code = grid[latent, factor], codes[:, latent]
            if factor == parent:
                _response(axes, code, factors[:, factor])
                score = "" if scores is None else f" {scores[latent]:.2f}"
                axes.set_title(f"{names[parent]}{score}", color=INK, size=8, weight="bold")
            else:
                _conditional(axes, code, factors[:, factor], factors[:, parent])
            _quiet(axes)
            axes.tick_params(labelsize=7)
            if latent == latents - 1:
                axes.locator_params(axis="x", nbins=5, integer=True)
                axes.set_xlabel(names[factor], size=9)
        grid[latent, 0].set_ylabel(labels[latent], size=9)
    figure.align_ylabels(grid[:, 0])
    return figure


def svg(figure: "Figure") -> str:
    """Return a figure as an ``<svg>`` element for a page: its ink is the page's text colour."""
    import matplotlib

    buffer = io.StringIO()
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": "disentlib"}):
        figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None})
    text = buffer.getvalue()
    text = text[text.index("<svg") :].replace(INK, "currentColor")
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    text = re.sub(r' (width|height)="[^"]*pt"', "", text, count=2)
    # Several figures share a page: keep only the ids that something refers to.
    used = set(re.findall(r'(?:url\(#|href="#)([^)"]+)', text))
    return re.sub(r' id="([^"]*)"', lambda m: m[0] if m[1] in used else "", text)


def png(figure: "Figure") -> bytes:
    """Return a figure as PNG, 144 dots an inch, on white."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=144, facecolor="white")
    return buffer.getvalue()


@functools.cache
def _notebook_figure(base: type["Figure"]) -> type["Figure"]:
    """Return matplotlib's figure as a class that notebooks show, with or without pyplot."""

    class NotebookFigure(base):  # type: ignore[misc, valid-type]
        def _repr_png_(self) -> bytes:
            return png(self)

    return NotebookFigure


def _figure(width: float, height: float, title: str, context: str) -> "Figure":
    try:
        from matplotlib.figure import Figure
        from matplotlib.layout_engine import ConstrainedLayoutEngine
    except ImportError as error:
        raise ImportError(
            "figures need matplotlib: pip install 'disentlib[report]' brings it"
        ) from error
    width = max(width, 0.09 * len(title) + 0.3)  # inches a character of 12 points
    lines = textwrap.wrap(context, max(20, int((width - 0.2) / 0.07)))
    head = 0.46 + 0.16 * len(lines) if title or lines else 0.0
    total = height + head
    layout = ConstrainedLayoutEngine(rect=(0, 0, 1, height / total))
    figure = _notebook_figure(Figure)(figsize=(width, total), layout=layout)
    left = 0.1 / width
    figure.text(
        left, 1 - 0.1 / total, title, va="top", size=12, weight="bold", color=INK, parse_math=False
    )
    figure.text(
        left, 1 - 0.34 / total, "\n".join(lines), va="top", size=9, color=QUIET, parse_math=False
    )
    return figure


def _quiet(axes: "Axes", spines: Sequence[str] = ("left", "bottom")) -> None:
    """Keep only the named spines, thin, and give everything else the ink."""
    for name, spine in axes.spines.items():
        spine.set(visible=name in spines, color=QUIET, linewidth=0.8)
    axes.tick_params(colors=INK, length=3 if spines else 0, color=QUIET, labelsize=9)
    axes.xaxis.label.set(color=INK, size=9)
    axes.yaxis.label.set(color=INK, size=9)


def _curve(axes: "Axes", steps: np.ndarray, values: np.ndarray, window: int) -> None:
    """Draw a term; a long one pale with its running mean on top, a steep one on a log scale."""
    alpha, linewidth = (0.35, 1.0) if window > 1 else (1.0, 1.5)
    axes.plot(steps, values, color=BLUE, alpha=alpha, linewidth=linewidth)
    if window > 1:
        kernel = np.full(window, 1 / window)
        axes.plot(
            np.convolve(steps, kernel, "valid"), np.convolve(values, kernel, "valid"), color=BLUE
        )
    finite = values[np.isfinite(values)]
    if len(finite) and finite.min() > 0 and finite.max() > 30 * np.median(finite):
        axes.set_yscale("log")


def _points(axes: "Axes", x: np.ndarray, y: np.ndarray) -> None:
    """Draw samples as one picture: a page of thousands of circles would be slow."""
    axes.plot(x, y, ".", color=BLUE, alpha=0.35, markersize=2, rasterized=True)


def _response(axes: "Axes", code: np.ndarray, factor: np.ndarray) -> None:
    values = np.unique(factor)
    groups = [code[factor == value] for value in values]
    mean = np.array([group.mean() for group in groups])
    sd = np.array([group.std() for group in groups])
    axes.fill_between(values, mean - sd, mean + sd, color=BLUE, alpha=0.25, linewidth=0)
    axes.plot(values, mean, color=BLUE, marker=".", markersize=4)
    axes.plot(values, [np.median(group) for group in groups], color=ORANGE, linestyle=":")


def _conditional(axes: "Axes", code: np.ndarray, factor: np.ndarray, parent: np.ndarray) -> None:
    import matplotlib

    levels = np.unique(parent)
    colours = matplotlib.colormaps["cividis"](np.linspace(0.15, 0.85, len(levels)))
    for level, colour in zip(levels, colours, strict=True):
        mine = parent == level
        values, place = np.unique(factor[mine], return_inverse=True)
        means = np.bincount(place, weights=code[mine]) / np.bincount(place)
        axes.plot(values, means, color=colour, linewidth=0.8)


def _names(names: Sequence[str] | None, count: int, prefix: str) -> list[str]:
    if names is None:
        return [f"{prefix}{k}" for k in range(count)]
    if len(names) != count:
        raise ValueError(f"expected {count} names, got {len(names)}: {', '.join(map(str, names))}")
    # A dollar would open matplotlib's mathematics.
    return [str(name).replace("$", r"\$") for name in names]


def _brief(values: np.ndarray, top: float) -> list[str]:
    """Write numbers with the decimals that give the largest three digits."""
    decimals = max(0, 2 - int(np.floor(np.log10(top)))) if top > 0 else 0
    least = 10.0**-decimals
    return [
        f"<{least:.{decimals}f}" if 0 < value < least / 2 else f"{value:.{decimals}f}"
        for value in values
    ]


def _spread(ticks: Sequence[int], distance: float) -> list[int]:
    """Drop ticks whose labels would overlap an earlier one."""
    kept: list[int] = []
    for tick in ticks:
        if not kept or tick - kept[-1] >= distance:
            kept.append(tick)
    return kept


def score_figures(
    matrix: np.ndarray,
    *,
    name: str,
    code_names: Sequence[str] | None = None,
    factor_names: Sequence[str] | None = None,
    label: str = "score",
    title: str = "",
    context: str = "",
) -> dict[str, "Figure"]:
    """Return a score matrix's three figures by file name: squares, ``_pr`` and ``_dendrogram``.

    Args:
        matrix: scores (latents, factors), finite and not negative.
        name: stem of the file names, such as ``mutual_information``.
        code_names: names of the rows, z0, z1, ... by default.
        factor_names: names of the columns.
        label: what an entry measures, with its unit.
        title: what the squares show; none by default, and then none on the others either.
        context: data set, method, representation and protocol, below the titles.
    """
    shared = {"label": label, "context": context}
    return {
        name: heat_square(
            matrix, code_names=code_names, factor_names=factor_names, title=title, **shared
        ),
        f"{name}_pr": recovered_vs_independent(
            matrix, title="Recovered and independent factors" if title else "", **shared
        ),
        f"{name}_dendrogram": dendrogram(
            matrix,
            factor_names=factor_names,
            title="When factors fall together" if title else "",
            **shared,
        ),
    }
