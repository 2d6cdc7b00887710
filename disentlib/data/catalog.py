"""Data sets by the names that users type, and from the configuration that a run keeps."""

import difflib
from collections.abc import Mapping
from typing import Any

from disentlib.data.dsprites import DSprites
from disentlib.data.dsprites_rendered import DSpritesRendered
from disentlib.data.ground_truth import GroundTruthData

__all__ = ["SETS", "from_config", "load"]

SETS: dict[str, type[GroundTruthData]] = {kind.name: kind for kind in (DSprites, DSpritesRendered)}


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


def from_config(config: Mapping[str, Any]) -> GroundTruthData:
    """Return the data set that `data.config()` described, data sets inside it included.

    Raises:
        ValueError: if the configuration names no data set.
    """
    if "name" not in config:
        raise ValueError(f"expected a configuration with a name, got keys {sorted(config)}")
    options = {
        key: from_config(value) if isinstance(value, Mapping) and "name" in value else value
        for key, value in config.items()
        if key != "name"
    }
    return load(config["name"], **options)
