"""Weights that are pure functions of the step, so that they have no state to save.

Any weight of an objective takes a schedule instead of a number:
`models.BetaVAE(..., beta=losses.LinearSchedule(0.0, 4.0, steps=10_000))`.
"""

import abc
import dataclasses
import math

import keras
import tensorflow as tf


@dataclasses.dataclass(frozen=True)
class Schedule(abc.ABC):
    """A weight as a function of the step: `schedule(step)`, between `first` and `last`.

    A subclass is a frozen dataclass registered with `keras.saving.register_keras_serializable`.

    Args:
        first: the value at the start.
        last: the value in the end.
    """

    first: float = 0.0
    last: float = 1.0

    def __post_init__(self) -> None:
        if not (math.isfinite(self.first) and math.isfinite(self.last)):
            raise ValueError(f"expected finite first and last, got {self.first} and {self.last}")

    @abc.abstractmethod
    def __call__(self, step: tf.Tensor) -> tf.Tensor:
        """Return the value, a float32 scalar, at a step, an integer scalar."""

    @property
    def ends(self) -> tuple[float, float]:
        """The values between which the weight stays."""
        return self.first, self.last

    def get_config(self) -> dict:
        """Return the arguments, for Keras."""
        return dataclasses.asdict(self)

    @classmethod
    def from_config(cls, config: dict):
        """Build the schedule that `get_config` describes."""
        return cls(**config)


@keras.saving.register_keras_serializable("disentlib")
@dataclasses.dataclass(frozen=True)
class LinearSchedule(Schedule):
    """first + (last - first) min(max(step - delay, 0) / steps, 1): a warm-up, then constant.

    Args:
        first: the value until step `delay`.
        last: the value from step `delay + steps` on.
        steps: how long the change takes.
        delay: steps before it starts.

    Reference: Bowman et al., "Generating sentences from a continuous space", CoNLL 2016; Sonderby
    et al., "Ladder variational autoencoders", NeurIPS 2016.

    >>> schedule = LinearSchedule(0.0, 4.0, steps=100)
    >>> [float(schedule(step)) for step in (0, 25, 100, 500)]
    [0.0, 1.0, 4.0, 4.0]
    """

    steps: int = 10_000
    delay: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.steps < 1 or self.delay < 0:
            raise ValueError(
                f"expected steps >= 1 and delay >= 0, got {self.steps} and {self.delay}"
            )

    def __call__(self, step: tf.Tensor) -> tf.Tensor:
        """Return the value at a step."""
        elapsed = tf.maximum(tf.cast(step, tf.int64) - self.delay, 0)
        part = tf.minimum(tf.cast(elapsed, tf.float32) / self.steps, 1.0)
        return self.first + (self.last - self.first) * part


@keras.saving.register_keras_serializable("disentlib")
@dataclasses.dataclass(frozen=True)
class CyclicalSchedule(Schedule):
    """`cycles` times: from `first` to `last` in a part `ramp` of the cycle, then held at `last`.

    With t the step within a cycle of length c = steps / cycles:
    first + (last - first) min(t / (ramp c), 1). From step `steps` on it is `last`.

    Args:
        first: the value at the start of each cycle.
        last: the value at the end of each cycle.
        steps: the length of all cycles together, a multiple of `cycles`.
        cycles: how many there are; 4 in the paper.
        ramp: the part of a cycle in which the value rises, in (0, 1]; 0.5 in the paper.

    Reference: Fu et al., "Cyclical annealing schedule: A simple approach to mitigating KL
    vanishing", NAACL 2019.

    >>> schedule = CyclicalSchedule(0.0, 1.0, steps=80, cycles=2)
    >>> [float(schedule(step)) for step in (0, 10, 20, 39, 40, 50, 80)]
    [0.0, 0.5, 1.0, 1.0, 0.0, 0.5, 1.0]
    """

    steps: int = 10_000
    cycles: int = 4
    ramp: float = 0.5

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.cycles < 1 or self.steps < 1 or self.steps % self.cycles:
            raise ValueError(
                f"expected steps to be a positive multiple of cycles, got {self.steps} steps and "
                f"{self.cycles} cycles"
            )
        if not 0 < self.ramp <= 1:
            raise ValueError(f"expected ramp in (0, 1], got {self.ramp}")

    def __call__(self, step: tf.Tensor) -> tf.Tensor:
        """Return the value at a step."""
        step = tf.cast(step, tf.int64)
        length = self.steps // self.cycles
        part = tf.minimum(tf.cast(step % length, tf.float32) / (self.ramp * length), 1.0)
        value = self.first + (self.last - self.first) * part
        return tf.where(step < self.steps, value, self.last)


def linear(step: tf.Tensor, *, last: float, steps: int) -> tf.Tensor:
    """min(last, last * step / steps): from 0 to `last` over `steps` updates, then constant.

    AnnealedVAE's capacity, and the `anneal` schedule of the few-labels study.
    """
    return last * tf.minimum(tf.cast(step, tf.float32) / steps, 1.0)


def late(step: tf.Tensor, *, last: float, steps: int) -> tf.Tensor:
    """0 while step <= `steps`, then `last`: the `fine_tune` schedule of the few-labels study."""
    return tf.where(step > steps, last, 0.0)
