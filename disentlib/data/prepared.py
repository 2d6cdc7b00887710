"""Data sets that TensorFlow Datasets has prepared on disk."""

import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from disentlib.data import files

__all__ = ["batches", "features", "find"]


def find(path: str | os.PathLike[str] | None, name: str) -> Path | None:
    """Return the newest prepared version of set `name` at `path`, or None.

    Args:
        path: the folder of one version, or the `data_dir` that holds `name`/version.
        name: the set's name in TensorFlow Datasets.
    """
    place = files.root() if path is None else Path(path).expanduser()
    if (place / "dataset_info.json").is_file():
        return place
    found = sorted(place.glob(f"{name}/**/dataset_info.json"))
    return found[-1].parent if found else None


def features(folder: Path) -> list[str]:
    """Return the names of a prepared set's features; where it says their order, in that order."""
    import tensorflow_datasets as tfds  # imports TensorFlow

    names = list(tfds.builder_from_directory(folder).info.features)
    said = folder / "metadata.json"
    order = json.loads(said.read_text()).get("factor_names", []) if said.is_file() else []
    first = [f"label_{name}" for name in order if f"label_{name}" in names]
    return first + [name for name in names if name not in first]


def batches(
    folder: Path, labels: Sequence[str], *, image: str = "image", size: int = 1024
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield every example of all splits as (images, labels (n, len(labels)) int64).

    A label within a dictionary is written outer/inner. The order is that of the shards.
    """
    import tensorflow_datasets as tfds  # imports TensorFlow

    builder = tfds.builder_from_directory(folder)
    wanted: dict[str, Any] = {}
    for name in (image, *labels):
        outer, _, inner = name.partition("/")
        features = builder.info.features
        if outer not in features or (inner and inner not in features[outer]):
            raise ValueError(f"expected a feature {name!r} in {folder}, found {sorted(features)}")
        if inner:
            wanted.setdefault(outer, {})[inner] = True
        else:
            wanted[outer] = True
    for split in builder.info.splits:
        stream = builder.as_dataset(
            split=split,
            batch_size=size,
            shuffle_files=False,
            decoders=tfds.decode.PartialDecoding(wanted),
        )
        for batch in stream.as_numpy_iterator():
            columns = [_column(batch, label) for label in labels]
            table = np.stack(columns, axis=1) if columns else np.empty((len(batch[image]), 0))
            yield batch[image], table.astype(np.int64)


def _column(batch: dict[str, Any], name: str) -> np.ndarray:
    outer, _, inner = name.partition("/")
    return batch[outer][inner] if inner else batch[outer]
