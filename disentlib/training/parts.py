"""A model's parts, its networks mostly, made for a data set and handed to the method by name."""

import functools
import inspect
from collections.abc import Callable, Mapping
from typing import Any

from disentlib.data import GroundTruthData
from disentlib.models import Method

Maker = Callable[..., Any]

POSITIONAL = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)


def model(
    method: Callable[..., Method],
    parts: Mapping[str, Maker],
    data_set: GroundTruthData,
    *,
    latents: int,
    seed: int,
) -> Method:
    """Return method(**parts, seed=seed), each part made for the data set, in the order given.

    Raises:
        ValueError: if the method takes no part of a name, or needs another one.
    """
    parameters = inspect.signature(method).parameters.values()
    names = [one.name for one in parameters if one.kind is not one.VAR_KEYWORD]
    required = [one.name for one in parameters if one.default is one.empty and one.name in names]
    takes = f"{getattr(method, '__name__', method)} takes {', '.join(names)}"
    if len(names) == len(parameters) and (unknown := [name for name in parts if name not in names]):
        raise ValueError(f"no part {unknown[0]!r}: {takes}")
    if missing := [name for name in required if name not in (*parts, "seed")]:
        raise ValueError(
            f"expected a part {missing[0]!r}, got {', '.join(parts) or 'none'}: {takes}"
        )
    built = {name: part(maker, data_set, latents=latents) for name, maker in parts.items()}
    return method(**built, seed=seed)


def part(maker: Maker, data_set: GroundTruthData, *, latents: int) -> Any:
    """Return maker(shape, latents=..., condition=...), with those of the arguments that it takes.

    The shape goes to the first positional argument that has no default; the condition is the length
    of the set's auxiliary variable, where it has one. Arguments that a `functools.partial` binds
    are kept.
    """
    parameters = inspect.signature(maker).parameters
    bound = maker.keywords if isinstance(maker, functools.partial) else {}
    offered = {"latents": latents}
    if data_set.condition_shape is not None:
        offered["condition"] = data_set.condition_shape[0]
    takes_any = any(one.kind is one.VAR_KEYWORD for one in parameters.values())
    options = {
        name: value
        for name, value in offered.items()
        if name not in bound and (name in parameters or (takes_any and name == "latents"))
    }
    positional = [one for one in parameters.values() if one.kind in POSITIONAL]
    takes_shape = any(one.default is one.empty and one.name not in options for one in positional)
    return maker(*([data_set.shape] if takes_shape else []), **options)
