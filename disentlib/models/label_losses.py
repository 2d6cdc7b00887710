"""Losses on a few labels: regularizers that tie latent j to label j.

Locatello et al., "Disentangling factors of variation using few labels", ICLR 2020. They read the
encoder's means, of the first latents only, and labels (batch, factors); missing ones are NaN. On
several devices sums go over all images; other statistics of the batch are taken per replica.
"""

import abc
from collections.abc import Sequence

import keras
import numpy as np
import tensorflow as tf

from disentlib.losses import schedules
from disentlib.losses.schedules import Schedule
from disentlib.models import checks
from disentlib.models.configuration import ObjectiveWeight, serializable
from disentlib.models.regularizer import Regularizer

SCHEDULES = ("fixed", "anneal", "fine_tune")


class LabelLoss(Regularizer):
    """R = gamma(t) * distance(mean, labels).

    Args:
        gamma: weight of the labels.
        schedule: "fixed"; "anneal", growing from 0 over `schedule_steps` updates; "fine_tune", 0
            for `schedule_steps` updates, then gamma.
        schedule_steps: updates.
    """

    terms = ("labels",)

    gamma = ObjectiveWeight()

    def __init__(
        self,
        *,
        gamma: float | Schedule = 1.0,
        schedule: str = "fixed",
        schedule_steps: int = 100_000,
    ):
        super().__init__()
        if schedule not in SCHEDULES:
            raise ValueError(f"schedule must be one of {', '.join(SCHEDULES)}, got {schedule!r}")
        if schedule != "fixed" and isinstance(gamma, Schedule):
            raise ValueError(f"expected one schedule, got {schedule!r} and gamma={gamma}")
        self.gamma = gamma
        self.schedule = schedule
        self.schedule_steps = schedule_steps

    @abc.abstractmethod
    def distance(self, mean, labels, known, key) -> tf.Tensor:
        """Return how far codes are from labels.

        Args:
            mean: (batch, latents).
            labels: (batch, factors), 0 where missing.
            known: (batch, factors), 1 where there is a label, 0 where it is missing.
            key: for random draws.
        """

    def penalty(self, code, y, *, step, key) -> tuple[tf.Tensor, dict[str, tf.Tensor]]:
        """Return the weighted distance and the raw one."""
        distance = self.distance(code.mean, *self.known_labels(code, y), key)
        return self.weight(step) * distance, {"labels": distance}

    def known_labels(self, code, y) -> tuple[tf.Tensor, tf.Tensor]:
        """Return labels, 0 where missing, and 1 where they are known (batch, factors)."""
        if y is None:
            raise ValueError("expected labels (batch, factors) beside the images, got None")
        y = self.checked(checks.labels(y))
        if y.shape[1] > code.mean.shape[1]:
            raise ValueError(
                f"expected at most {code.mean.shape[1]} labels, one a latent, got {y.shape[1]}"
            )
        missing = tf.math.is_nan(y)
        # A NaN would spoil gradients even under a mask.
        return tf.where(missing, 0.0, y), tf.cast(~missing, tf.float32)

    def checked(self, y) -> tf.Tensor:
        """Return labels (batch, factors), NaN where missing, that fit the loss; raise if not."""
        return y

    def weight(self, step) -> tf.Tensor:
        """Return gamma(t)."""
        if self.schedule == "anneal":
            return schedules.linear(step, last=self.gamma, steps=self.schedule_steps)
        if self.schedule == "fine_tune":
            return schedules.late(step, last=self.gamma, steps=self.schedule_steps)
        return tf.convert_to_tensor(self.gamma)


@serializable
class LabelCrossEntropy(LabelLoss):
    """sum_b sum_j cross entropy of y_bj / k_j under sigmoid(mean_bj), a sum over the batch.

    Args:
        sizes: k_j, the number of values of each label. Targets lie in [0, (k - 1)/k].
        gamma: see `LabelLoss`.
        schedule: see `LabelLoss`.
        schedule_steps: see `LabelLoss`.
    """

    def __init__(
        self,
        sizes: Sequence[int],
        *,
        gamma: float | Schedule = 1.0,
        schedule: str = "fixed",
        schedule_steps: int = 100_000,
    ):
        super().__init__(gamma=gamma, schedule=schedule, schedule_steps=schedule_steps)
        self.sizes = tuple(sizes)

    def checked(self, y) -> tf.Tensor:
        """Return labels from 0 to k_j - 1."""
        return _within(y, self.sizes)

    def distance(self, mean, labels, known, key) -> tf.Tensor:
        """Return the cross entropy."""
        target = labels / tf.constant(self.sizes, tf.float32)
        logits = mean[:, : labels.shape[1]]
        entropy = tf.nn.sigmoid_cross_entropy_with_logits(labels=target, logits=logits)
        return _batch_sum(known * entropy)


