"""MPI3D (Gondal et al., NeurIPS 2019): a robot arm holds an object, drawn or photographed."""

import math
import os
from typing import ClassVar

import numpy as np

from disentlib.data import published
from disentlib.data.stored import Stored

SHORT = (4, 4, 2, 3, 3, 40, 40)
LONG = (6, 6, 2, 3, 3, 40, 40)


class _MPI3D(Stored):
    """One file of the four; its length says how many colours and shapes it has. See `Stored`."""

    factor_names = (
        "object_color",
        "object_shape",
        "object_size",
        "camera_height",
        "background_color",
        "horizontal_axis",
        "vertical_axis",
    )
    image_shape = (64, 64, 3)
    advice = (
        "download it from https://github.com/rr-learning/disentanglement_dataset and pass its "
        "path, or put it into the folder that DISENTLIB_DATA names (~/data)"
    )

    def __init__(self, path: str | os.PathLike[str] | None = None):
        super().__init__(path)
        shape = published.npz_shape(self.file, "images")
        count, picture = math.prod(shape[:-3]), shape[-3:]
        sizes = {math.prod(sizes): sizes for sizes in (SHORT, LONG)}
        if count not in sizes or picture != self.image_shape:
            raise ValueError(
                f"expected {' or '.join(f'{n:,}' for n in sizes)} images of {self.image_shape} in "
                f"{self.file}, got {count:,} of {picture}"
            )
        self.factor_sizes = sizes[count]
        self._shape = shape

    def _open(self) -> np.ndarray:
        rows = published.npz_rows(self.file, "images", shape=self._shape)
        self._check("images of type", rows.dtype, np.dtype(np.uint8))
        return rows.reshape(self.grid_size, *self.image_shape)


class MPI3DToy(_MPI3D):
    """MPI3D drawn simply: 460,800 or, in later releases, 1,036,800 images; see `Stored`."""

    name = "mpi3d_toy"
    factor_sizes: tuple[int | None, ...] = SHORT
    file_names = ("mpi3d_toy.npz", "mpi3d_toy/mpi3d_toy.npz")
    checksums: ClassVar = {"mpi3d_toy.npz": "55889cb7c7dfc655d6e0277beee88868"}


class MPI3DRealistic(_MPI3D):
    """MPI3D drawn realistically: 460,800 or, in later releases, 1,036,800 images; see `Stored`."""

    name = "mpi3d_realistic"
    factor_sizes: tuple[int | None, ...] = SHORT
    file_names = ("mpi3d_realistic.npz", "mpi3d_realistic/mpi3d_realistic.npz")
    checksums: ClassVar = {"mpi3d_realistic.npz": "59a6225b88b635365f70c91b3e52f70f"}


class MPI3DReal(_MPI3D):
    """MPI3D photographed: 1,036,800 images of 6 colours and 6 shapes; see `Stored`."""

    name = "mpi3d_real"
    factor_sizes: tuple[int | None, ...] = LONG
    file_names = ("mpi3d_real.npz", "mpi3d_real/mpi3d_real.npz")
    checksums: ClassVar = {"mpi3d_real.npz": "0f33f609918fb5c97996692f91129802"}


class MPI3DComplex(_MPI3D):
    """MPI3D photographed with everyday objects: 460,800 images; see `Stored`."""

    name = "mpi3d_complex"
    factor_sizes: tuple[int | None, ...] = SHORT
    file_names = (
        "mpi3d_real_complex.npz",
        "real3d_complicated_shapes_ordered.npz",
        "mpi3d_complex/mpi3d_real_complex.npz",
        "mpi3d_complex/real3d_complicated_shapes_ordered.npz",
    )
