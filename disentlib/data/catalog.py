"""Data sets by the names that users type, and from the configuration that a run keeps."""

import difflib
import importlib
from collections.abc import Mapping
from typing import Any

from disentlib.data.correlated import Correlated
from disentlib.data.ground_truth import GroundTruthData
from disentlib.data.held_out import HeldOut
from disentlib.data.sets.abstract_dsprites import AbstractDSprites, AbstractDSpritesRendered
from disentlib.data.sets.array_data import ArrayData
from disentlib.data.sets.cars3d import Cars3D
from disentlib.data.sets.celeba import CelebA
from disentlib.data.sets.clustered_sources import ClusteredSources
from disentlib.data.sets.color_dsprites import ColorDSprites, ColorDSpritesRendered
from disentlib.data.sets.digits import Digits
from disentlib.data.sets.dsprites import DSprites
from disentlib.data.sets.dsprites_noshape import DSpritesNoShape, DSpritesNoShapeRendered
from disentlib.data.sets.dsprites_rendered import DSpritesRendered
from disentlib.data.sets.imported_data import ImportedData
from disentlib.data.sets.mini_sprites import MiniSprites
from disentlib.data.sets.mnist import MNIST
from disentlib.data.sets.mpi3d import MPI3DComplex, MPI3DReal, MPI3DRealistic, MPI3DToy
from disentlib.data.sets.noisy_dsprites import NoisyDSprites, NoisyDSpritesRendered
from disentlib.data.sets.nonstationary_sources import NonstationarySources
from disentlib.data.sets.scream_dsprites import (
    ScreamDSprites,
    ScreamDSpritesRendered,
    TexturedDSpritesRendered,
)
from disentlib.data.sets.shapes3d import Shapes3D
from disentlib.data.sets.shapes3d_rendered import Shapes3DRendered
from disentlib.data.sets.smallnorb import SmallNORB
from disentlib.data.sets.tfds_data import TFDSData
from disentlib.data.split import Split

__all__ = ["SETS", "from_config", "load"]

SETS: dict[str, type[GroundTruthData]] = {
    kind.name: kind
    for kind in (
        AbstractDSprites,
        AbstractDSpritesRendered,
        Cars3D,
        CelebA,
        ColorDSprites,
        ColorDSpritesRendered,
        Digits,
        DSprites,
        DSpritesNoShape,
        DSpritesNoShapeRendered,
        DSpritesRendered,
        MiniSprites,
        MNIST,
        MPI3DComplex,
        MPI3DReal,
        MPI3DRealistic,
        MPI3DToy,
        NoisyDSprites,
        NoisyDSpritesRendered,
        ScreamDSprites,
        ScreamDSpritesRendered,
        Shapes3D,
        Shapes3DRendered,
        SmallNORB,
        TexturedDSpritesRendered,
    )
}

# Sets that nothing but their arguments describes: another set, an imported file, a generator.
WITH_ARGUMENTS: dict[str, type[GroundTruthData]] = {
    kind.name: kind
    for kind in (
        ClusteredSources,
        Correlated,
        HeldOut,
        ImportedData,
        NonstationarySources,
        Split,
        TFDSData,
    )
}


def load(name: str, **options: Any) -> GroundTruthData:
    """Return the data set called `name`, built with `options`.

    Raises:
        ValueError: if there is no such set; the message lists them.

    >>> load("dsprites_rendered").image_shape
    (64, 64, 1)
    """
    if name not in SETS:
        close = difflib.get_close_matches(name, SETS, n=1)
        hint = f", did you mean {close[0]!r}?" if close else ";"
        raise ValueError(f"no data set {name!r}{hint} expected one of {', '.join(sorted(SETS))}")
    return SETS[name](**options)


IN_MEMORY = (
    "arrays in memory, which no command can load: go on, score and report from Python, with "
    "training.train(data=...) and Run(path, data=...) of the same arrays"
)


def in_memory(config: Any) -> bool:
    """Return whether the configuration of a data set speaks of arrays in memory."""
    return isinstance(config, Mapping) and (
        config.get("name") == ArrayData.name or any(map(in_memory, config.values()))
    )


def from_config(config: Mapping[str, Any]) -> GroundTruthData:
    """Return the data set that `data.config()` described, data sets inside it included.

    A class of the user's own, `module:Class`, is imported from the Python path.

    Raises:
        ValueError: if the configuration names no data set, or arrays in memory.
    """
    if in_memory(config):
        raise ValueError(f"expected a data set that can be loaded, got {IN_MEMORY}")
    if "name" not in config:
        raise ValueError(f"expected a configuration with a name, got keys {sorted(config)}")
    options = {
        key: from_config(value) if isinstance(value, Mapping) and "name" in value else value
        for key, value in config.items()
        if key != "name"
    }
    if ":" in config["name"]:
        return _own(config["name"])(**options)
    if config["name"] in WITH_ARGUMENTS:
        return WITH_ARGUMENTS[config["name"]](**options)
    return load(config["name"], **options)


def _own(name: str) -> type[GroundTruthData]:
    """Return the class that `module:Class` names."""
    module, _, qualified = name.partition(":")
    try:
        kind: Any = importlib.import_module(module)
    except ModuleNotFoundError as error:
        raise ValueError(
            f"the data set {name} needs the module {module} ({error}): start in the folder that "
            "holds it, or name that folder in PYTHONPATH"
        ) from error
    for part in qualified.split("."):
        kind = getattr(kind, part, None)
    if not (isinstance(kind, type) and issubclass(kind, GroundTruthData)):
        raise ValueError(f"expected a data set {qualified} in the module {module}, found {kind!r}")
    return kind
