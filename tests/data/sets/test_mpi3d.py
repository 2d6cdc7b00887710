import numpy as np
import pytest

from disentlib import data
from disentlib.data.sets import mpi3d

SHORT, LONG = (2, 2, 2, 1, 1, 3, 3), (3, 3, 2, 1, 1, 3, 3)


@pytest.fixture
def small(monkeypatch):
    monkeypatch.setattr(mpi3d, "SHORT", SHORT)
    monkeypatch.setattr(mpi3d, "LONG", LONG)


def write(path, count, *, save=np.savez, shape=(64, 64, 3), dtype=np.uint8):
    images = np.random.default_rng(0).integers(256, size=(count, *shape)).astype(dtype)
    save(path, images=images)
    return images


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
@pytest.mark.parametrize(
    ("count", "sizes"), [(72, (2, 2, 2, 1, 1, 3, 3)), (162, (3, 3, 2, 1, 1, 3, 3))]
)
def test_sizes_are_inferred_and_rows_are_in_order(tmp_path, small, save, count, sizes):
    images = write(tmp_path / "mpi3d_toy.npz", count, save=save)
    robot = data.MPI3DToy(tmp_path)
    assert robot.factor_sizes == sizes
    factors = np.stack(np.unravel_index([0, 5, count - 1], sizes), axis=1)
    np.testing.assert_array_equal(robot.images(factors), images[[0, 5, count - 1]])


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        (data.MPI3DToy, "mpi3d_toy.npz"),
        (data.MPI3DRealistic, "mpi3d_realistic/mpi3d_realistic.npz"),
        (data.MPI3DReal, "mpi3d_real.npz"),
        (data.MPI3DComplex, "real3d_complicated_shapes_ordered.npz"),
    ],
)
def test_every_release_is_found_in_a_folder(tmp_path, small, kind, name):
    (tmp_path / name).parent.mkdir(exist_ok=True)
    write(tmp_path / name, 72)
    assert kind(tmp_path).file == tmp_path / name
    with pytest.raises(FileNotFoundError, match=r"github[.]com/rr-learning"):
        kind(tmp_path / "empty")


def test_published_sizes():
    assert np.prod(mpi3d.SHORT) == 460_800
    assert np.prod(mpi3d.LONG) == 1_036_800


@pytest.mark.parametrize(
    ("count", "options", "message"),
    [
        (71, {}, "expected 72 or 162 images"),
        (72, {"shape": (32, 32, 3)}, r"got 72 of \(32, 32, 3\)"),
        (72, {"dtype": np.float32}, "images of type uint8"),
    ],
)
def test_another_layout_is_refused(tmp_path, small, count, options, message):
    write(tmp_path / "mpi3d_toy.npz", count, **options)
    with pytest.raises(ValueError, match=message):
        data.MPI3DToy(tmp_path).rows  # noqa: B018


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_a_truncated_file_is_named(tmp_path, small, save):
    path = tmp_path / "mpi3d_toy.npz"
    write(path, 72, save=save)
    path.write_bytes(path.read_bytes()[:100_000])
    with pytest.raises(ValueError, match="truncated, damaged"):
        data.MPI3DToy(path)
