"""Cars3D (Reed et al., NIPS 2015): 183 car models from 4 elevations and 24 azimuths."""

import os
from pathlib import Path

import numpy as np
from scipy.io import loadmat
from scipy.io.matlab import MatReadError

from disentlib.data import files
from disentlib.data.resizing import resized
from disentlib.data.stored import Stored


class Cars3D(Stored):
    """Drawn cars on white, 64 x 64: the published images of 128 x 128 made smaller.

    The object's number is its file's place among the sorted names. The small images are made once,
    with Lanczos's filter, into a file of 216 MB; see `Stored`, whose path is the folder of .mat
    files here.
    """

    name = "cars3d"
    factor_names = ("elevation", "azimuth", "object_type")
    factor_sizes = (4, 24, 183)
    image_shape = (64, 64, 3)
    needs = "a folder"
    file_names = ("cars", "data/cars", "cars3d", ".")
    advice = (
        "download nips2015-analogy-data.tar.gz from http://www.scottreed.info, unpack its "
        "data/cars, 183 .mat files, and pass that folder, or put it into the folder that "
        "DISENTLIB_DATA names (~/data)"
    )

    def __init__(self, path: str | os.PathLike[str] | None = None):
        super().__init__(path)
        self.cars = sorted(self.file.glob("*.mat"))
        if len(self.cars) != self.sizes[2]:
            raise FileNotFoundError(
                f"expected {self.sizes[2]} .mat files in {self.file}, found {len(self.cars)}: "
                f"{self.advice}"
            )

    def _open(self) -> np.ndarray:
        def fill(target: np.ndarray) -> None:
            grid = target.reshape(*self.sizes, *self.image_shape)
            for number, car in enumerate(self.cars):
                views = self._views(car)  # (128, 128, 3, azimuth, elevation)
                flat = np.moveaxis(views, (4, 3), (0, 1)).reshape(-1, 128, 128, 3)
                grid[:, :, number] = resized(flat).reshape(*self.sizes[:2], 64, 64, 3)

        return files.built(self.file, "images", (self.grid_size, *self.image_shape), np.uint8, fill)

    def _views(self, car: Path) -> np.ndarray:
        with files.damaged(car):
            try:
                views = loadmat(car, variable_names=["im"])["im"]
            except (MatReadError, ValueError, TypeError) as error:
                raise EOFError(error) from error
        expected = (128, 128, 3, self.sizes[1], self.sizes[0])
        if views.shape != expected or views.dtype != np.uint8:
            raise ValueError(
                f"expected im of shape {expected} and uint8 in {car}, "
                f"got {views.shape} and {views.dtype}"
            )
        return views
