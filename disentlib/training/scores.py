"""Scores while a model trains: streaming Keras metrics, and a callback for all the others."""

import abc
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from disentlib import metrics
from disentlib.data import GroundTruthData
from disentlib.metrics.information.estimates import mean, top_two
from disentlib.metrics.information.modularity import modularity_of
from disentlib.metrics.table import ScoreTable
from disentlib.models import Method


class InformationMetric(keras.metrics.Metric, abc.ABC):
    """Joint counts of binned codes and factors, batch after batch: `update_state(factors, codes)`.

    The counts have a fixed size, whatever the number of batches. Bins are of equal width over a
    range given beforehand, as those of the array scores under `bins`; values beyond it fall in the
    first or the last bin. Give it to `compile(metrics=[...])` of a model trained on (images,
    factors), without XLA: the result is computed by NumPy.

    Args:
        factor_sizes: number of values of each factor.
        low: the smallest value of each code (dims,), or one for all.
        high: the largest value, likewise.
        dims: the length of a code.
        bins: number of bins.
        name: what the metric is called.
    """

    def __init__(
        self,
        factor_sizes: Sequence[int],
        *,
        low: Any,
        high: Any,
        dims: int,
        bins: int = 20,
        name: str | None = None,
    ):
        super().__init__(name=name)
        self.factor_sizes = tuple(factor_sizes)
        self.dims, self.bins = dims, bins
        self.low = np.broadcast_to(np.asarray(low, np.float64), (dims,))
        self.high = np.broadcast_to(np.asarray(high, np.float64), (dims,))
        if not (self.low < self.high).all():
            raise ValueError(f"expected low < high for every code, got {low} and {high}")
        edges = np.linspace(self.low, self.high, bins + 1, axis=1)
        self.inner_edges = edges[:, 1:-1].astype(np.float32)
        shape = (dims, len(self.factor_sizes), bins, max(self.factor_sizes))
        self.counts = self.add_weight(
            name="counts", shape=shape, initializer="zeros", dtype="int64"
        )

    def update_state(self, y_true, y_pred, sample_weight=None) -> None:
        """Count factors (samples, factors) and codes (samples, dims)."""
        if sample_weight is not None:
            raise ValueError("samples are counted: sample_weight must be None")
        codes = tf.cast(y_pred, tf.float32)
        factors = tf.cast(y_true, tf.int64)
        edges = tf.constant(self.inner_edges)
        bins = tf.searchsorted(edges, tf.transpose(codes), side="right", out_type=tf.int64)
        samples = tf.shape(codes)[0]
        shape = (samples, self.dims, len(self.factor_sizes))
        dim = tf.range(self.dims, dtype=tf.int64)[None, :, None]
        factor = tf.range(len(self.factor_sizes), dtype=tf.int64)[None, None]
        index = tf.stack(
            [
                tf.broadcast_to(part, shape)
                for part in (dim, factor, tf.transpose(bins)[:, :, None], factors[:, None])
            ],
            axis=-1,
        )
        index = tf.reshape(index, (-1, 4))
        self.counts.assign(
            tf.tensor_scatter_nd_add(self.counts, index, tf.ones(tf.shape(index)[0], tf.int64))
        )

    def result(self) -> tf.Tensor:
        """Return the score of the counts, float64; NaN before the first update."""
        score = tf.numpy_function(self._score_counts, [self.counts], tf.float64, stateful=False)
        return tf.ensure_shape(score, ())

    def _score_counts(self, counts: np.ndarray) -> np.ndarray:
        joint = counts / max(counts[0, 0].sum(), 1)
        code_entropy, factor_entropy = (_entropy(joint.sum(axis=axis), 2) for axis in (3, 2))
        mutual_information = code_entropy + factor_entropy - _entropy(joint, (2, 3))
        varying = factor_entropy[0] > 0
        if not varying.any():
            return np.array(np.nan)
        return np.array(self.score(mutual_information[:, varying], factor_entropy[0, varying]))

    @abc.abstractmethod
    def score(self, mutual_information: np.ndarray, factor_entropy: np.ndarray) -> float:
        """Return the score of I(code; factor) (dims, factors) and H(factor) (factors,)."""

    def get_config(self) -> dict:
        """Return the arguments, for Keras."""
        return {
            "factor_sizes": self.factor_sizes,
            "low": self.low.tolist(),
            "high": self.high.tolist(),
            "dims": self.dims,
            "bins": self.bins,
            "name": self.name,
        }


@keras.saving.register_keras_serializable("disentlib")
class MIG(InformationMetric):
    """`metrics.mig(codes, factors, bins=bins)` of all batches together; see `InformationMetric`."""

    def score(self, mutual_information: np.ndarray, factor_entropy: np.ndarray) -> float:
        """Return the mean gap between the two best codes of a factor."""
        best, second = top_two(mutual_information, axis=0)
        return mean((best - second) / factor_entropy)


@keras.saving.register_keras_serializable("disentlib")
class Modularity(InformationMetric):
    """`metrics.modularity(codes, factors, bins=bins)` of all batches; see `InformationMetric`."""

    def score(self, mutual_information: np.ndarray, factor_entropy: np.ndarray) -> float:
        """Return the mean modularity of the codes."""
        return mean(modularity_of(mutual_information))


class MetricsCallback(keras.callbacks.Callback):
    """Score the model on its data set every so many epochs, into the logs and TensorBoard.

    Args:
        data: the data set.
        metrics: names of scores, as for `metrics.evaluate_encoder`; None for all.
        every: epochs between two scores.
        samples: how many images are encoded.
        log_dir: a directory for TensorBoard; None for none.
        rng: draws the samples, the same ones each time.
    """

    def __init__(
        self,
        data: GroundTruthData,
        *,
        metrics: Iterable[str] | None = ("mig",),
        every: int = 1,
        samples: int = 10_000,
        log_dir: str | Path | None = None,
        rng: int = 0,
    ):
        super().__init__()
        if every < 1:
            raise ValueError(f"expected every of at least 1 epoch, got {every}")
        self.data = data
        self.metrics = None if metrics is None else list(metrics)
        self.every = every
        self.samples = samples
        self.writer = None if log_dir is None else tf.summary.create_file_writer(str(log_dir))
        self.rng = rng
        self.tables: list[ScoreTable] = []

    def on_epoch_end(self, epoch, logs=None):
        """Score, and add one entry `representation/score` a figure to the logs."""
        if (epoch + 1) % self.every:
            return
        if not isinstance(self.model, Method):
            raise TypeError(f"expected a model of disentlib, got {type(self.model).__name__}")
        table = metrics.evaluate_encoder(
            self.data,
            self.model.encode,
            metrics=self.metrics,
            samples=self.samples,
            test_samples=max(2, self.samples // 2),
            rng=self.rng,
        )
        self.tables.append(table)
        figures = {f"{row.representation}/{row.score}": row.value for row in table}
        if logs is not None:
            logs.update(figures)
        if self.writer is not None:
            with self.writer.as_default(step=int(self.model.step)):
                for name, value in figures.items():
                    tf.summary.scalar(name, value)
            self.writer.flush()


def _entropy(probability: np.ndarray, axis: int | tuple[int, ...]) -> np.ndarray:
    """-sum p ln p along axes, 0 where p is 0."""
    positive = np.where(probability > 0, probability, 1.0)
    return -(probability * np.log(positive)).sum(axis=axis)
