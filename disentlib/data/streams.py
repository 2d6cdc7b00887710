"""Endless `tf.data` streams of training batches.

Batch number `step` of a stream depends on its seed and `step` alone, so `start=k` continues a
stream exactly where an interrupted run left it, and nothing needs to be saved.
"""

import functools
import math
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from disentlib.data.ground_truth import GroundTruthData
from disentlib.data.labellers import LABELLERS, Labeller
from disentlib.data.pairs import changed_factors, moved_factors
from disentlib.data.randomness import counter

__all__ = [
    "LabelledSet",
    "batches",
    "describe",
    "images",
    "labelled",
    "labelled_set",
    "pairs",
    "transitions",
]

Arrays = tuple[np.ndarray, ...]

BATCHES_A_CALL, BYTES_A_CALL = 16, 1 << 22  # of Python, at most, unless one batch is larger


def batches(
    data: GroundTruthData, *, batch_size: int, seed: int, start: int = 0
) -> tf.data.Dataset:
    """Return x_1, x_2, ... ~ p(x): batches of any observations, with their auxiliary variable.

    What a network sees is x, what only the loss sees is y. An auxiliary variable u is in both: an
    encoder may see it, and priors are conditioned on it.

    Args:
        data: where to draw from; `data.sample` is all that is asked of it.
        batch_size: observations a batch.
        seed: 0 or more; every seed is another stream.
        start: number of the first batch, 0 for a new stream.

    Returns:
        A dataset of float32 batches x (batch_size, ...); of a set with a condition of batches
        ({"x": (batch_size, ...), "u": (batch_size, length)}, {"u": (batch_size, length)}).

    Raises:
        TypeError: if the observations are of a type that `data.as_input` refuses.
        ValueError: if `batch_size` is not positive, `seed` or `start` is negative, or
            `data.as_input` refuses the observations.
    """
    if data.condition_shape is None:
        return images(data, batch_size=batch_size, seed=seed, start=start)

    def draw(step: int) -> Arrays:
        seen = data.sample(batch_size, counter(seed, step))[1]
        return seen["x"], seen["u"]

    shapes = (batch_size, *data.shape), (batch_size, *data.condition_shape)
    drawn = _stream(draw, data, *shapes, seed=seed, start=start)
    return drawn.map(lambda x, u: ({"x": x, "u": u}, {"u": u}))


def images(data: GroundTruthData, *, batch_size: int, seed: int, start: int = 0) -> tf.data.Dataset:
    """Return x_1, x_2, ... ~ p(x): batches of images drawn with replacement.

    Args:
        data: where to draw from; `data.sample` is all that is asked of it.
        batch_size: images a batch.
        seed: 0 or more; every seed is another stream.
        start: number of the first batch, 0 for a new stream.

    Returns:
        A dataset of batches (batch_size, height, width, channels) as `data.as_input` gives them:
        float32, in [0, 1] for a set of uint8.

    Raises:
        TypeError: if the images are of a type that `data.as_input` refuses.
        ValueError: if `batch_size` is not positive, `seed` or `start` is negative, or
            `data.as_input` refuses the images.
    """

    def draw(step: int) -> Arrays:
        return (data.sample(batch_size, counter(seed, step))[1],)

    shape = (batch_size, *data.shape)
    return _stream(draw, data, shape, seed=seed, start=start)


def pairs(
    data: GroundTruthData,
    *,
    batch_size: int,
    seed: int,
    start: int = 0,
    changed: int | None = None,
    protocol: str | None = None,
) -> tf.data.Dataset:
    """Return pairs (x, x') whose factors differ in k places, and which places those are.

    Args:
        data: a set with a full grid.
        batch_size: pairs a batch.
        seed: 0 or more; every seed is another stream.
        start: number of the first batch.
        changed: k, or None for k uniform in 1..factors-1; see `pairs.changed_factors`.
        protocol: None, or "locatello2020" for the reference's choices of k and of new values.

    Returns:
        A dataset of (images, changed): float32 (batch_size, 2, height, width, channels) in [0, 1]
        and float32 (batch_size, factors), 1 where a factor was changed.

    Raises:
        ValueError: if an argument does not fit; see `images` and `pairs.changed_factors`.
    """

    def draw(step: int) -> Arrays:
        rng = counter(seed, step)
        drawn = changed_factors(data, batch_size, rng, changed=changed, protocol=protocol)
        return _pictured(data, drawn, rng)

    options = {"changed": changed, "protocol": protocol}
    return _pair_stream(draw, data, options, batch_size=batch_size, seed=seed, start=start)


