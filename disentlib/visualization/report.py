"""One self-contained page about a run: nothing is loaded, everything is inlined and escaped.

A run is any object with the attributes of `disentlib.Run`. The same pictures are written as PNG and
GIF files beside the page, in `pictures/`.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from disentlib import ops
from disentlib.visualization import files, grids, pages, plots
from disentlib.visualization.pages import Drawing
from disentlib.visualization.posteriors import ACTIVE_VARIANCE, active_units, kl_per_latent
from disentlib.visualization.scores import effects_figure
from disentlib.visualization.traversals import (
    cycle_frames,
    cycle_values,
    decode_grid,
    fitted_gaussian,
    latent_traversal,
)

BINS = 20
SHOWN = 64  # images in the grids
GAP = 3  # white pixels between their tiles
ANIMATED = 5  # codes with animated cycles
BASES = 4  # images from which the sliders can start
FRAMES = 21  # positions of a slider


class Encoded(NamedTuple):
    """What a run's encoder makes of a sample of its data."""

    images: np.ndarray  # (SHOWN, h, w, c), the first of the sample
    factors: np.ndarray  # (n, factors)
    mean: np.ndarray  # (n, latents)
    logvar: np.ndarray  # (n, latents)


def write(
    run: Any,
    *,
    path: str | Path | None = None,
    samples: int = 10_000,
    seed: int = 0,
    tell: Callable[[str], None] = lambda _: None,
) -> Path:
    """Write a run's page and its pictures, each file at once.

    Works on a running run, before its first checkpoint and without scores: the page then says what
    is missing.

    Args:
        run: a `disentlib.Run`, or an object with its attributes.
        path: of the page; ``report.html`` in the run directory by default.
        samples: images that are encoded for the statistics of the latents.
        seed: draws images and codes.
        tell: called with what is being done.

    Returns:
        The path of the page.

    Raises:
        ImportError: matplotlib or jinja2 is missing; the message names the extra.
        ValueError: `samples` is less than 64.
    """
    if samples < SHOWN:
        raise ValueError(f"expected at least {SHOWN} samples, got {samples}")
    template = pages.template("report.html")
    tell("reading the run")
    folder = run.path / "pictures"
    settings, history = run.settings, run.history
    title, context = headline(settings)
    content: dict[str, Any] = dict.fromkeys(("curves", "latents", "latent_figures", "matrix"))
    content |= {"facts": [], "notices": [], "pictures": []}

    steps = history.get("step", np.empty(0))
    if len(steps):
        content["facts"] += [("loss", f"{history['loss'][-1]:.4g}")]
        content["curves"] = _drawing(
            partial(plots.loss_curves, history),
            folder / "curves.png",
            title="Training",
            context=context,
            alt="Curves of " + ", ".join(name for name in history if name != "step"),
            caption="Pale: as logged. Strong: running mean." if len(steps) >= 100 else "",
        )
    try:
        run.model  # noqa: B018
    except FileNotFoundError:
        content["notices"].append(
            "No checkpoint is written yet: pictures and latents appear after the first one."
        )
    else:
        _look_at_model(run, content, folder, context, samples, np.random.default_rng(seed), tell)

    tell("writing the page")
    scores = run.scores
    content["scores"] = score_table(scores)
    if content["scores"]:
        values = {row["score"]: row["value"] for row in reversed(scores["scores"])}
        content["facts"] += [("MIG", _number(values["mig"]))] if "mig" in values else []
    sections = [
        ("traversals", "Traversals", content["latents"]),
        ("latents", "Latents and factors", content["latent_figures"]),
        ("scores", "Scores", True),
        ("training", "Training", True),
        ("pictures", "Reconstructions and samples", content["pictures"]),
        ("configuration", "Configuration", True),
        ("environment", "Environment", True),
    ]
    page = pages.render(
        template,
        content,
        sections=[(anchor, name) for anchor, name, there in sections if there],
        script=(pages.TEMPLATES / "report.js").read_text(encoding="utf-8"),
        kicker="disentlib report",
        title=title,
        run=str(run.path),
        state=_state(settings, steps),
        configuration=run.config or json.dumps(settings.get("configuration", {}), indent=2),
        environment=list(flatten(settings.get("environment", {}))),
    )
    return files.save(path or run.path / "report.html", page)


