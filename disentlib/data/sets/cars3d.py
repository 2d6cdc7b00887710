"""Cars3D (Reed et al., NIPS 2015): 183 car models from 4 elevations and 24 azimuths."""

import os
from pathlib import Path

import numpy as np
from scipy.io import loadmat, whosmat

from disentlib import limits
from disentlib.data import published
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

        shape = (self.grid_size, *self.image_shape)
        return published.built(self.file, "images", shape, np.uint8, fill, parts=self.cars)

    def _views(self, car: Path) -> np.ndarray:
        wanted = (128, 128, 3, self.sizes[1], self.sizes[0])
        with published.damaged(car, "a .mat of MATLAB 5"):
            limits.check_regular(car)
            declared = {name: (shape, kind) for name, shape, kind in whosmat(car)}
            if "im" not in declared:
                held = ", ".join(declared) or "nothing"
                raise ValueError(f"expected im in {car}, found {held}: is it another kind of file?")
            if declared["im"] != (wanted, "uint8"):
                shape, kind = declared["im"]
                raise ValueError(
                    f"expected im of shape {wanted} and uint8 in {car}, got {shape} and {kind}"
                )
            views: np.ndarray = loadmat(car, variable_names=["im"])["im"]
        return views
