"""Methods: one file each, named after it. Every one is `Name(encoder, decoder, *, its weights)`."""

from disentlib.models import architectures as architectures
from disentlib.models.beta_vae import BetaVAE as BetaVAE
from disentlib.models.files import load as load
from disentlib.models.files import save as save
from disentlib.models.vae import VAE as VAE
from disentlib.models.vae import Code as Code