@serializable
class LabelSquaredError(LabelLoss):
    """sum_b sum_j (b mean_bj - y_bj)^2 with a learned scale b, a sum over the batch.

    Args:
        sizes: k_j; only without a learned scale, where sigmoid(mean) is compared with y/k.
        learn_scale: whether b is learned (from 1).
        gamma: see `LabelLoss`.
        schedule: see `LabelLoss`.
        schedule_steps: see `LabelLoss`.
    """

    def __init__(
        self,
        sizes: Sequence[int] | None = None,
        *,
        learn_scale: bool = True,
        gamma: float | Schedule = 1.0,
        schedule: str = "fixed",
        schedule_steps: int = 100_000,
    ):
        super().__init__(gamma=gamma, schedule=schedule, schedule_steps=schedule_steps)
        if not learn_scale and sizes is None:
            raise ValueError("without a learned scale, sizes of the labels are needed, got None")
        self.sizes = None if sizes is None else tuple(sizes)
        self.learn_scale = learn_scale
        if learn_scale:
            self.scale = self.add_weight(name="scale", shape=(), initializer="ones")

    def checked(self, y) -> tf.Tensor:
        """Return labels from 0 to k_j - 1."""
        return y if self.sizes is None or self.learn_scale else _within(y, self.sizes)

    def distance(self, mean, labels, known, key) -> tf.Tensor:
        """Return the squared error."""
        codes = mean[:, : labels.shape[1]]
        if self.learn_scale:
            error = self.scale * codes - labels
        else:
            error = tf.sigmoid(codes) - labels / tf.constant(self.sizes, tf.float32)
        return _batch_sum(known * tf.square(error))


@serializable
class LabelCovariance(LabelLoss):
    """sum_{l != j} Cov(mean_l, y_j)^2, the biased covariance over images with all their labels.

    Taken per replica on several devices.
    """

    def __init__(
        self,
        *,
        gamma: float | Schedule = 1.0,
        schedule: str = "fixed",
        schedule_steps: int = 100_000,
    ):
        super().__init__(gamma=gamma, schedule=schedule, schedule_steps=schedule_steps)

    def distance(self, mean, labels, known, key) -> tf.Tensor:
        """Return the sum of squared covariances beside the diagonal."""
        weight = tf.reduce_min(known, axis=1, keepdims=True)
        weight = tf.math.divide_no_nan(weight, tf.reduce_sum(weight))
        centred_mean = mean - tf.reduce_sum(weight * mean, axis=0)
        centred_labels = labels - tf.reduce_sum(weight * labels, axis=0)
        matrix = tf.matmul(weight * centred_mean, centred_labels, transpose_a=True)
        off_diagonal = 1 - tf.eye(mean.shape[1], labels.shape[1])
        return tf.reduce_sum(tf.square(off_diagonal * matrix))


