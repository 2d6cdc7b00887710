"""Tables of results as a study leaves them, with effects that are known."""

from functools import cache

import numpy as np
import pandas as pd
import pytest

METHODS = {
    "beta_vae": ("beta", (1, 2, 4, 6, 8, 16)),
    "factor_vae": ("gamma", (10, 20, 30, 40, 50, 100)),
    "dip_vae_i": ("lambda_off_diagonal", (1, 2, 5, 10, 20, 50)),
    "dip_vae_ii": ("lambda_off_diagonal", (1, 2, 5, 10, 20, 50)),
    "beta_tc_vae": ("beta", (1, 2, 4, 6, 8, 10)),
    "annealed_vae": ("c_max", (5, 10, 25, 50, 75, 100)),
}


@cache
def drawn_table(
    datasets=("dsprites_rendered", "shapes3d_rendered"), seeds=5, strengths=6, study="synthetic"
):
    """A study's table with the shapes that the literature reports; the numbers are drawn."""
    rng = np.random.default_rng(0)
    rows, job = [], 0
    for place, dataset in enumerate(datasets):
        for method, (weight, values) in METHODS.items():
            level = rng.normal()
            tilt = rng.normal() / 2
            for rank, strength in enumerate(values[:strengths]):
                push = rank / max(1, strengths - 1)
                for seed in range(seeds):
                    quality = 0.6 * level + tilt * push + rng.normal()
                    squash = 1 / (1 + np.exp(-quality))
                    common = {
                        "study": study,
                        "job": job,
                        "dataset": dataset,
                        "model": method,
                        "hyperparameter": weight,
                        "strength": float(strength),
                        "seed": seed,
                        "wall_time_s": 100.0,
                        "uuid": f"{job:032x}",
                        "config_digest": f"{job:064x}",
                        "versions": '{"disentlib": "0.1.0"}',
                    }
                    noise = iter(rng.normal(size=40) / 30)
                    for codes in ("mean", "sampled"):
                        bad = method != "dip_vae_i"
                        tc = np.exp(0.5 + push * (0.8 if bad else -1)) if codes == "mean" else 0
                        figures = {
                            "mig": 0.05 + (0.3 + 0.2 * place) * squash**2 + next(noise) / 3,
                            "dci.disentanglement": 0.1 + 0.5 * squash + next(noise),
                            "dci.completeness": 0.1 + 0.45 * squash + next(noise),
                            "sap": 0.01 + 0.08 * squash + next(noise) / 10,
                            "factor_vae_score": 0.4 + 0.4 * squash + next(noise),
                            "modularity": 0.85 + next(noise),
                            "gaussian_total_correlation": tc + np.exp(-3 * push) + next(noise) / 10,
                            "mutual_information_score": 0.05 + 0.1 * push + next(noise) / 10,
                            "downstream_task.10000:mean_test_accuracy": 0.6 + 0.3 * squash,
                            "downstream_task.efficiency:100/10000": 0.5 + 0.1 * push + next(noise),
                        }
                        if codes == "mean":
                            figures["reconstruction"] = 50 + 30 * push + 100 * next(noise)
                            figures["kl"] = 20 - 10 * push + 10 * next(noise)
                            figures["udr"] = np.clip(squash + 3 * next(noise), 0, 1)
                        rows += [
                            common | {"representation": codes, "score": score, "value": value}
                            for score, value in figures.items()
                        ]
                    job += 1
    return pd.DataFrame(rows)


def small_table(value, *, datasets=("d",), scores=("mig",), methods=("a", "b"), seeds=4):
    """A table whose values are `value(dataset, score, method, strength, seed)`."""
    rows, job = [], 0
    for dataset in datasets:
        for method in methods:
            for strength in (1.0, 2.0, 4.0):
                for seed in range(seeds):
                    for score in scores:
                        row = {
                            "study": "s",
                            "job": job,
                            "dataset": dataset,
                            "model": method,
                            "hyperparameter": "beta",
                            "strength": strength,
                            "seed": seed,
                            "representation": "mean",
                            "score": score,
                            "value": value(dataset, score, method, strength, seed),
                        }
                        rows.append(row)
                    job += 1
    return pd.DataFrame(rows)


@pytest.fixture(scope="session")
def realistic():
    return lambda **options: drawn_table(**options).copy()


@pytest.fixture(scope="session")
def small():
    return small_table
