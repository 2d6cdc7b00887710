"""Several training steps in one call of TensorFlow: Python takes most of a small network's time."""

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from disentlib.models import Method


def train_function(model: Method) -> Callable[[Any], dict[str, tf.Tensor]]:
    """Return what `fit` calls to make the next `model.steps_per_execution` steps.

    The figures are those of as many single calls, bit for bit. The call ends early after a step
    whose mean loss or terms are not finite, so that nothing is trained on NaN and `model.step` is
    where it came from. Keras's own loop would go on to the end.

    Args:
        model: compiled, trained on one device.
    """
    step = tf.function(
        model.train_step, autograph=False, reduce_retracing=True, jit_compile=model.jit_compile
    )

    @tf.function(autograph=False, reduce_retracing=True)
    def several(iterator: Any, count: tf.Tensor) -> dict[str, tf.Tensor]:
        def body(done: tf.Tensor, _: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            logs = step(iterator.get_next())
            finite = [tf.reduce_all(tf.math.is_finite(value)) for value in logs.values()]
            return done + 1, tf.reduce_all(finite)

        def more(done: tf.Tensor, finite: tf.Tensor) -> tf.Tensor:
            return tf.logical_and(done < count, finite)

        tf.while_loop(more, body, (tf.constant(0), tf.constant(True)), parallel_iterations=1)
        return model.get_metrics_result()

    # A tensor, or each number of steps would be compiled anew.
    return lambda iterator: several(iterator, tf.constant(model.steps_per_execution))


def steps_per_execution(steps: int, most: int) -> int:
    """Return the largest divisor of `steps` that is at most `most`.

    >>> steps_per_execution(625, 50), steps_per_execution(7, 5)
    (25, 1)
    """
    return max(one for one in range(1, min(steps, most) + 1) if steps % one == 0)
