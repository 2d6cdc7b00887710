"""Data sets that TensorFlow Datasets has prepared on disk."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from disentlib.data import files

__all__ = ["batches", "find"]


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


def batches(
    folder: Path, labels: Sequence[str], *, image: str = "image", size: int = 1024
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield every example of all splits as (images, labels (n, len(labels)))."""
    import tensorflow_datasets as tfds  # imports TensorFlow

    builder = tfds.builder_from_directory(folder)
    missing = sorted({image, *labels} - set(builder.info.features))
    if missing:
        raise ValueError(
            f"expected features {missing} in {folder}, found {sorted(builder.info.features)}"
        )
    decoders = tfds.decode.PartialDecoding(dict.fromkeys((image, *labels), True))
    for split in builder.info.splits:
        stream = builder.as_dataset(
            split=split, batch_size=size, shuffle_files=False, decoders=decoders
        )
        for batch in stream.as_numpy_iterator():
            yield batch[image], np.stack([batch[label] for label in labels], axis=1)
