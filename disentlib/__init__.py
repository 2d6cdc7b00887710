"""disentlib: train, measure and study disentangled representations.

Sub-packages load when first used, so that scoring arrays (`disentlib.metrics`) never waits for
TensorFlow.
"""

import importlib
from typing import Any

__version__ = "0.1.0"

_SUBPACKAGES = (
    "data",
    "losses",
    "metrics",
    "models",
    "ops",
    "studies",
    "training",
    "visualization",
)

__all__ = ["Run", "__version__", *_SUBPACKAGES]


def __getattr__(name: str) -> Any:
    if name in _SUBPACKAGES:
        return importlib.import_module(f"disentlib.{name}")
    if name == "Run":
        from disentlib.training.run import Run

        return Run
    raise AttributeError(f"module 'disentlib' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
