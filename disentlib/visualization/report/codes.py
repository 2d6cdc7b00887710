"""Codes in two dimensions, coloured by what is known of the observations."""

import importlib
import importlib.util
from collections.abc import Iterator
from functools import partial

import numpy as np

from disentlib.visualization import plots
from disentlib.visualization.pages import Drawing, Section
from disentlib.visualization.report.reported_run import ReportedRun

MOST = 6  # factors that have panels


def section(run: ReportedRun) -> Section | None:
    """Return the codes' principal components, and their UMAP embedding where it is installed."""
    if not run.is_finite or run.sample.mean.shape[1] < 2 or not colourings(run):
        return None
    return Section("codes", "Codes in two dimensions", drawings=list(drawings(run)), short="Codes")


def colourings(run: ReportedRun) -> dict[str, np.ndarray]:
    """Return clusters, factors and the condition's class by name (n,)."""
    sample = run.sample
    single = len(sample.clusters) == 1
    clusters = {
        "cluster" if single else f"cluster, facet {facet}": probabilities.argmax(axis=1)
        for facet, probabilities in enumerate(sample.clusters, start=1)
    }
    factors = zip(run.run.data.factor_names[:MOST], sample.factors.T, strict=False)
    return clusters | dict(factors) | run.condition_class


def drawings(run: ReportedRun) -> Iterator[Drawing]:
    """Yield a figure for each embedding."""
    mean = run.sample.mean
    embeddings = [("pca", "PCA", *principal_components(mean))]
    if importlib.util.find_spec("umap") is not None:
        run.tell("embedding the codes by UMAP")
        umap = importlib.import_module("umap")
        points = umap.UMAP(n_components=2, random_state=run.seed, n_jobs=1).fit_transform(mean)
        embeddings.append(("umap", "UMAP", np.asarray(points), ("", "")))
    shown = colourings(run)
    for name, title, points, axis_names in embeddings:
        yield run.drawing(
            partial(plots.coloured_points, points, shown, axis_names=axis_names),
            f"codes_{name}.png",
            title=f"Codes in two dimensions, {title}",
            context=f"{run.context} · mean codes",
            alt=f"{title} of {len(points):,} codes, coloured by {', '.join(shown)}",
            caption=f"{title} of the mean codes of {len(points):,} observations. Clusters and "
            "values that lie apart are known to the codes; their order and sign are arbitrary.",
        )


def principal_components(codes: np.ndarray) -> tuple[np.ndarray, tuple[str, str]]:
    """Return the first two principal components (n, 2), and their names with shares of variance.

    >>> points, names = principal_components(np.array([[1.0, 0], [-1, 0], [0, 0.5], [0, -0.5]]))
    >>> np.abs(points).max(axis=0), names
    (array([1. , 0.5]), ('PC 1, 80 %', 'PC 2, 20 %'))
    """
    centred = codes.astype(np.float64) - codes.mean(axis=0, dtype=np.float64)
    u, singular, _ = np.linalg.svd(centred, full_matrices=False)
    share = singular**2 / max((singular**2).sum(), 1e-300)
    # The sign of a component is arbitrary: its largest value is positive.
    points = u[:, :2] * singular[:2]
    signs = np.sign(points[np.abs(points).argmax(axis=0), [0, 1]])
    first, second = (f"PC {k + 1}, {share[k]:.0%}".replace("%", " %") for k in (0, 1))
    return points * np.where(signs == 0, 1, signs), (first, second)