@serializable
class LabelEmbedding(LabelLoss):
    """sum_j cross entropy of y_bj under softmax_i(-((mean_bj - e_ji) sigma)^2), mean over labels.

    Every value i of label j has a learned place e_ji on the axis of latent j. Means are taken per
    replica on several devices.

    Args:
        sizes: k_j, the number of values of each label.
        use_order: places lie on a line, e_ji = slope_j i + bias_j, instead of freely.
        sigma: sharpness; None learns it (from 1).
        initial_seed: of the free places.
        gamma: see `LabelLoss`.
        schedule: see `LabelLoss`.
        schedule_steps: see `LabelLoss`.
    """

    def __init__(
        self,
        sizes: Sequence[int],
        *,
        use_order: bool = False,
        sigma: float | None = 1.0,
        initial_seed: int = 0,
        gamma: float | Schedule = 1.0,
        schedule: str = "fixed",
        schedule_steps: int = 100_000,
    ):
        super().__init__(gamma=gamma, schedule=schedule, schedule_steps=schedule_steps)
        self.sizes = tuple(sizes)
        self.use_order = use_order
        self.sigma = sigma
        self.initial_seed = initial_seed
        factors = len(self.sizes)
        if use_order:
            self.slope = self.add_weight(name="slope", shape=(factors, 1), initializer="ones")
            self.bias = self.add_weight(name="bias", shape=(factors, 1), initializer="zeros")
        else:
            self.places = self.add_weight(
                name="places",
                shape=(factors, max(self.sizes)),
                initializer=keras.initializers.RandomNormal(stddev=1.0, seed=initial_seed),
            )
        if sigma is None:
            self.learned_sigma = self.add_weight(name="sigma", shape=(), initializer="ones")

    def checked(self, y) -> tf.Tensor:
        """Return labels from 0 to k_j - 1."""
        return _within(y, self.sizes, whole=True)

    def distance(self, mean, labels, known, key) -> tf.Tensor:
        """Return the cross entropy."""
        values = tf.range(max(self.sizes), dtype=tf.float32)
        places = self.slope * values + self.bias if self.use_order else self.places
        sigma = self.learned_sigma if self.sigma is None else self.sigma
        codes = mean[:, : labels.shape[1], None]
        logits = -tf.square((codes - places) * sigma)  # (batch, factors, values)
        exists = values[None] < tf.constant(self.sizes, tf.float32)[:, None]
        logits = tf.where(exists, logits, -1e9)  # labels have different numbers of values
        entropy = tf.nn.sparse_softmax_cross_entropy_with_logits(
            labels=tf.cast(labels, tf.int32), logits=logits
        )
        mean_entropy = tf.math.divide_no_nan(
            tf.reduce_sum(known * entropy, axis=0), tf.reduce_sum(known, axis=0)
        )
        return tf.reduce_sum(mean_entropy)


