"""Several training steps in one call of TensorFlow, which saves Python's overhead for each step."""

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from disentlib.models import Method


def train_function(model: Method) -> Callable[[Any], dict[str, tf.Tensor]]:
    """Return the function by which `fit` makes the next `model.steps_per_execution` steps.

    Terms and weights equal those of single steps bit for bit. The call ends early after a step
    whose mean loss or terms are not finite, so that no step is trained on NaN and `model.step` is
    the step that caused it. Keras's own loop would continue to the end.

    Args:
        model: compiled, trained on one device.
    """
    step = tf.function(
        model.train_step, autograph=False, reduce_retracing=True, jit_compile=model.jit_compile
    )

    @tf.function(autograph=False, reduce_retracing=True)
    def make_steps(iterator: Any, count: tf.Tensor) -> tuple[dict[str, tf.Tensor], tf.Tensor]:
        none = tf.experimental.Optional.empty(iterator.element_spec)

        def body(done: tf.Tensor, _: tf.Tensor, batch: Any) -> tuple[tf.Tensor, tf.Tensor, Any]:
            logs = step(batch.get_value())
            finite = tf.reduce_all([tf.reduce_all(tf.math.is_finite(v)) for v in logs.values()])
            # A batch that is taken but not trained on would be missing in the next call.
            continues = tf.logical_and(done + 1 < count, finite)
            return done + 1, finite, tf.cond(continues, iterator.get_next_as_optional, lambda: none)

        done, finite, _ = tf.while_loop(
            lambda *loop: loop[-1].has_value(),
            body,
            (tf.constant(0), tf.constant(True), iterator.get_next_as_optional()),
            parallel_iterations=1,
        )
        return model.get_metrics_result(), tf.logical_and(done < count, finite)

    def function(iterator: Any) -> dict[str, tf.Tensor]:
        # A tensor: TensorFlow compiles the function anew for each Python number.
        logs, ended = make_steps(iterator, tf.constant(model.steps_per_execution))
        if ended:
            raise StopIteration  # as Keras's own function does
        return logs

    return function


def steps_per_execution(steps: int, limit: int) -> int:
    """Return the largest divisor of `steps` that is at most `limit`.

    >>> steps_per_execution(625, 50), steps_per_execution(7, 5)
    (25, 1)
    """
    return max(count for count in range(1, min(steps, limit) + 1) if steps % count == 0)
