"""Sets that TensorFlow Datasets has prepared, over a small grid."""

import numpy as np
import pytest
import tensorflow_datasets as tfds

from disentlib import data
from disentlib.data import prepared

SIZES = (3, 2, 3, 4, 4)
LABELS = ("shape", "scale", "orientation", "x_position", "y_position")
FACTORS = np.stack(np.unravel_index(np.arange(288), SIZES), axis=1)


class Dsprites(tfds.core.GeneratorBasedBuilder):
    """Features as in tfds.load("dsprites"), in the order in which its shards come: any."""

    VERSION = tfds.core.Version("2.0.0")
    drop = 0

    def _info(self):
        labels = {f"label_{label}": tfds.features.ClassLabel(num_classes=40) for label in LABELS}
        return self.dataset_info_from_configs(
            features=tfds.features.FeaturesDict(
                {"image": tfds.features.Image(shape=(64, 64, 1)), **labels}
            )
        )

    def _split_generators(self, manager):
        return {"train": self._generate_examples()}

    def _generate_examples(self):
        images = data.DSpritesRendered().images(FACTORS) // 255
        for row in range(self.drop, len(FACTORS)):
            labels = dict(zip((f"label_{label}" for label in LABELS), FACTORS[row], strict=True))
            yield row, {"image": images[row], **labels}


class SmallDSprites(data.DSprites):
    factor_sizes = SIZES


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tfds")
    Dsprites(data_dir=folder).download_and_prepare()
    return folder


def test_prepared_dsprites_are_found_and_read(data_dir):
    version = data_dir / "dsprites" / "2.0.0"
    for path in (data_dir, version):
        sprites = SmallDSprites(path)
        assert sprites.file == version
        np.testing.assert_array_equal(
            sprites.images(FACTORS), data.DSpritesRendered().images(FACTORS)
        )


def test_an_incomplete_set_and_other_features_are_refused(tmp_path, data_dir, monkeypatch):
    monkeypatch.setattr(Dsprites, "drop", 5)
    Dsprites(data_dir=tmp_path).download_and_prepare()
    with pytest.raises(ValueError, match="holds 283 of 288 images"):
        SmallDSprites(tmp_path).bits  # noqa: B018
    with pytest.raises(ValueError, match="expected a feature 'label_colour'"):
        next(prepared.batches(data_dir / "dsprites" / "2.0.0", ["label_colour"]))


def test_nothing_prepared_is_none(tmp_path):
    assert prepared.find(tmp_path, "dsprites") is None
