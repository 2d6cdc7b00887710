"""The discretised logistic likelihood of pixels that have a known number of levels."""

from typing import Any, ClassVar

import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp
from tensorflow_probability import distributions as tfd

from disentlib.models import checks
from disentlib.models.configuration import serializable
from disentlib.models.likelihoods.likelihood import Likelihood
from disentlib.models.likelihoods.scalar import Scalar

#: Log-scales outside these limits are clipped, so that no density grows without bound.
LOG_SCALE_LIMITS = (-7.0, 7.0)


@serializable
class DiscretizedLogistic(Likelihood):
    """p(x|z) = prod_p F(x_p + h) - F(x_p - h), F the logistic function of location m and scale s.

    Pixels are k / (levels - 1); h is half the distance of two levels. The lowest level has all mass
    below it, the highest all above. The decoder gives two numbers an element, m and ln s; ln s is
    clipped to [-7, 7].

    Args:
        levels: how many values a pixel has, at least 2; 256 for images of bytes.

    Reference: Salimans et al., "PixelCNN++", ICLR 2017, equation 2, on [0, 1].
    """

    unit: ClassVar[bool] = True
    parameters = 2

    def __init__(self, levels: int = 256):
        super().__init__()
        if levels < 2:
            raise ValueError(f"expected levels of at least 2, got {levels}")
        self.levels = levels

    def elements(  # type: ignore[override]
        self, location: tf.Tensor, log_scale: tf.Tensor, *, x: Any = None
    ) -> tfd.Distribution:
        """Return discretised logistic distributions."""
        log_scale = tf.clip_by_value(log_scale, *LOG_SCALE_LIMITS)
        return LogisticLevels(location, log_scale, self.levels)

    def check(self, x: tf.Tensor) -> tf.Tensor:
        """Refuse what is none of the levels."""
        steps = self.levels - 1
        wrong = tf.reduce_any(tf.abs(x * steps - tf.round(x * steps)) > 1e-2)

        def explain(array: np.ndarray) -> None:
            odd = array[np.abs(array * steps - np.round(array * steps)) > 1e-2][0]
            raise ValueError(
                f"expected pixels of {self.levels} levels, k / {steps}, got {odd:g}: give bytes, "
                "or another number of levels"
            )

        return checks.refused(x, wrong, explain, x)


class LogisticLevels(Scalar):
    """A logistic variable rounded to the nearest of k / (levels - 1), k = 0, ..., levels - 1.

    Args:
        location: of the logistic variable.
        log_scale: the logarithm of its scale, of the same shape.
        levels: how many values there are.
    """

    def __init__(self, location, log_scale, levels: int, name: str = "LogisticLevels"):
        super().__init__(
            location.dtype, name, location=location, log_scale=log_scale, levels=levels
        )

    @classmethod
    def _parameter_properties(cls, dtype, num_classes=None):  # noqa: ARG003
        return {
            "location": tfp.util.ParameterProperties(),
            "log_scale": tfp.util.ParameterProperties(),
        }

    def _log_prob(self, x):
        half = 0.5 / (self.levels - 1)
        below = (x - half - self.location) * tf.exp(-self.log_scale)
        above = (x + half - self.location) * tf.exp(-self.log_scale)
        width = 2 * half * tf.exp(-self.log_scale)
        # F(b) - F(a) = F(b) F(-a) (1 - exp(a - b)), a product of what cannot cancel.
        log_above = tf.math.log_sigmoid(above)
        log_below = tf.math.log_sigmoid(-below)
        between = log_above + log_below + tfp.math.log1mexp(width)
        inner = tf.where(x > 1 - half, log_below, between)
        return tf.where(x < half, log_above, inner)

    def _mean(self):
        # E[k] is the sum of P(K >= k), level by level: no array is larger than the pixels.
        steps = self.levels - 1
        edges = (tf.range(1, self.levels, dtype=self.dtype) - 0.5) / steps
        inverse = tf.exp(-self.log_scale)
        total = tf.foldl(
            lambda sum_, edge: sum_ + tf.sigmoid((self.location - edge) * inverse),
            edges,
            initializer=tf.zeros_like(self.location),
        )
        return total / steps

    def _sample_n(self, n, seed=None):
        logistic = tfd.Logistic(self.location, tf.exp(self.log_scale)).sample(n, seed=seed)
        steps = self.levels - 1
        return tf.round(tf.clip_by_value(logistic, 0.0, 1.0) * steps) / steps
