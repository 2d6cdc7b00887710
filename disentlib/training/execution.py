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
    def several(iterator: Any, count: tf.Tensor) -> tuple[dict[str, tf.Tensor], tf.Tensor]:
        none = tf.experimental.Optional.empty(iterator.element_spec)

        def body(done: tf.Tensor, _: tf.Tensor, batch: Any) -> tuple[tf.Tensor, tf.Tensor, Any]:
            logs = step(batch.get_value())
            finite = tf.reduce_all([tf.reduce_all(tf.math.is_finite(v)) for v in logs.values()])
            # Not one batch more than is trained on, or the next call would miss it.
            more = tf.logical_and(done + 1 < count, finite)
            return done + 1, finite, tf.cond(more, iterator.get_next_as_optional, lambda: none)

        done, finite, _ = tf.while_loop(
            lambda *loop: loop[-1].has_value(),
            body,
            (tf.constant(0), tf.constant(True), iterator.get_next_as_optional()),
            parallel_iterations=1,
        )
        return model.get_metrics_result(), tf.logical_and(done < count, finite)

    def function(iterator: Any) -> dict[str, tf.Tensor]:
        # A tensor, or each number of steps would be compiled anew.
        logs, ended = several(iterator, tf.constant(model.steps_per_execution))
        if ended:
            raise StopIteration  # as Keras's own function does
        return logs

    return function


def steps_per_execution(steps: int, most: int) -> int:
    """Return the largest divisor of `steps` that is at most `most`.

    >>> steps_per_execution(625, 50), steps_per_execution(7, 5)
    (25, 1)
    """
    return max(one for one in range(1, min(steps, most) + 1) if steps % one == 0)
