"""Shapes3D, SmallNORB and CelebA as TensorFlow Datasets prepares them, over small grids."""

import numpy as np
import pytest
import tensorflow_datasets as tfds

from disentlib import data
from disentlib.data.sets.celeba import ATTRIBUTES, small

ROOM_SIZES = (2, 2, 2, 2, 4, 2)
ROOMS = np.stack(np.unravel_index(np.arange(128), ROOM_SIZES), axis=1)
TOY_SIZES = (2, 10, 2, 2, 2)
TOYS = np.stack(np.unravel_index(np.arange(160), TOY_SIZES), axis=1)
RNG = np.random.default_rng(0)
TOY_IMAGES = RNG.integers(256, size=(160, 12, 12, 1), dtype=np.uint8).repeat(8, 1).repeat(8, 2)
FACES = RNG.integers(256, size=(9, 218, 178, 3), dtype=np.uint8)
FACE_VALUES = RNG.integers(2, size=(9, 40)).astype(bool)


class _Builder(tfds.core.GeneratorBasedBuilder):
    VERSION = tfds.core.Version("2.0.0")
    pkg_dir_path = None

    def _split_generators(self, manager):
        return {split: self._generate_examples(rows) for split, rows in self.parts().items()}


class Shapes3d(_Builder):
    """Features as in tfds.load("shapes3d")."""

    def parts(self):
        return {"train": range(128)}

    def _info(self):
        labels = {
            f"label_{name}": tfds.features.ClassLabel(num_classes=size)
            for name, size in zip(data.Shapes3D.factor_names, ROOM_SIZES, strict=True)
        }
        image = tfds.features.Image(shape=(64, 64, 3))
        return self.dataset_info_from_configs(
            features=tfds.features.FeaturesDict({"image": image, **labels})
        )

    def _generate_examples(self, rows):
        images = data.Shapes3DRendered().images(ROOMS)
        for row in rows:
            names = (f"label_{name}" for name in data.Shapes3D.factor_names)
            yield row, {"image": images[row], **dict(zip(names, ROOMS[row], strict=True))}


class Smallnorb(_Builder):
    """Features as in tfds.load("smallnorb"), in two splits."""

    labels = ("label_category", "instance", "label_elevation", "label_azimuth", "label_lighting")

    def parts(self):
        return {"train": range(0, 160, 2), "test": range(1, 160, 2)}

    def _info(self):
        labels = {
            name: tfds.features.ClassLabel(num_classes=size)
            for name, size in zip(self.labels, TOY_SIZES, strict=True)
        }
        image = tfds.features.Image(shape=(96, 96, 1))
        return self.dataset_info_from_configs(
            features=tfds.features.FeaturesDict({"image": image, **labels})
        )

    def _generate_examples(self, rows):
        for row in rows:
            labels = dict(zip(self.labels, TOYS[row], strict=True))
            yield row, {"image": TOY_IMAGES[row], **labels}


class CelebA(_Builder):
    """Features as in tfds.load("celeb_a"): attributes in a dictionary."""

    name = "celeb_a"

    def parts(self):
        return {"train": range(6), "test": range(6, 9)}

    def _info(self):
        features = {
            "image": tfds.features.Image(shape=(218, 178, 3)),
            "attributes": dict.fromkeys(ATTRIBUTES, np.bool_),
        }
        return self.dataset_info_from_configs(features=tfds.features.FeaturesDict(features))

    def _generate_examples(self, rows):
        for row in rows:
            values = dict(zip(ATTRIBUTES, FACE_VALUES[row].tolist(), strict=True))
            yield row, {"image": FACES[row], "attributes": values}


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tfds")
    for builder in (Shapes3d, Smallnorb, CelebA):
        builder(data_dir=folder).download_and_prepare()
    return folder


def test_rooms_are_put_in_order_by_their_labels(data_dir, monkeypatch):
    monkeypatch.setattr(data.Shapes3D, "factor_sizes", ROOM_SIZES)
    images = data.Shapes3DRendered().images(ROOMS)
    np.testing.assert_array_equal(data.Shapes3D(data_dir).images(ROOMS), images)


def test_toys_of_both_splits_make_one_grid(data_dir, monkeypatch):
    monkeypatch.setattr(data.SmallNORB, "factor_sizes", (2, 2, 2, 2))
    toys = data.SmallNORB(data_dir)
    wanted = toys.sample_factors(6, 0)
    instance = np.random.RandomState(3).randint(10, size=6)
    rows = np.ravel_multi_index(tuple(np.insert(wanted, 1, instance, axis=1).T), TOY_SIZES)
    expected = toys._small(TOY_IMAGES[rows, :, :, 0])
    images = toys.images(wanted, np.random.RandomState(3))
    np.testing.assert_array_equal(images[..., 0], expected)


def test_faces_keep_their_attributes(data_dir):
    attributes, images = data.CelebA(data_dir).table
    assert len(images) == 9
    known = {small(face).tobytes(): values for face, values in zip(FACES, FACE_VALUES, strict=True)}
    for image, values in zip(images, attributes, strict=True):
        np.testing.assert_array_equal(values, known[np.asarray(image).tobytes()])
