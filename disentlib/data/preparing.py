"""Write drawn sets as shards that TensorFlow Datasets reads like its own."""

import io
import math
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from disentlib import files
from disentlib.data.ground_truth import GroundTruthData
from disentlib.data.randomness import counter

__all__ = ["prepare"]

VERSION = "1.0.0"


def prepare(
    data: GroundTruthData,
    data_dir: str | os.PathLike[str],
    *,
    shard_size: int = 8192,
    progress: Callable[[int, int], None] = lambda done, total: None,  # noqa: ARG005
) -> Path:
    """Write every image of a set's grid, so that `tfds.load("disentlib_NAME", data_dir=...)` works.

    Shards appear whole or not at all, so a call that was cut short goes on where it stopped. When
    two processes prepare the same set, one writes and the other waits.

    Args:
        data: a set with a full grid. Images of floats are rounded to bytes, and what the factors
            leave open is drawn once an image.
        data_dir: TensorFlow Datasets's folder.
        shard_size: images a shard.
        progress: called with the number of images done, and that of all.

    Returns:
        The folder of the prepared version.

    Raises:
        ValueError: if the set has no full grid or no pictures, or another set lies there.
        OSError: if the folder cannot be written.
    """
    import tensorflow as tf
    import tensorflow_datasets as tfds

    data.require_pictures("written for TensorFlow Datasets")
    data._require_grid("every combination")
    name = f"disentlib_{data.name}"
    folder = Path(data_dir).expanduser() / name / VERSION
    folder.mkdir(parents=True, exist_ok=True)
    starts = range(0, data.grid_size, shard_size)
    with files.lock(folder / "lock", busy="", wait=math.inf):
        for shard in folder.glob("partial-*"):  # of a process that was killed
            shard.unlink()
        if (folder / "dataset_info.json").exists():
            progress(data.grid_size, data.grid_size)
            return folder
        for number, start in enumerate(starts):
            shard = folder / f"{name}-train.tfrecord-{number:05}-of-{len(starts):05}"
            rows = range(start, min(start + shard_size, data.grid_size))
            if not shard.exists():
                partial = folder / f"partial-{number:05}"
                with tf.io.TFRecordWriter(os.fspath(partial)) as writer:
                    for record in _records(data, rows, number):
                        writer.write(record)
                partial.replace(shard)
            progress(rows.stop, data.grid_size)
        template = tfds.core.ShardedFileTemplate(
            data_dir=folder, dataset_name=name, split="train", filetype_suffix="tfrecord"
        )
        sizes = [min(shard_size, data.grid_size - start) for start in starts]
        split = tfds.core.SplitInfo(
            name="train", shard_lengths=sizes, num_bytes=0, filename_template=template
        )
        labels = zip(data.factor_names, data.sizes, strict=True)
        tfds.folder_dataset.write_metadata(
            data_dir=folder,
            features={
                "image": tfds.features.Image(shape=data.image_shape),
                **{f"label_{n}": tfds.features.ClassLabel(num_classes=size) for n, size in labels},
            },
            split_infos=[split],
            version=VERSION,
            description=f"{data!r}, every combination of its factors, written by disentlib.",
            # TensorFlow Datasets sorts features by name; this keeps their order.
            metadata=tfds.core.MetadataDict(factor_names=list(data.factor_names)),
            check_data=False,
        )
    return folder


def _records(data: GroundTruthData, rows: range, number: int) -> list[bytes]:
    """Return the serialised examples of one shard: its images as PNG, its labels as integers."""
    from tensorflow.train import BytesList, Example, Feature, Features, Int64List

    factors = data.grid_factors(rows)
    images = data.images(factors, counter(0, number))
    if images.dtype != np.uint8:
        images = np.round(255 * images).astype(np.uint8)
    records = []
    for image, row in zip(images, factors, strict=True):
        buffer = io.BytesIO()
        Image.fromarray(image.squeeze(-1) if image.shape[-1] == 1 else image).save(
            buffer, "PNG", compress_level=1
        )
        feature = {"image": Feature(bytes_list=BytesList(value=[buffer.getvalue()]))}
        for name, value in zip(data.factor_names, row, strict=True):
            feature[f"label_{name}"] = Feature(int64_list=Int64List(value=[value]))
        records.append(Example(features=Features(feature=feature)).SerializeToString())
    return records
