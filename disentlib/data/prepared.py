"""Data sets that TensorFlow Datasets has prepared on disk."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from disentlib.data import published
from disentlib.files import read_json

__all__ = ["batches", "features", "find", "is_real", "split_sizes"]

INFO = "dataset_info.json"


def find(path: str | os.PathLike[str] | None, name: str) -> Path | None:
    """Return the newest prepared version of set `name` at `path`, or None.

    Args:
        path: the folder of one version, or the `data_dir` that holds `name`/version.
        name: the set's name in TensorFlow Datasets, name/configuration where it has several, or
            "*" for the only one there is.

    Raises:
        ValueError: if several sets or configurations fit.
    """
    place = published.root() if path is None else Path(path).expanduser()
    if (place / INFO).is_file():
        return place
    if not place.is_dir():
        return None
    versions: dict[Path, list[Path]] = {}
    for info in place.glob(f"{name}/**/{INFO}"):
        versions.setdefault(info.parent.parent, []).append(info.parent)
    if len(versions) > 1:
        several = ", ".join(sorted(str(version.relative_to(place)) for version in versions))
        raise ValueError(f"expected one prepared set in {place}, found {several}: name one of them")
    return max(*versions.values(), key=_version) if versions else None


def _version(folder: Path) -> tuple[int, ...]:
    return tuple(int(part) if part.isdigit() else -1 for part in folder.name.split("."))


def builder(folder: Path) -> Any:
    """Return TensorFlow Datasets's builder of a prepared set.

    Raises:
        ValueError: if it cannot make sense of the folder.
    """
    import tensorflow_datasets as tfds  # imports TensorFlow

    with published.damaged(folder, "a set that TensorFlow Datasets prepared"):
        return tfds.builder_from_directory(folder)


def split_sizes(folder: Path) -> dict[str, int]:
    """Return how many examples each split of a prepared set has, in the order of `batches`."""
    return {name: split.num_examples for name, split in builder(folder).info.splits.items()}


def features(folder: Path) -> list[str]:
    """Return the names of a prepared set's features; where it says their order, in that order."""
    names = list(builder(folder).info.features)
    said = folder / "metadata.json"
    order = read_json(said).get("factor_names", []) if said.is_file() else []
    first = [f"label_{name}" for name in order if f"label_{name}" in names]
    return first + [name for name in names if name not in first]


def batches(
    folder: Path, labels: Sequence[str], *, image: str = "image", size: int = 1024
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield every example of all splits as (images, labels (n, len(labels))).

    A label within a dictionary is written outer/inner. The order is that of the shards.

    Args:
        folder: of one version.
        labels: features of one number each: classes, integers, or real ones.
        image: a feature of images: uint8, floats, or uint16, which is rounded to 8 bits.
        size: examples at a time.

    Yields:
        The images, uint8 or floats, and the labels, int64 or, where one is real-valued, float64.

    Raises:
        ValueError: if a feature is missing or of another kind, an image has another size than the
            others, or a label is missing or NaN.
    """
    import tensorflow as tf
    import tensorflow_datasets as tfds

    made = builder(folder)
    wanted: dict[str, Any] = {}
    for name in (image, *labels):
        outer, _, inner = name.partition("/")
        feature = _feature(made.info.features, name, folder)
        _check_feature(name, feature, folder, is_image=name == image)
        if inner:
            wanted.setdefault(outer, {})[inner] = True
        else:
            wanted[outer] = True
    classes = {
        label
        for label in labels
        if isinstance(_feature(made.info.features, label, folder), tfds.features.ClassLabel)
    }
    for split in made.info.splits:
        # Batched here: TensorFlow Datasets pads images of several sizes with black.
        stream = made.as_dataset(
            split=split, shuffle_files=False, decoders=tfds.decode.PartialDecoding(wanted)
        ).batch(size)
        with published.damaged(folder, "a set that TensorFlow Datasets prepared"):
            rows = stream.as_numpy_iterator()
            while True:
                try:
                    batch = next(rows, None)
                except tf.errors.InvalidArgumentError as error:
                    if "different shapes" not in str(error):
                        raise
                    raise ValueError(
                        f"expected images of one size in the feature {image!r} of {folder}, "
                        "got several: resize them before preparing"
                    ) from None
                if batch is None:
                    break
                columns = [
                    _labels(batch, label, folder, is_class=label in classes) for label in labels
                ]
                images = _value(batch, image)
                table = np.stack(columns, axis=1) if columns else np.empty((len(images), 0), int)
                yield _images(images), table


def is_real(folder: Path, label: str) -> bool:
    """Return whether a label is real-valued."""
    kind = _feature(builder(folder).info.features, label, folder).np_dtype
    return bool(np.issubdtype(kind, np.floating))


def _feature(features: Any, name: str, folder: Path) -> Any:
    outer, _, inner = name.partition("/")
    if outer not in features or (inner and inner not in features[outer]):
        raise ValueError(f"expected a feature {name!r} in {folder}, found {sorted(features)}")
    return features[outer][inner] if inner else features[outer]


def _check_feature(name: str, feature: Any, folder: Path, *, is_image: bool) -> None:
    """Raise unless a feature is an image, or a number, that is converted without guessing."""
    shape, kind = getattr(feature, "shape", None), getattr(feature, "np_dtype", None)
    dtype = np.dtype(kind) if isinstance(kind, (type, np.dtype)) else np.dtype(object)
    if is_image:
        wanted = "an image of uint8, uint16 or floats"
        fits = isinstance(shape, tuple) and len(shape) in (2, 3)
        fits &= dtype in (np.uint8, np.uint16, np.bool_) or dtype.kind == "f"
    else:
        wanted = "one number an example"
        fits = shape == () and dtype.kind in "buif"
    if not fits:
        raise ValueError(f"expected {wanted} in the feature {name!r} of {folder}, got {feature!r}")


def _images(images: np.ndarray) -> np.ndarray:
    if images.dtype == np.uint16:
        return ((images.astype(np.uint32) * 255 + 32767) // 65535).astype(np.uint8)
    return images


def _labels(batch: dict[str, Any], name: str, folder: Path, *, is_class: bool) -> np.ndarray:
    values = _value(batch, name)
    if not np.isfinite(values).all() or (is_class and values.min() < 0):  # -1 means unknown
        raise ValueError(f"expected a value of {name!r} in each example of {folder}, got none")
    return values.astype(np.float64 if np.issubdtype(values.dtype, np.floating) else np.int64)


def _value(batch: dict[str, Any], name: str) -> np.ndarray:
    outer, _, inner = name.partition("/")
    value: np.ndarray = batch[outer][inner] if inner else batch[outer]
    return value
