"""Priors p(z), one file each: layers that give a TFP distribution, for `prior=` of any VAE."""

from disentlib.models.priors.conditional import Conditional as Conditional
from disentlib.models.priors.facets import Facets as Facets
from disentlib.models.priors.gaussian_mixture import GaussianMixture as GaussianMixture
from disentlib.models.priors.normal import Normal as Normal
from disentlib.models.priors.prior import Prior as Prior
from disentlib.models.priors.product import Mixture as Mixture
from disentlib.models.priors.product import Product as Product
from disentlib.models.priors.product import Univariate as Univariate
from disentlib.models.priors.product import bimodal as bimodal
