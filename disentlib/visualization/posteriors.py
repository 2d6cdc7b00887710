"""What a list of posteriors says about each latent: its KL to the prior and whether it is used."""

from typing import TYPE_CHECKING

import numpy as np

from disentlib.arrays import as_array

if TYPE_CHECKING:
    from disentlib.models.priors import Prior

CHUNK = 250  # rows whose divergences are computed at once
ACTIVE_VARIANCE = 0.01  # Burda, Grosse, Salakhutdinov (2016), "Importance weighted autoencoders"


def kl_per_latent(
    mean: np.ndarray,
    logvar: np.ndarray,
    *,
    prior: "Prior | None" = None,
    condition: np.ndarray | None = None,
) -> np.ndarray:
    """Average ``KL(q(z_l|x) || p(z_l))`` per latent, in nats.

    Args:
        mean: posterior means (n, latents).
        logvar: their log-variances, same shape.
        prior: of the model; by default N(0, I), where the divergence is
            ``(mu^2 + e^logvar - 1 - logvar) / 2``.
        condition: what a conditional prior is conditioned on (n, ...).

    Returns:
        (latents,), at least 0.

    >>> kl_per_latent(np.array([[0.0, 1.0]]), np.array([[0.0, 0.0]])).tolist()
    [0.0, 0.5]
    """
    mean = as_array(mean, "mean").astype(float)
    logvar = as_array(logvar, "logvar").astype(float)
    if prior is not None:
        rows = [slice(start, start + CHUNK) for start in range(0, len(mean), CHUNK)]
        parts = [
            prior.latent_divergence(
                mean[part], logvar[part], None if condition is None else condition[part]
            )
            for part in rows
        ]
        return np.concatenate([np.asarray(part, float) for part in parts]).mean(axis=0)
    return (0.5 * (mean**2 + np.expm1(logvar) - logvar)).mean(axis=0)


def active_units(mean: np.ndarray) -> np.ndarray:
    """Say which latents carry information about the image: ``Var_x(E[z_l|x]) > 0.01``.

    Args:
        mean: posterior means (n, latents).

    Returns:
        Booleans (latents,).

    Reference:
        Burda, Grosse, Salakhutdinov (2016), "Importance weighted autoencoders", section 5.2.
    """
    return as_array(mean, "mean").astype(float).var(axis=0) > ACTIVE_VARIANCE
