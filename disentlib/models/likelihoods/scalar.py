"""What distributions of numbers that TensorFlow Probability does not have share."""

from typing import Any

import tensorflow as tf
from tensorflow_probability import distributions as tfd


class Scalar(tfd.Distribution):
    """A distribution of single numbers, without a gradient through its draws.

    Subclasses give `_parameter_properties`, `_log_prob`, `_mean` and `_sample_n`.

    Args:
        dtype: of the numbers.
        name: of the distribution.
        parameters: what it is made of, kept as attributes of these names.
    """

    def __init__(self, dtype: tf.DType, name: str, **parameters: Any):
        for key, value in parameters.items():
            setattr(self, key, value)
        super().__init__(
            dtype=dtype,
            reparameterization_type=tfd.NOT_REPARAMETERIZED,
            validate_args=False,
            allow_nan_stats=False,
            parameters=parameters | {"name": name},
            name=name,
        )

    def _event_shape(self):
        return tf.TensorShape([])

    def _event_shape_tensor(self):
        return tf.constant([], tf.int32)
