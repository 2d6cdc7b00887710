"""DIP-VAE-I lowers the total correlation of the mean codes, beta-VAE does not.

    python tools/science/mean_correlation.py

Gaussian total correlation of means and of samples (Locatello et al., 2019, section 5.2: beta-VAE
and its kin factorise what is sampled, not what is read).
"""

from common import codes, head, row, trained

from disentlib import metrics, models

SEEDS = 3
METHODS = {
    "VAE": (models.VAE, {}),
    "BetaVAE, β = 2": (models.BetaVAE, {"beta": 2.0}),
    "BetaVAE, β = 4": (models.BetaVAE, {"beta": 4.0}),
    "DIPVAE i, λ = 5": (models.DIPVAE, {"variant": "i", "lambda_off_diagonal": 5.0}),
    "DIPVAE i, λ = 20": (models.DIPVAE, {"variant": "i", "lambda_off_diagonal": 20.0}),
}

if __name__ == "__main__":
    head("method, codes", "total correlation (nats)")
    for name, (method, options) in METHODS.items():
        found = [codes(trained(method, seed=seed, **options)[0])[1:] for seed in range(SEEDS)]
        tc = metrics.gaussian_total_correlation
        row(f"{name}, means", [tc(mean) for mean, _ in found])
        row(f"{name}, samples", [tc(sampled) for _, sampled in found])