def transitions(
    data: GroundTruthData, *, batch_size: int, seed: int, start: int = 0, rate: float = 1.0
) -> tf.data.Dataset:
    """Return neighbours in time (x_t, x_{t+1}), whose factors move a little and rarely.

    Args:
        data: a set with a full grid.
        batch_size: pairs a batch.
        seed: 0 or more; every seed is another stream.
        start: number of the first batch.
        rate: how fast large moves become unlikely; see `pairs.moved_factors`.

    Returns:
        A dataset of (images, moved), shaped as those of `pairs`.

    Raises:
        ValueError: if an argument does not fit; see `images` and `pairs.moved_factors`.
    """

    def draw(step: int) -> Arrays:
        rng = counter(seed, step)
        return _pictured(data, moved_factors(data, batch_size, rng, rate=rate), rng)

    return _pair_stream(draw, data, {"rate": rate}, batch_size=batch_size, seed=seed, start=start)


def describe(stream: Callable[..., Any], batches: tf.data.Dataset) -> dict[str, Any]:
    """Return what a run's configuration says of a stream: its name, and its options if it has any.

    Args:
        stream: the function.
        batches: what it returned.
    """
    function = stream.func if isinstance(stream, functools.partial) else stream
    described: dict[str, Any] = {"stream": _name(function)}
    if options := getattr(batches, "stream_options", {}):
        described["stream_options"] = options
    return described


class LabelledSet(NamedTuple):
    """A few images with labels.

    Attributes:
        images: (n, height, width, channels) of the data set's type.
        labels: (n, observed) float32.
        sizes: number of values of each label.
    """

    images: np.ndarray
    labels: np.ndarray
    sizes: tuple[int, ...]

    def split(self, fraction: float) -> tuple["LabelledSet", "LabelledSet"]:
        """Return the first ceil(n * fraction) and the rest: for training and for validation."""
        first = int(np.ceil(len(self.labels) * fraction))
        return (
            LabelledSet(self.images[:first], self.labels[:first], self.sizes),
            LabelledSet(self.images[first:], self.labels[first:], self.sizes),
        )


def labelled_set(
    data: GroundTruthData,
    n: int,
    *,
    seed: int = 0,
    labeller: str | Labeller = "perfect",
    protocol: str | None = None,
) -> LabelledSet:
    """Return `n` images with labels: factors, then images, then labels from one generator.

    Args:
        data: a set with a full grid.
        n: number of images.
        seed: of everything drawn.
        labeller: perfect, binned, noisy, permuted, partial, or a function as in `labellers`.
        protocol: "locatello2019" draws from a `RandomState`, as the reference does.

    Raises:
        ValueError: if the labeller's or the protocol's name is unknown.
    """
    if protocol not in (None, "locatello2019"):
        raise ValueError(f"expected protocol None or 'locatello2019', got {protocol!r}")
    if isinstance(labeller, str):
        if labeller not in LABELLERS:
            raise ValueError(f"expected a labeller in {', '.join(LABELLERS)}, got {labeller!r}")
        labeller = LABELLERS[labeller]
    rng = np.random.RandomState(seed) if protocol else np.random.default_rng(seed)
    factors, pictures = data.sample(n, rng)
    labels, sizes = labeller(factors, data.sizes, rng)
    return LabelledSet(pictures, labels, sizes)


