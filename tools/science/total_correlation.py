"""FactorVAE and BetaTCVAE lower the total correlation of sampled codes as their weight grows.

    python tools/science/total_correlation.py

Gaussian total correlation of samples. A weight of 0 (FactorVAE) or 1 (BetaTCVAE) is the VAE.
"""

from common import codes, discriminator, head, row, trained

from disentlib import metrics, models

SEEDS = 3
WEIGHTS = {
    "FactorVAE, γ": (models.FactorVAE, "gamma", (0.0, 4.0, 16.0), {"discriminator": discriminator}),
    "BetaTCVAE, β": (models.BetaTCVAE, "beta", (1.0, 4.0, 16.0), {}),
}

if __name__ == "__main__":
    head("weight", "total correlation of samples (nats)")
    for name, (method, weight, values, options) in WEIGHTS.items():
        for value in values:
            found = [
                codes(trained(method, seed=seed, **{weight: value}, **options)[0])[2]
                for seed in range(SEEDS)
            ]
            tc = [metrics.gaussian_total_correlation(sampled) for sampled in found]
            row(f"{name} = {value:g}", tc)
