"""The clusters of a model that has some, one grid of images a facet."""

from typing import Any

import numpy as np

from disentlib import metrics, named
from disentlib.visualization import encoding, grids, pages
from disentlib.visualization.pages import Drawing, Numbers, Section
from disentlib.visualization.report.reported_run import ReportedRun
from disentlib.visualization.report.traversals import GAP

ROWS = 25  # clusters that have a row
IMAGES, DRAWS = 8, 6  # columns of a row


def section(run: ReportedRun) -> Section | None:
    """Return how large clusters are, how they agree with factors, and what they look like."""
    if not run.is_finite or not run.sample.clusters:
        return None
    run.tell("drawing the clusters")
    facets = run.sample.clusters
    texts, drawings, tables, used = [], [], [], []
    for number, probabilities in enumerate(facets):
        name = f"Facet {number + 1}: " if len(facets) > 1 else ""
        counts = np.bincount(probabilities.argmax(axis=1), minlength=probabilities.shape[1])
        order = np.argsort(-counts, kind="stable")[: int((counts > 0).sum())]
        used.append(f"{len(order)} of {len(counts)}")
        texts.append(
            f"{name}{used[-1]} clusters have observations among {len(probabilities):,}."
            + agreement(run, probabilities)
        )
        tables.append(sizes(probabilities, order, counts, caption=f"{name}sizes of clusters"))
        if run.has_pictures:
            drawings.append(grid(run, number, order[:ROWS], name))
    facts = [("clusters in use", ", ".join(used))]
    return Section("clusters", "Clusters", texts, drawings, tables, facts=facts)


def agreement(run: ReportedRun, probabilities: np.ndarray) -> str:
    """Return how well clusters agree with each discrete factor and the condition, in words."""
    factors = run.sample.factors
    classes = dict(run.condition_class)
    if np.issubdtype(factors.dtype, np.integer):
        classes |= dict(zip(run.run.data.factor_names, factors.T, strict=True))
    said = []
    for name, labels in classes.items():
        score = metrics.cluster_accuracy(probabilities, labels)
        said.append(f"{name} {score.accuracy:.2f} ({score.normalized_mutual_information:.2f})")
    return f" Majority accuracy (normalised mutual information): {', '.join(said)}." if said else ""


def sizes(
    probabilities: np.ndarray, order: np.ndarray, counts: np.ndarray, *, caption: str
) -> Numbers:
    """Return the share of each cluster that has observations, and how certain of it they are."""
    assigned, most = probabilities.argmax(axis=1), probabilities.max(axis=1)
    rows = [
        [
            f"cluster {cluster}",
            f"{counts[cluster] / len(assigned):.1%}".replace("%", " %"),
            f"{most[assigned == cluster].mean():.3f}",
        ]
        for cluster in order
    ]
    columns = ["", "observations", "mean p(c|x) of them"]
    return Numbers(caption, columns, rows, folded=True, style="numbers")


def grid(run: ReportedRun, facet: int, clusters: np.ndarray, name: str) -> Drawing:
    """Return a row a cluster: the images most certain of it, and decoded draws from the prior."""
    probabilities, sample = run.sample.clusters[facet], run.sample
    images = grids.to_uint8(named.observation(sample.observations))
    assigned = probabilities.argmax(axis=1)
    draws = component_draws(run, facet, clusters)
    columns = IMAGES + (0 if draws is None else DRAWS + 1)  # a white one between the two
    tiles = np.full((len(clusters), columns, *images.shape[1:]), grids.WHITE, np.uint8)
    for row, cluster in enumerate(clusters):
        members = np.flatnonzero(assigned == cluster)
        best = members[np.argsort(-probabilities[members, cluster], kind="stable")][:IMAGES]
        tiles[row, : len(best)] = images[best]
        if draws is not None:
            tiles[row, IMAGES + 1 :] = grids.to_uint8(run.decode(draws[row]))
    file = "clusters.png" if len(run.sample.clusters) == 1 else f"clusters_{facet + 1}.png"
    right = "" if draws is None else " Right: decoded draws from its component of the prior."
    return pages.picture(
        encoding.save(run.folder / file, encoding.png(grids.tile(tiles, gap=GAP))),
        alt=f"{name}{len(clusters)} clusters, a row of images each",
        caption=f"{name}a row a cluster, the largest first. Left: the images most certain of it."
        + right,
    )


def component_draws(run: ReportedRun, facet: int, clusters: np.ndarray) -> np.ndarray | None:
    """Return draws (clusters, DRAWS, latents) from components; None of priors without components.

    The latents of other facets are drawn from the prior.
    """
    prior: Any = run.run.model.prior
    mixtures = list(getattr(prior, "mixtures", [prior]))
    if not all(hasattr(mixture, "components") for mixture in mixtures):
        return None
    rng = np.random.default_rng(run.seed)
    component_key, key = rng.integers(2**31, size=(2, 2)).astype(np.int32)
    components = mixtures[facet].components()
    drawn = np.asarray(components.sample(DRAWS, seed=component_key))  # (n, clusters, part)
    start = sum(mixture.latents for mixture in mixtures[:facet])
    codes = np.asarray(prior.draw(len(clusters) * DRAWS, key))
    codes = codes.reshape(len(clusters), DRAWS, -1).copy()
    codes[:, :, start : start + drawn.shape[-1]] = drawn.swapaxes(0, 1)[clusters]
    return codes