def labelled(
    data: GroundTruthData,
    *,
    batch_size: int,
    seed: int,
    start: int = 0,
    labels: int = 100,
    label_seed: int = 0,
    labeller: str | Labeller = "perfect",
    train_fraction: float = 0.9,
    protocol: str | None = None,
) -> tf.data.Dataset:
    """Return batches whose first half is unlabelled and whose second half has labels.

    The labelled images are drawn once and come again and again, in the same order. What
    `train_fraction` leaves over never comes: `labelled_set(...).split(train_fraction)[1]` is for
    validation.

    Args:
        data: a set with a full grid.
        batch_size: unlabelled images a batch, and labelled ones as well.
        seed: of the unlabelled images; 0 or more.
        start: number of the first batch.
        labels: number of labelled images in all.
        label_seed: of the labelled images and what the labeller draws.
        labeller: see `labelled_set`.
        train_fraction: of the labelled images, the part that is trained on.
        protocol: see `labelled_set`.

    Returns:
        A dataset of (images, labels): float32 (2 * batch_size, height, width, channels) in [0, 1]
        and float32 (2 * batch_size, observed), NaN in the first half.

    Raises:
        ValueError: if an argument does not fit.
    """
    known = labelled_set(data, labels, seed=label_seed, labeller=labeller, protocol=protocol)
    known, _ = known.split(train_fraction)
    if not len(known.labels):
        raise ValueError(f"expected labelled images to train on, got 0 of {labels}")
    missing = np.full((batch_size, known.labels.shape[1]), np.nan, np.float32)

    def draw(step: int) -> Arrays:
        unlabelled = data.sample(batch_size, counter(seed, step))[1]
        rows = (step * batch_size + np.arange(batch_size)) % len(known.labels)
        return (
            np.concatenate([unlabelled, known.images[rows]]),
            np.concatenate([missing, known.labels[rows]]),
        )

    return _stream(
        draw,
        data,
        (2 * batch_size, *data.shape),
        (2 * batch_size, known.labels.shape[1]),
        seed=seed,
        start=start,
        options={
            "labels": labels,
            "label_seed": label_seed,
            "labeller": labeller if isinstance(labeller, str) else _name(labeller),
            "train_fraction": train_fraction,
            "protocol": protocol,
        },
    )


def _pictured(data: GroundTruthData, drawn: Arrays, rng: np.random.Generator) -> Arrays:
    first, second, changed = drawn
    seen = np.stack([data.images(first, rng), data.images(second, rng)], axis=1)
    return seen, changed.astype(np.float32)


def _name(function: Callable[..., Any]) -> str:
    kind = function if hasattr(function, "__qualname__") else type(function)
    return f"{kind.__module__}.{kind.__qualname__}"


def _pair_stream(
    draw: Callable[[int], Arrays],
    data: GroundTruthData,
    options: Mapping[str, Any],
    *,
    batch_size: int,
    seed: int,
    start: int,
) -> tf.data.Dataset:
    return _stream(
        draw,
        data,
        (batch_size, 2, *data.shape),
        (batch_size, len(data.factor_names)),
        seed=seed,
        start=start,
        options=options,
    )


def _stream(
    draw: Callable[[int], Arrays],
    data: GroundTruthData,
    *shapes: tuple[int, ...],
    seed: int,
    start: int,
    options: Mapping[str, Any] | None = None,
) -> tf.data.Dataset:
    """Return the dataset of draw(step) for step = start, start + 1, ...

    The first array that `draw` returns is images of `data`, the others are float32. `options` are
    what `describe` says of the stream.
    """
    if shapes[0][0] < 1:
        raise ValueError(f"expected a batch_size of at least 1, got {shapes[0][0]}")
    if seed < 0 or start < 0:
        raise ValueError(f"expected seed and start of at least 0, got {seed} and {start}")

    def seen(step: int) -> Arrays:
        pictures, *others = draw(int(step))
        return (data.as_input(pictures), *others)

    # A call of Python costs as much as drawing a small batch, so that several are drawn at once.
    size = sum(4 * math.prod(shape) for shape in shapes)
    count = max(1, min(BATCHES_A_CALL, BYTES_A_CALL // size))

    def several(first: int) -> Arrays:
        drawn = [seen(step) for step in range(first, first + count)]
        return tuple(np.stack(arrays) for arrays in zip(*drawn, strict=True))

    def block(first: tf.Tensor) -> tf.Tensor | tuple[tf.Tensor, ...]:
        types = [tf.float32] * len(shapes)
        drawn = tf.numpy_function(several, [first], types, stateful=False)
        observed, *others = (
            tf.ensure_shape(array, (count, *shape))
            for array, shape in zip(drawn, shapes, strict=True)
        )
        return (observed, *others) if others else observed

    seen(start)  # says now, in plain words, what does not fit
    # The kernels draw outside Python's lock, so batches are made beside the training step.
    blocks = tf.data.Dataset.counter(start, count)
    blocks = blocks.map(block, num_parallel_calls=2, deterministic=True)
    dataset = blocks.unbatch().prefetch(tf.data.AUTOTUNE)
    dataset.stream_options = dict(options or {})
    return dataset