def headline(settings: Mapping[str, Any]) -> tuple[str, str]:
    """Return the page's title and the line below each figure's title, from a run's settings."""
    configuration = settings.get("configuration", {})
    model = configuration.get("model", {})
    method = model.get("class", "model")
    data = _data_name(configuration.get("data", {}))
    weights = [
        f"{name} {value:g}"
        for name, value in model.items()
        if isinstance(value, (int, float)) and not isinstance(value, bool) and name != "seed"
    ]
    described = f"{method} ({', '.join(weights)})" if weights else method
    return f"{described} on {data}", f"{data} · {described}"


def _data_name(configuration: Mapping[str, Any]) -> str:
    """Name a set, and after it what it is made from: "correlated shapes3d_rendered"."""
    name, inner = configuration.get("name", "data"), configuration.get("data")
    return f"{name} {_data_name(inner)}" if isinstance(inner, Mapping) else name


def score_table(scores: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Return scores.json as a table of the page: caption, columns and rows of texts.

    Args:
        scores: ``{"scores": [row, ...]}`` with the fields of `metrics.table.Row`, or None.
    """
    if not scores or not scores["scores"]:
        return None
    rows = scores["scores"]
    columns: dict[str, Callable[[Mapping[str, Any]], str]] = {
        "codes": lambda row: row["representation"],
        "value": lambda row: _number(row["value"]),
    }
    if any(row["repeats"] > 1 for row in rows):
        columns["mean ± spread"] = lambda row: f"{_number(row['mean'])} ± {_number(row['spread'])}"
    if any(row["low"] is not None for row in rows):
        columns["interval"] = lambda row: f"{_number(row['low'])} to {_number(row['high'])}"
    columns["better"] = lambda row: "higher" if row["higher_is_better"] else "lower"
    columns["estimated with"] = lambda row: row["estimator"]
    samples = " or ".join(f"{n:,}" for n in sorted({row["samples"] for row in rows}))
    protocols = " and ".join(dict.fromkeys(row["protocol"] or "default" for row in rows))
    return {
        "caption": f"{samples} samples, protocol: {protocols}.",
        "columns": ["score", *columns],
        "rows": [(row["score"], [cell(row) for cell in columns.values()]) for row in rows],
    }


def flatten(tree: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Yield the leaves of nested dictionaries as ("a.b", text).

    >>> list(flatten({"a": {"b": 1, "c": [2, 0.5]}}))
    [('a.b', '1'), ('a.c', '2, 0.5')]
    """
    if isinstance(tree, Mapping):
        for name, value in tree.items():
            yield from flatten(value, f"{path}.{name}" if path else str(name))
    elif isinstance(tree, (list, tuple)):
        yield path, ", ".join(map(str, tree))
    else:
        yield path, f"{tree:.6g}" if isinstance(tree, float) else str(tree)


def _look_at_model(
    run: Any,
    content: dict[str, Any],
    folder: Path,
    context: str,
    samples: int,
    rng: np.random.Generator,
    tell: Callable[[str], None],
) -> None:
    """Encode, decode and draw everything that needs the model; add it to the page's content."""
    tell(f"encoding {samples:,} images")
    encoded = _encode(run, samples, rng)
    if not (np.isfinite(encoded.mean).all() and np.isfinite(encoded.logvar).all()):
        content["notices"].append("The encoder returns NaN or infinity: the training diverged.")
        return
    kl, active = kl_per_latent(encoded.mean, encoded.logvar), active_units(encoded.mean)
    order = np.argsort(-kl, kind="stable")
    names = [f"z{latent}" for latent in order]
    context = f"{context} · mean codes"
    content["facts"].append(("active latents", f"{active.sum()} of {len(active)}"))
    content["activity"] = (
        f"{active.sum()} of {len(active)} latents are active: their posterior mean varies over "
        f"{samples:,} images with a variance above {ACTIVE_VARIANCE}. "
        f"The KL to the prior is {kl.sum():.2f} nats in all."
    )

    tell("plotting the latents")
    content["latent_figures"] = [
        _drawing(
            partial(plots.kl_bars, kl, active),
            folder / "kl.png",
            title="KL per latent",
            context=context,
            alt=f"Bars of the KL per latent, from {kl.max():.2f} down to {kl.min():.2f} nats",
            caption="KL to the prior per latent. Grey: inactive.",
        )
    ]
    matrix = None
    if encoded.factors.shape[1]:
        factors = _discrete(encoded.factors)
        matrix = ops.mutual_information(encoded.mean, factors, bins=BINS)
        content["latent_figures"] += _matrix_figures(
            matrix[order], names, list(run.data.factor_names), folder, context, samples
        )
        effects = effects_figure(
            encoded.mean,
            factors,
            factor_names=run.data.factor_names,
            order=[latent for latent in order if active[latent]],
            context=context,
        )
        if effects is not None:
            files.save(folder / "interventional_effects.png", plots.png(effects))
        content["matrix"] = {
            "caption": "Mutual information in nats",
            "columns": run.data.factor_names,
            "rows": [
                (name, [f"{value:.3f}" for value in matrix[latent]])
                for name, latent in zip(names, order, strict=True)
            ],
        }
    if encoded.images.ndim == 4 and encoded.images.shape[-1] in (1, 3):
        tell("drawing traversals")
        decode = partial(_decode, run.model)
        _save_pictures(encoded, decode, order, folder, rng)
        content |= _sliders(encoded, decode, order, kl, active, matrix, run.data.factor_names)
        content["pictures"] = [
            _picture(
                folder / "reconstructions.png",
                f"{SHOWN} images, each with its reconstruction on the right",
                "Images and, to their right, the decoded means of their codes.",
            ),
            _picture(
                folder / "samples.png",
                f"{SHOWN} decoded draws from the prior",
                "Decoded draws from the prior N(0, I).",
            ),
        ]


def _encode(run: Any, samples: int, rng: np.random.Generator, chunk: int = 1000) -> Encoded:
    factors, means, logvars, shown = [], [], [], None
    for start in range(0, samples, chunk):
        values, images = run.data.sample(min(chunk, samples - start), rng)
        mean, logvar = run.encode(images)
        shown = images[:SHOWN] if shown is None else shown
        factors.append(values)
        means.append(np.asarray(mean))
        logvars.append(np.asarray(logvar))
    assert shown is not None
    return Encoded(shown, np.concatenate(factors), np.concatenate(means), np.concatenate(logvars))


def _decode(model: Any, codes: np.ndarray, chunk: int = 256) -> np.ndarray:
    """Return the mean images of codes (n, latents), a few hundred at a time."""
    batches = [codes[start : start + chunk] for start in range(0, len(codes), chunk)]
    return np.concatenate([np.asarray(model.decode(batch).mean()) for batch in batches])


def _discrete(factors: np.ndarray) -> np.ndarray:
    """Return factors as integers; real-valued ones in equal-width bins."""
    if np.issubdtype(factors.dtype, np.integer):
        return factors
    return ops.discretise(factors, BINS).astype(int)


def _matrix_figures(
    matrix: np.ndarray,
    names: list[str],
    factor_names: list[str],
    folder: Path,
    context: str,
    samples: int,
) -> Iterator[Drawing]:
    label = "mutual information (nats)"
    context = f"{context} · {BINS} equal-width bins, {samples:,} samples"
    best = ", ".join(
        f"{factor} in {names[row]}"
        for factor, row in zip(factor_names, matrix.argmax(axis=0), strict=True)
    )
    yield _drawing(
        partial(
            plots.heat_square, matrix, factor_names=factor_names, code_names=names, label=label
        ),
        folder / "mutual_information.png",
        title="Which latent knows which factor",
        context=context,
        alt=f"Mutual information of latents and factors; largest: {best}",
        caption=f"Mutual information of latents and factors, {BINS} equal-width bins. "
        "Disentangled: one large square per factor, no two in a row.",
    )
    yield _drawing(
        partial(plots.recovered_vs_independent, matrix, label=label),
        folder / "mutual_information_pr.png",
        title="Recovered and independent factors",
        context=context,
        alt="Number of discovered factors and of independent groups as the threshold falls",
        caption="Disentangled: both curves rise together to the number of factors.",
    )
    yield _drawing(
        partial(plots.dendrogram, matrix, factor_names=factor_names, label=label),
        folder / "mutual_information_dendrogram.png",
        title="When factors fall together",
        context=context,
        alt="Dendrogram of the factors, joined where an entry of the matrix connects them",
        caption="Factors that join early share a latent.",
    )


def _save_pictures(
    encoded: Encoded,
    decode: Callable[[np.ndarray], np.ndarray],
    order: np.ndarray,
    folder: Path,
    rng: np.random.Generator,
) -> None:
    """Write grids, traversals and animated cycles as files."""
    latents = len(order)
    mean, logvar = encoded.mean[: len(encoded.images)], encoded.logvar[: len(encoded.images)]

    def save(name: str, picture: np.ndarray) -> None:
        files.save(folder / f"{name}.png", files.png(picture))

    pairs = grids.side_by_side(encoded.images, decode_grid(decode, mean))
    save("reconstructions", grids.square_grid(pairs, gap=GAP))
    draws = rng.standard_normal((SHOWN, latents))
    save("samples", grids.square_grid(decode_grid(decode, draws), gap=GAP))
    for number, code in enumerate(mean[:latents]):
        images = latent_traversal(decode, code, dimensions=order)
        save(f"traversals_{number}", grids.tile(images, gap=GAP))
    for number, code in enumerate(mean[:ANIMATED]):
        for kind, values in cycle_values(code, mean, logvar, frames=20).items():
            frames = cycle_frames(decode, code, values)[:, order]
            pictures = np.stack([grids.padded_grid(frame) for frame in frames])
            files.save(folder / f"{kind}_cycle_{number}.gif", files.gif(pictures, fps=10))


def _sliders(
    encoded: Encoded,
    decode: Callable[[np.ndarray], np.ndarray],
    order: np.ndarray,
    kl: np.ndarray,
    active: np.ndarray,
    matrix: np.ndarray | None,
    factor_names: tuple[str, ...],
) -> dict[str, Any]:
    """Return a sprite sheet per latent, its frames left to right, the starting images down."""
    codes = encoded.mean[:BASES]
    centre, sd = fitted_gaussian(encoded.mean, encoded.logvar)
    low, high = centre - 2 * sd, centre + 2 * sd
    height, width = encoded.images.shape[1:3]
    latents = []
    for latent in order:
        values = np.linspace(low[latent], high[latent], FRAMES)
        moved = np.repeat(codes[:, None], FRAMES, axis=1)
        moved[:, :, latent] = values
        note = ""
        if not active[latent]:
            note = "inactive"
        elif matrix is not None and matrix[latent].max() > 0.1:
            note = f"knows {factor_names[matrix[latent].argmax()]}"
        latents.append(
            {
                "name": f"z{latent}",
                "note": note,
                "active": bool(active[latent]),
                "kl": f"{kl[latent]:.2f}",
                "share": round(100 * float(kl[latent] / (kl.max() or 1)), 1),
                "low": round(float(low[latent]), 4),
                "high": round(float(high[latent]), 4),
                "starts": [int(np.abs(values - code[latent]).argmin()) for code in codes],
                "sheet": _data(grids.tile(decode_grid(decode, moved))),
            }
        )
    return {
        "latents": latents,
        "bases": [_data(grids.to_uint8(image)) for image in encoded.images[:BASES]],
        "frames": FRAMES,
        "tile": {"width": width, "height": height},
        "span": "two standard deviations of the latent's average posterior to each side",
    }


def _drawing(
    draw: Callable[..., "plots.Figure"],
    path: Path,
    *,
    title: str,
    context: str,
    alt: str,
    caption: str,
) -> Drawing:
    """Save a figure with its titles as a file; return it without them for the page."""
    files.save(path, plots.png(draw(title=title, context=context)))
    return pages.drawing(draw(), alt=alt, caption=caption)


def _picture(path: Path, alt: str, caption: str) -> Drawing:
    from PIL import Image

    content = path.read_bytes()
    with Image.open(path) as image:
        width = image.width
    return Drawing(alt, caption, width, source=files.data_uri(content, "image/png"))


def _data(picture: np.ndarray) -> str:
    return files.data_uri(files.png(picture), "image/png")


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}" if abs(value) < 1000 else f"{value:.4g}"


def _state(settings: Mapping[str, Any], steps: np.ndarray) -> str:
    done, planned = int(steps[-1]) if len(steps) else 0, settings.get("steps", 0)
    if done >= planned:
        return f"{done:,} steps"
    return f"step {done:,} of {planned:,}"
