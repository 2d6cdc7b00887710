"""Two models of the same images, one disentangled and one not (Locatello et al., 2019, theorem 1).

    python tools/science/impossibility.py [FIGURE.png]

Factors z are uniform on the cube. f(z) = F^-1(Phi(A Phi^-1(F(z)))) with A orthogonal and without
zeros has the same distribution, so a model with f(z) for factors makes the same images, yet every
coordinate of f(z) depends on every factor. The figure needs Matplotlib.
"""

import sys

import numpy as np
from scipy import stats

from disentlib import metrics

SAMPLES, VALUES = 10_000, 20


def entangled(z, mixing):
    """Return f(z) of points of the unit cube."""
    return stats.norm.cdf(stats.norm.ppf(z) @ mixing.T)


def reflection(d):
    """Return the Householder matrix of (1, ..., 1); in the plane, a reflection by 45 degrees."""
    if d == 2:
        return np.array([[1.0, 1.0], [1.0, -1.0]]) / np.sqrt(2)
    return np.eye(d) - 2 * np.full((d, d), 1 / d)


def least_derivative(mixing, rng):
    """Return the least |df_i / dz_j| at 100 random points, by central differences."""
    points, step = rng.uniform(0.1, 0.9, size=(100, len(mixing))), 1e-5
    moves = [
        (entangled(points + step * e, mixing) - entangled(points - step * e, mixing)) / (2 * step)
        for e in np.eye(len(mixing))
    ]
    return np.abs(moves).min()


def describe(name, mixing, rng):
    """Print what stays and what is lost."""
    d = len(mixing)
    z = rng.uniform(size=(SAMPLES, d))
    factors = np.floor(VALUES * z).astype(int)
    f = entangled(z, mixing)
    refused = np.mean([
        stats.kstest(column, "uniform").pvalue < 0.05
        for _ in range(20)
        for column in entangled(rng.uniform(size=(SAMPLES, d)), mixing).T
    ])  # fmt: skip
    correlation = np.abs(np.corrcoef(f.T) - np.eye(d)).max()
    scores = [
        f"{score(z, factors, protocol='locatello2019'):.2f} to "
        f"{score(f, factors, protocol='locatello2019'):.2f}"
        for score in (metrics.mig, metrics.modularity)
    ]
    derivative = least_derivative(mixing, rng)
    print(
        f"| {name} | {refused:.2f} | {correlation:.3f} | {derivative:.3f} | {' | '.join(scores)} |"
    )


def draw(path):
    """Draw the grid of factors and its image, coloured alike."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    z = np.random.default_rng(0).uniform(size=(1500, 2))
    figure, axes = plt.subplots(1, 2, figsize=(8, 4), layout="constrained")
    for axis, points, title in zip(
        axes, (z, entangled(z, reflection(2))), ("z", "f(z)"), strict=True
    ):
        axis.scatter(*points.T, c=z[:, 0], cmap="cividis", s=6)
        axis.set(aspect="equal", title=f"{title}, coloured by $z_1$")
        axis.set(xlabel=f"${title[0]}_1$", ylabel=f"${title[0]}_2$")
    figure.savefig(path, dpi=64)


if __name__ == "__main__":
    rng = np.random.default_rng(0)
    print("| f | KS tests below 0.05 | largest correlation | least derivative | MIG | modularity |")
    print("|---|---|---|---|---|---|")
    for d in (2, 5, 10):
        describe(f"d = {d}, reflection", reflection(d), rng)
    for d in (2, 5, 10):
        describe(f"d = {d}, random", stats.ortho_group.rvs(d, random_state=0), rng)
    if sys.argv[1:]:
        draw(sys.argv[1])
