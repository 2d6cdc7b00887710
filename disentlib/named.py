"""Batches that are one array, or a dictionary of arrays by name such as {"x": ..., "u": ...}.

"x" is the observation; the other arrays have the same rows.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

__all__ = ["each", "join", "length", "observation", "rows"]


def each(function: Callable[[Any], Any], batch: Any) -> Any:
    """Return a batch with `function` applied to its array, or to each of them."""
    if isinstance(batch, Mapping):
        return {name: function(array) for name, array in batch.items()}
    return function(batch)


def rows(batch: Any, index: Any) -> Any:
    """Return some rows of a batch.

    >>> rows({"x": np.arange(3), "u": np.arange(3) * 10}, [2, 0])["u"].tolist()
    [20, 0]
    """
    return each(lambda array: array[index], batch)


def length(batch: Any) -> int:
    """Return how many rows a batch has."""
    return len(observation(batch))


def observation(batch: Any) -> Any:
    """Return the observation: the array itself, or the one named "x"."""
    return batch["x"] if isinstance(batch, Mapping) else batch


def join(batches: Sequence[Any]) -> Any:
    """Return batches concatenated to one."""
    if isinstance(batches[0], Mapping):
        return {name: np.concatenate([batch[name] for batch in batches]) for name in batches[0]}
    return np.concatenate(batches)
