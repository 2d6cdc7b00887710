"""Ada-ML-VAE (Locatello et al., 2020): ML-VAE without labels."""

import tensorflow as tf

from disentlib.models.configuration import serializable
from disentlib.models.ml_vae import MLVAE
from disentlib.models.pairs import adaptive_changes


@serializable
class AdaMLVAE(MLVAE):
    """ML-VAE whose changed latents are those that diverge most between both images.

    Args and objective: see `PairVAE`; the criterion: see `pairs.adaptive_changes`.

    Reference: Locatello et al., "Weakly-supervised disentanglement without compromises", ICML 2020.
    """

    def changed(self, mean, logvar, y) -> tf.Tensor:
        """Return the latents that diverge most; labels are not read."""
        return adaptive_changes(mean, logvar)
