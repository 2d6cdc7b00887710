"""Any set with factor labels that TensorFlow Datasets has prepared."""

import math
import os
from collections.abc import Sequence

import numpy as np

from disentlib import limits
from disentlib.data import prepared, published
from disentlib.data.sets.array_data import ArrayData


class TFDSData(ArrayData):
    """Images and labels of a prepared set; the images are unpacked once and stay on disk.

    Args:
        path: the folder of one version, which holds dataset_info.json, or the `data_dir` above.
        tfds_name: the set's name in TensorFlow Datasets, or name/configuration, where `path` is a
            `data_dir` that holds several.
        labels: the features that are factors, classes and other integers or real numbers; by
            default those called label_...
        image: the feature that is the image: uint8, floats in [0, 1], or uint16, which is rounded
            to 8 bits.

    Raises:
        FileNotFoundError: if nothing is prepared there.
        ValueError: if several sets or configurations are prepared there, a feature is missing or
            of another kind, or images have several sizes.
    """

    name = "tfds"
    needs = "a folder"

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        tfds_name: str = "*",
        labels: Sequence[str] | None = None,
        image: str = "image",
    ):
        self.path, self.tfds_name, self.image = path, tfds_name, image
        self.labels = list(labels) if labels else None
        folder = prepared.find(path, tfds_name)
        if folder is None:
            raise FileNotFoundError(
                f"no dataset_info.json in or below {path}: `disentlib data prepare NAME "
                "--data_dir DIR` or `tfds build` makes one"
            )
        self.file = folder
        features = prepared.features(folder)
        wanted = self.labels or [name for name in features if name.startswith("label_")]
        if not wanted:
            raise ValueError(f"expected labels, {folder} has features {features}: name them")
        tables, kinds = [], set()
        for images, factors in prepared.batches(folder, wanted, image=image):
            tables.append(factors)
            kinds.add((images.shape[1:], images.dtype))
        if len(kinds) != 1:
            raise ValueError(
                f"expected images of one size in the feature {image!r} of {folder}, "
                f"got {sorted(shape for shape, _ in kinds)}"
            )
        table = np.concatenate(tables)
        shape, dtype = kinds.pop()
        size = len(table) * math.prod(shape) * dtype.itemsize
        limits.check(folder / prepared.INFO, size, f"the feature {image!r}")

        def fill(target: np.ndarray) -> None:
            row = 0
            for images, _ in prepared.batches(folder, [], image=image):
                target[row : row + len(images)] = images
                row += len(images)

        rows = published.built(folder, image.replace("/", "."), (len(table), *shape), dtype, fill)
        with published.naming(folder):
            super().__init__(
                rows,
                table,
                names=[name.removeprefix("label_") for name in wanted],
                continuous=[prepared.is_real(folder, name) for name in wanted],
            )

    def config(self) -> dict[str, object]:
        """Return the name and the arguments."""
        return {
            "name": self._config_name(),
            "path": os.fspath(self.path),
            "tfds_name": self.tfds_name,
            "labels": self.labels,
            "image": self.image,
        }
