"""disentlib: train, measure and study disentangled representations.

Sub-packages load when first used, so that scoring arrays (`disentlib.metrics`) never waits for
TensorFlow.
"""

import importlib
import os
from typing import Any

# oneDNN's kernels are about twice as fast for the study's networks. TensorFlow has them on by
# default for the newest processors alone, and looks when it is imported; a user's setting wins.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")

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
