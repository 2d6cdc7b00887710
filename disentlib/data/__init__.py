"""Data sets with known factors of variation, and streams of training batches from them."""

import importlib
from typing import Any

from disentlib.data.catalog import from_config as from_config
from disentlib.data.catalog import load as load
from disentlib.data.dsprites import DSprites as DSprites
from disentlib.data.dsprites_rendered import DSpritesRendered as DSpritesRendered
from disentlib.data.ground_truth import GroundTruthData as GroundTruthData


def __getattr__(name: str) -> Any:
    if name == "streams":  # imports TensorFlow, which nobody needs to look at a data set
        return importlib.import_module("disentlib.data.streams")
    raise AttributeError(f"module 'disentlib.data' has no attribute {name!r}")
