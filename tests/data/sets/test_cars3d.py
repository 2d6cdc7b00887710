import numpy as np
import pytest
from PIL import Image
from scipy.io import savemat

from disentlib import data


class SmallCars3D(data.Cars3D):
    """The same reader over 3 cars."""

    factor_sizes = (4, 24, 3)


@pytest.fixture(scope="module")
def views():
    """Pictures of large squares: (car, height, width, channel, azimuth, elevation)."""
    rng = np.random.default_rng(0)
    coarse = rng.integers(256, size=(3, 8, 8, 3, 24, 4), dtype=np.uint8)
    return coarse.repeat(16, axis=1).repeat(16, axis=2)


@pytest.fixture
def folder(tmp_path, views):
    cars = tmp_path / "cars"
    cars.mkdir()
    for name, car in zip(
        ("car_002_mesh", "car_010_mesh", "car_001_mesh"), views[[1, 2, 0]], strict=True
    ):
        savemat(cars / f"{name}.mat", {"im": car, "mask": np.zeros(3)})
    return cars


def test_views_are_found_by_elevation_azimuth_and_sorted_name(folder, views):
    cars = SmallCars3D(folder)
    for elevation, azimuth, car in [(0, 0, 0), (3, 23, 2), (1, 7, 1)]:
        image = cars.images(np.array([[elevation, azimuth, car]]))[0]
        view = Image.fromarray(views[car, :, :, :, azimuth, elevation])
        expected = view.resize((64, 64), Image.Resampling.LANCZOS)
        np.testing.assert_array_equal(image, np.asarray(expected))
    assert cars.images(cars.grid_factors(range(3))).dtype == np.uint8


def test_a_folder_above_and_the_environment_are_looked_in(folder, monkeypatch):
    monkeypatch.setenv("DISENTLIB_DATA", str(folder.parent))
    assert SmallCars3D().file == folder


def test_missing_cars_are_counted(folder):
    (folder / "car_001_mesh.mat").unlink()
    with pytest.raises(FileNotFoundError, match=r"expected 3 \.mat files .*found 2: download"):
        SmallCars3D(folder)


def test_damaged_and_other_files_are_named(folder, views):
    car = folder / "car_002_mesh.mat"
    content = car.read_bytes()
    for broken in (content[: len(content) // 2], b"", b"text" * 100):
        car.write_bytes(broken)
        with pytest.raises(ValueError, match=r"car_002_mesh\.mat is truncated, damaged"):
            SmallCars3D(folder).rows  # noqa: B018
    savemat(car, {"im": views[0][:, :64]})
    with pytest.raises(ValueError, match=r"expected im of shape \(128, 128, 3, 24, 4\)"):
        SmallCars3D(folder).rows  # noqa: B018
    savemat(car, {"other": views[0]})
    with pytest.raises(ValueError, match="another kind of file"):
        SmallCars3D(folder).rows  # noqa: B018
