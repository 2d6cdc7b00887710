"""Interventional scores from a table of codes, IRS, UDR and factorised support, beside NumPy loops.

python tools/benchmarks/votes.py
"""

import itertools
import time

import numpy as np
from scipy.stats import spearmanr

from disentlib import data, metrics, ops
from disentlib.metrics.intervention.interventions import Interventions

SIZES = np.array((3, 6, 40, 32, 32))
STRIDES = np.cumprod([1, *SIZES[:0:-1]])[::-1]
VOTES, TRAIN, BATCH, SAMPLES = 15_000, 10_000, 64, 10_000


class Positions(data.GroundTruthData):
    """A set with dSprites' grid whose images are their positions in it."""

    name = "positions"
    factor_names = ("shape", "scale", "orientation", "x", "y")
    factor_sizes = tuple(SIZES.tolist())
    image_shape = (1, 1, 1)
    dtype = np.dtype(np.float64)

    def _images(self, factors, rng):
        return (factors @ STRIDES)[:, None, None, None].astype(np.float64)


def filled_table(codes):
    """Return a table of codes (grid, dims): encoding is not what is measured."""
    table = metrics.CodeTable(
        Positions(), lambda images: codes[images.ravel().astype(int)], batch_size=65_536
    )
    table.look_up(np.arange(len(codes)))
    return table


def best_of(repeats, work):
    shortest = np.inf
    for _ in range(repeats):
        start = time.perf_counter()
        answer = work()
        shortest = min(shortest, time.perf_counter() - start)
    return shortest, answer


def draw(rng, count):
    return np.stack([rng.randint(size, size=count) for size in SIZES], axis=1)


def factor_vae_loop(codes):
    rng = np.random.RandomState(0)
    variance = codes[draw(rng, SAMPLES) @ STRIDES].var(axis=0, ddof=1)
    votes = np.zeros((2, 5, codes.shape[1]), int)
    for vote in range(VOTES):
        k = rng.randint(5)
        factors = draw(rng, BATCH)
        factors[:, k] = factors[0, k]
        local = codes[factors @ STRIDES].var(axis=0, ddof=1)
        votes[int(vote >= TRAIN), k, np.argmin(local / variance)] += 1
    told = votes[0].argmax(axis=0)
    return votes[1][told, range(codes.shape[1])].sum() / votes[1].sum()


def beta_vae_loop(codes):
    rng = np.random.RandomState(0)
    features = np.empty((VOTES, codes.shape[1]))
    for sample in range(VOTES):
        k = rng.randint(5)
        first, second = draw(rng, BATCH), draw(rng, BATCH)
        second[:, k] = first[:, k]
        features[sample] = np.abs(codes[first @ STRIDES] - codes[second @ STRIDES]).mean(axis=0)
    return features


def beta_vae_features(table):
    draws = Interventions(table, rng=np.random.RandomState(0))
    return draws.differences(draws.rows.paired_by_one(VOTES, BATCH))


def irs_loop(codes, factors):
    strayed = np.abs(codes - codes.mean(axis=0)).max(axis=0)
    matrix = np.empty((codes.shape[1], factors.shape[1]))
    for i, values in enumerate(factors.T):
        bins = np.digitize(values, np.histogram(values, 20)[1][:-1])
        inside = []
        for value in np.unique(bins):
            group = codes[bins == value]
            inside.append(np.percentile(np.abs(group - group.mean(axis=0)), 99, axis=0))
        matrix[:, i] = 1 - np.mean(inside, axis=0) / strayed
    return np.average(matrix.max(axis=1), weights=strayed)


def udr_loop(models):
    dims = models[0].shape[1]
    related = [[np.abs(spearmanr(a, b).statistic[:dims, dims:]) for b in models] for a in models]
    return np.array(related)


def support_loop(codes):
    distances = []
    for start in range(0, len(codes), 128):
        part = codes[start : start + 128]
        squares = [(z[:, None] - z) ** 2 for z in part.T]
        distances.append(
            sum(
                max((row + squares[b]).min(axis=1).max() for row in squares[a])
                for a, b in itertools.combinations(range(len(squares)), 2)
            )
        )
    return np.mean(distances)


def main():
    rng = np.random.default_rng(0)
    grid = np.indices(SIZES).reshape(5, -1).T
    scaled = (grid - grid.mean(axis=0)) / grid.std(axis=0)
    noise = rng.normal(size=(len(grid), 10))
    codes = (np.hstack([scaled, np.zeros_like(scaled)]) + 0.3 * noise).astype(np.float32)
    table, wide = filled_table(codes), codes.astype(np.float64)
    some = rng.integers(len(grid), size=SAMPLES)
    z, factors = wide[some], grid[some]
    models = [wide[some[:1000]] @ rng.normal(size=(10, 10)) for _ in range(10)]
    part = z[:2560]
    reference = {"protocol": "locatello2019"}
    rows = (
        (
            "FactorVAE score",
            20,
            lambda: factor_vae_loop(wide),
            lambda: metrics.factor_vae_score(table, rng=0, **reference).accuracy,
        ),
        ("BetaVAE features", 10, lambda: beta_vae_loop(wide), lambda: beta_vae_features(table)),
        ("IRS", 20, lambda: irs_loop(z, factors), lambda: metrics.irs(z, factors, **reference)),
        (
            "UDR, Spearman, 10 models",
            20,
            lambda: udr_loop(models),
            lambda: metrics.udr(models, correlation="spearman").correlations,
        ),
        (
            "support distance",
            20,
            lambda: support_loop(part),
            lambda: ops.support_distances(part, batch=128).sum(axis=1).mean(),
        ),
    )
    print(f"{'score':26}{'NumPy ms':>10}{'here ms':>10}{'ratio':>8}{'target':>8}")
    for name, target, loop, kernel in rows:
        theirs, expected = best_of(2, loop)
        ours, found = best_of(10, kernel)
        if name.startswith("UDR"):
            others = ~np.eye(len(models), dtype=bool)
            expected, found = expected[others], np.array(found)[others]
        np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9, err_msg=name)
        print(f"{name:26}{1000 * theirs:10.1f}{1000 * ours:10.2f}{theirs / ours:8.0f}{target:8}")


if __name__ == "__main__":
    main()
