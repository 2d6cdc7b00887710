"""Formulas of the objectives: tensors in, tensors out. Sums over pixels and latents, in nats."""

from disentlib.losses.divergences import normal as normal
from disentlib.losses.divergences import standard_normal as standard_normal
from disentlib.losses.likelihoods import Bernoulli as Bernoulli
from disentlib.losses.likelihoods import Gaussian as Gaussian
from disentlib.losses.likelihoods import binary_entropy as binary_entropy
from disentlib.losses.schedules import CyclicalSchedule as CyclicalSchedule
from disentlib.losses.schedules import LinearSchedule as LinearSchedule
from disentlib.losses.schedules import Schedule as Schedule
