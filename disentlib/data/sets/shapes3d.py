"""Shapes3D as published (Burgess and Kim, "3D Shapes Dataset", 2018)."""

from typing import ClassVar

import numpy as np

from disentlib.data import published
from disentlib.data.sets.shapes3d_rendered import FACTOR_NAMES, FACTOR_SIZES
from disentlib.data.stored import Stored

PRIVATE = "look-at-object-room_floor-hueXwall-hueXobj-hueXobj-sizeXobj-shapeXview-azi.npz"


class Shapes3D(Stored):
    """A coloured object in a coloured room: the published images.

    The published HDF5 is compressed in chunks, so its images are unpacked once into a file of
    5.9 GB, beside it or in the folder DISENTLIB_CACHE, and mapped from there. See `Stored`.
    """

    name = "shapes3d"
    factor_names = FACTOR_NAMES
    factor_sizes = FACTOR_SIZES
    image_shape = (64, 64, 3)
    file_names = ("3dshapes.h5", "3dshapes/3dshapes.h5", PRIVATE, f"3dshapes/{PRIVATE}")
    tfds_name = "shapes3d"
    checksums: ClassVar = {"3dshapes.h5": "099a2078d58cec4daad0702c55d06868"}
    advice = (
        "download 3dshapes.h5 (268 MB) from https://github.com/google-deepmind/3d-shapes and pass "
        "its path, or put it into the folder that DISENTLIB_DATA names (~/data); "
        "data.Shapes3DRendered() draws similar rooms on the same factor grid without a file"
    )

    def _open(self) -> np.ndarray:
        if self.file.is_dir():
            return self._from_prepared([f"label_{name}" for name in self.factor_names])
        if self.file.suffix == ".npz":
            rows = published.npz_rows(self.file, "images", shape=(*self.sizes, *self.image_shape))
        else:
            self._check_order()
            shape = (self.grid_size, *self.image_shape)
            rows = published.hdf5_rows(self.file, "images", shape=shape)
        self._check("images of type", rows.dtype, np.dtype(np.uint8))
        return rows.reshape(self.grid_size, *self.image_shape)

    def _check_order(self) -> None:
        """Raise unless the labels, real values, step through the grid in order."""
        with published.hdf5_open(self.file) as file:
            shape = (self.grid_size, len(self.sizes))
            labels = published.hdf5_dataset(file, "labels", self.file, shape=shape)[:]
        for column, values in enumerate(labels.T):
            _, factors = np.unique(values, return_inverse=True)
            expected = self.grid_factors(range(self.grid_size))[:, column]
            wrong = np.flatnonzero(factors != expected)
            if len(wrong):
                raise ValueError(
                    f"expected {self.factor_names[column]} of image {wrong[0]} of {self.file} to "
                    f"have value number {expected[wrong[0]]}, got number {factors[wrong[0]]}"
                )
