"""What likelihoods of counts share: their mean in log space, the library size, the check of x."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from disentlib import named
from disentlib.models import checks
from disentlib.models.likelihoods.likelihood import Likelihood

#: Logarithms of means above this are clipped: no count is that large, and gradients stay finite.
LOG_MEAN_LIMIT = 30.0


class CountLikelihood(Likelihood):
    """A likelihood of counts, of mean exp(output) or library * softmax(output).

    Args:
        library: whether the mean is a share of the library size, the sum of an observation's
            counts or x["library"] (batch,) or (batch, 1): library * softmax(output) over all
            elements of an observation. Codes that are decoded without x have a library of 1, so
            that their mean is the expected shares.
    """

    def __init__(self, *, library: bool = False):
        super().__init__()
        self.library = library
        self.reads_x = library

    def log_mean(self, output: tf.Tensor, x: Any) -> tf.Tensor:
        """Return the logarithm of the mean of each element."""
        if not self.library:
            return tf.minimum(output, LOG_MEAN_LIMIT)
        axes = list(range(1, output.shape.rank))
        shares = output - tf.reduce_logsumexp(output, axis=axes, keepdims=True)
        if x is None:
            return shares
        if isinstance(x, Mapping) and "library" in x:
            size = tf.cast(x["library"], tf.float32)
        else:
            size = tf.reduce_sum(tf.cast(named.observation(x), tf.float32), axis=axes)
        # An observation without counts has the smallest positive mean, and so a finite loss.
        size = tf.math.log(tf.maximum(size, np.finfo(np.float32).tiny))
        return tf.reshape(size, (-1, *[1] * len(axes))) + shares

    def check(self, x: tf.Tensor) -> tf.Tensor:
        """Refuse what is not a count."""
        return check_whole(x)


def check_whole(x: tf.Tensor, *, most: int | None = None) -> tf.Tensor:
    """Return x if its values are whole numbers from 0 (to `most`), also from a compiled step.

    Raises:
        ValueError: for other values; from a compiled step within `checks.plain_errors`.
    """
    wrong = tf.reduce_any(tf.logical_or(x < 0, tf.not_equal(x, tf.round(x))))
    if most is not None:
        wrong = tf.logical_or(wrong, tf.reduce_any(x > most))

    def explain(array: np.ndarray) -> None:
        outside = (array < 0) | (array != np.round(array)) | (array > (most or np.inf))
        wanted = "of at least 0" if most is None else f"from 0 to {most}"
        raise ValueError(
            f"expected whole numbers {wanted}, got {array[outside][0]:g}: give counts and classes "
            "as floats, for uint8 is read as pixels and divided by 255"
        )

    return checks.refused(x, wrong, explain, x)
