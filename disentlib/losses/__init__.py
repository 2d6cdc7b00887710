"""Formulas of the objectives: tensors in, tensors out. Sums over pixels and latents, in nats."""

from importlib import import_module
from typing import Any

from disentlib.losses.divergences import normal as normal
from disentlib.losses.divergences import standard_normal as standard_normal
from disentlib.losses.entropies import binary_entropy as binary_entropy
from disentlib.losses.schedules import CyclicalSchedule as CyclicalSchedule
from disentlib.losses.schedules import LinearSchedule as LinearSchedule
from disentlib.losses.schedules import Schedule as Schedule

# Where likelihoods were before they became layers with weights of their own.
_MOVED = "disentlib.models.likelihoods"
_LIKELIHOODS = ("Bernoulli", "Gaussian")


def __getattr__(name: str) -> Any:
    """Return a likelihood by its older name, `losses.Gaussian`, or their module."""
    if name == "likelihoods":
        return import_module(_MOVED)
    if name in _LIKELIHOODS:
        return getattr(import_module(_MOVED), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
