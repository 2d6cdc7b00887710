"""Likelihoods p(x|z), one file each: layers from a decoder's output to a TFP distribution."""

from disentlib.models.likelihoods.bernoulli import Bernoulli as Bernoulli
from disentlib.models.likelihoods.categorical import Categorical as Categorical
from disentlib.models.likelihoods.discretized_logistic import (
    DiscretizedLogistic as DiscretizedLogistic,
)
from disentlib.models.likelihoods.gaussian import Gaussian as Gaussian
from disentlib.models.likelihoods.learned_gaussian import LearnedGaussian as LearnedGaussian
from disentlib.models.likelihoods.learned_gaussian import PixelGaussian as PixelGaussian
from disentlib.models.likelihoods.likelihood import Likelihood as Likelihood
from disentlib.models.likelihoods.negative_binomial import NegativeBinomial as NegativeBinomial
from disentlib.models.likelihoods.poisson import Poisson as Poisson
from disentlib.models.likelihoods.zero_inflated_negative_binomial import (
    ZeroInflatedNegativeBinomial as ZeroInflatedNegativeBinomial,
)