@serializable
class LabelInformation(LabelLoss):
    """sum_{l != j} I(mean_l; y_j)^2, each information estimated by a small critic network (MINE).

    I >= mean T(mean_l, y_j) + ln n - logsumexp T(mean_l, shuffled y_j) over n labelled images, with
    T = w elu(a mean + b y + c); a last bias would cancel. The critics climb the bounds in the same
    step in which the encoder lowers the squares; neither sees the other's gradient. Weights are
    scaled by `critic_rate`, so that under Adam they learn that many times faster than the model.
    Bounds are taken per replica on several devices.

    Args:
        labels: number of labels.
        latents: number of latents.
        hidden: units of a critic.
        critic_rate: learning rate of the critics over the model's; 100 makes the study's 0.01.
        initial_seed: of the critics.
        gamma: see `LabelLoss`.
        schedule: see `LabelLoss`.
        schedule_steps: see `LabelLoss`.

    Reference: Belghazi et al., "Mutual information neural estimation", ICML 2018.
    """

    def __init__(
        self,
        labels: int,
        latents: int = 10,
        *,
        hidden: int = 20,
        critic_rate: float = 100.0,
        initial_seed: int = 0,
        gamma: float | Schedule = 1.0,
        schedule: str = "fixed",
        schedule_steps: int = 100_000,
    ):
        super().__init__(gamma=gamma, schedule=schedule, schedule_steps=schedule_steps)
        self.labels = labels
        self.latents = latents
        self.hidden = hidden
        self.critic_rate = critic_rate
        self.initial_seed = initial_seed

        def weight(name: str, spread: float, seed: int, *shape: int):
            return self.add_weight(
                name=name,
                shape=(latents, labels, *shape),
                initializer=keras.initializers.RandomNormal(stddev=spread / critic_rate, seed=seed),
            )

        self.of_code = weight("of_code", 1.0, initial_seed, hidden)
        self.of_label = weight("of_label", 1.0, initial_seed + 1, hidden)
        self.hidden_bias = weight("hidden_bias", 0.0, initial_seed + 2, hidden)
        self.out = weight("out", hidden**-0.5, initial_seed + 3, hidden)

    def checked(self, y) -> tf.Tensor:
        """Return as many labels as there are critics for."""
        if y.shape[1] != self.labels:
            raise ValueError(f"expected {self.labels} labels an image, got {y.shape[1]}")
        return y

    def distance(self, mean, labels, known, key, weights=None) -> tf.Tensor:
        """Return the sum of squared bounds beside the diagonal, critics held fixed."""
        weights = [tf.stop_gradient(w) for w in (weights or self._weights())]
        information = self.information(mean, labels, known, key, weights)
        off_diagonal = 1 - tf.eye(self.latents, self.labels)
        return tf.reduce_sum(tf.square(off_diagonal * information))

    def penalty(self, code, y, *, step, key) -> tuple[tf.Tensor, dict[str, tf.Tensor]]:
        """Return the weighted distance, less the bounds that the critics climb."""
        labels, known = self.known_labels(code, y)
        # Read once: TensorFlow's graph optimizer may let a second reading slip behind the update.
        weights = self._weights()
        distance = self.distance(code.mean, labels, known, key, weights)
        bounds = self.information(tf.stop_gradient(code.mean), labels, known, key, weights)
        return self.weight(step) * distance - tf.reduce_sum(bounds), {"labels": distance}

    def information(self, mean, labels, known, key, weights) -> tf.Tensor:
        """Return the bounds (latents, labels) in nats."""
        unlabelled = 1 - tf.reduce_min(known, axis=1)
        n = tf.reduce_sum(1 - unlabelled)
        # Labelled images first, in order and in a random order: joint and shuffled pairs.
        order = tf.argsort(unlabelled, stable=True)
        uniform = tf.random.stateless_uniform(tf.shape(unlabelled), key, alg="philox")
        shuffled = tf.argsort(uniform + unlabelled, stable=True)
        codes = tf.gather(mean, order)
        in_use = (tf.cast(tf.range(tf.shape(mean)[0]), tf.float32) < n)[:, None, None]
        joint = _critic(codes, tf.gather(labels, order), weights)
        product = _critic(codes, tf.gather(labels, shuffled), weights)
        mean_joint = tf.math.divide_no_nan(tf.reduce_sum(tf.where(in_use, joint, 0.0), axis=0), n)
        sum_product = tf.reduce_logsumexp(tf.where(in_use, product, -1e9), axis=0)
        bound = mean_joint + tf.math.log(tf.maximum(n, 1.0)) - sum_product
        return tf.where(n > 0, bound, 0.0)  # without labels there is no bound

    def _weights(self) -> list[tf.Tensor]:
        scaled = (self.of_code, self.of_label, self.hidden_bias, self.out)
        return [self.critic_rate * tf.convert_to_tensor(weight) for weight in scaled]


def _within(y: tf.Tensor, sizes: Sequence[int], *, whole: bool = False) -> tf.Tensor:
    """Return labels (batch, factors) that lie in 0..k_j - 1, or are missing."""
    if y.shape[1] != len(sizes):
        raise ValueError(
            f"expected {len(sizes)} labels an image, one for each of sizes={tuple(sizes)}, got "
            f"{y.shape[1]}"
        )
    largest = tf.constant(sizes, tf.float32) - 1
    wrong = (y < 0) | (y > largest)  # NaN is neither
    if whole:
        wrong |= ~tf.math.is_nan(y) & tf.not_equal(y, tf.floor(y))

    def explain(values, wrong) -> None:
        row, column = np.argwhere(wrong)[0]
        raise ValueError(
            f"expected {'whole ' if whole else ''}labels from 0 to {sizes[column] - 1} in column "
            f"{column}, or NaN where one is missing, got {values[row, column]:g}"
        )

    return checks.refused(y, tf.reduce_any(wrong), explain, y, wrong)


def _batch_sum(values: tf.Tensor) -> tf.Tensor:
    """Return a sum over all images: times the number of replicas, over which Keras averages."""
    return tf.reduce_sum(values) * tf.distribute.get_strategy().num_replicas_in_sync


def _critic(codes, labels, weights) -> tf.Tensor:
    """Return T (batch, latents, labels) of codes (batch, latents) and labels (batch, labels)."""
    of_code, of_label, hidden_bias, out = weights
    hidden = tf.nn.elu(
        of_code * codes[:, :, None, None] + of_label * labels[:, None, :, None] + hidden_bias
    )
    return tf.reduce_sum(out * hidden, axis=3)
