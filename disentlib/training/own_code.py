"""The user's modules that a run needs: listed when it starts, imported when it is opened again.

A run stores classes as names, never as code. A run that could not be opened again is refused before
it trains.
"""

import importlib
import importlib.util
import json
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import keras

from disentlib import models
from disentlib.data import GroundTruthData, from_config

OURS = ("keras", "disentlib")


def modules(configuration: dict[str, Any]) -> list[str]:
    """Return the modules, beside Keras's and ours, whose classes a configuration names, sorted."""
    names = {name.partition(":")[0] for name in _sets(configuration["data"])}
    for name in _registered(configuration):
        kind = keras.saving.get_registered_object(name)
        if kind is not None:
            names.add(kind.__module__)
    return sorted(name for name in names if name.partition(".")[0] not in OURS)


def check(data_set: GroundTruthData, network: models.Method, configuration: dict[str, Any]) -> None:
    """Refuse a run whose data set or model could not be built again by another process.

    Raises:
        ValueError: if a class lies in the script that runs, or building it again fails or gives
            another data set.
    """
    if "__main__" in modules(configuration):
        raise ValueError(
            "a data set, model or layer of the run is defined in the script or notebook that runs, "
            "where no other process finds it: put its class into a module of its own, such as "
            "own.py, and import it from there"
        )
    if any(_sets(configuration["data"])):
        rebuilt = from_config(configuration["data"])
        expected, got = (
            (one.config(), list(one.factor_names), list(one.shape)) for one in (data_set, rebuilt)
        )
        if json.dumps(expected) != json.dumps(got):
            raise ValueError(
                f"expected {type(data_set).__name__} to be the same set when it is built again "
                f"from its arguments, got {expected} and {got}"
            )
    if any(not name.startswith("disentlib>") for name in _registered(configuration)) or (
        '"class_name": "Lambda"' in json.dumps(configuration["model"])
    ):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "model.keras"
            models.save(network, path)
            try:
                models.load(path)
            except ValueError as error:
                raise ValueError(
                    f"the model could be trained, but not loaded again: {error}"
                ) from error


def import_modules(names: Iterable[str], run_dir: Path) -> None:
    """Import the modules of a run, so that Keras and `from_config` know their classes.

    Raises:
        ValueError: if one is not on the Python path, or lies among the run's files: opening a run
            must not execute code that came with it.
    """
    for name in names:
        package = name.partition(".")[0]
        place = importlib.util.find_spec(package) if package != "__main__" else None
        if place is None:
            raise ValueError(
                f"{run_dir} needs the module {name}, which is not on the Python path: start in the "
                "folder that holds it, or name that folder in PYTHONPATH"
            )
        folder = run_dir.resolve()
        for location in place.submodule_search_locations or [place.origin or ""]:
            path = Path(location).resolve()
            if path.is_relative_to(folder) or folder.is_relative_to(path):
                raise ValueError(
                    f"{run_dir} needs the module {name}, which lies with the run's own files in "
                    f"{path}: if you trust it, move it elsewhere"
                )
        importlib.import_module(name)


def _sets(config: Any) -> Iterator[str]:
    """Yield the names `module:Class` in the configuration of a data set."""
    if isinstance(config, dict):
        if ":" in str(config.get("name", "")):
            yield config["name"]
        for value in config.values():
            yield from _sets(value)


def _registered(config: Any) -> Iterator[str]:
    """Yield the names under which Keras knows the classes of a configuration."""
    if isinstance(config, dict):
        if isinstance(config.get("registered_name"), str):
            yield config["registered_name"]
        for value in config.values():
            yield from _registered(value)
    elif isinstance(config, list):
        for value in config:
            yield from _registered(value)
