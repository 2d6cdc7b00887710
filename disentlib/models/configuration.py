"""Objects that Keras saves and builds again from exactly the arguments of their `__init__`."""

import copy
import functools
import inspect
import math
import types
from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf

from disentlib.losses.schedules import Schedule


class SignatureConfig:
    """Serialisation that costs a class one decorator: each argument is an attribute of its name.

    Weights of the objective (`ObjectiveWeight`) may be set at any time. All other arguments stay as
    they were given, because compiled steps would keep the old value.
    """

    def __init_subclass__(cls, **options: Any) -> None:
        """Let `inspect.signature` say what `__init__` takes, an inherited one, too.

        Python 3.11.2 would read the `__new__` of Keras, which takes anything.
        """
        super().__init_subclass__(**options)
        signature = inspect.signature(cls.__init__)
        own = list(signature.parameters.values())[1:]
        cls.__signature__ = signature.replace(parameters=own)  # type: ignore[attr-defined]

    def get_config(self) -> dict:
        """Return exactly the arguments of `__init__`, weights of the objective as they are now."""
        return {
            name: keras.saving.serialize_keras_object(self._argument(name))
            for name in self._arguments()
        }

    @classmethod
    def from_config(cls, config: dict):
        """Build the object that `get_config` describes."""
        config = copy.deepcopy(config)  # deserialization changes it in place
        return cls(**{name: keras.saving.deserialize_keras_object(v) for name, v in config.items()})

    def check_weights(self) -> None:
        """Raise a ValueError if the weights of the objective do not go together."""

    def __setattr__(self, name: str, value: Any) -> None:
        """Set an attribute; arguments other than weights of the objective only once."""
        if name in self._arguments() and (name in self.__dict__ or _is_defined(type(self), name)):
            old = self.__dict__.get(name, self)
            plain = isinstance(value, bool | int | float | str | tuple) and type(value) is type(old)
            if value is not old and not (plain and value == old):
                method = type(self).__name__
                weights = [
                    argument for argument in self._arguments() if _weight(type(self), argument)
                ]
                raise AttributeError(
                    f"{method}.{name} stays as it was given, for compiled steps would go on with "
                    f"it: build another {method} with {name}=... "
                    f"(what may be set while training: {', '.join(weights) or 'nothing'})"
                )
        super().__setattr__(name, value)

    def _arguments(self) -> tuple[str, ...]:
        return _parameters(type(self).__init__)

    def _argument(self, name: str) -> Any:
        weight = _weight(type(self), name)
        return getattr(self, name) if weight is None else weight.argument(self)


class _Stored(NamedTuple):
    argument: float | Schedule | None
    variable: tf.Variable | None  # None beside a schedule


class ObjectiveWeight:
    """A weight of an objective that compiled steps follow: `model.beta = 300.0` at any time.

    Declared in the class, given in `__init__`, read in `objective` like a number. Eager code reads
    a float; a compiled step reads a variable with the same value. Files keep it as the argument of
    `__init__` that it is. A `losses.Schedule` is evaluated at the model's step, and a weight that
    follows one cannot be set by hand.

    Args:
        least: the smallest value that the objective allows.
        most: the largest one.
        absent: the number that None stands for; without it, None is refused.

    Raises:
        TypeError: when set to something else than a number or a schedule.
        ValueError: when set to a value that the objective does not allow.
        AttributeError: when set by hand while it follows a schedule, or to another schedule.
    """

    def __init__(
        self, *, least: float = 0.0, most: float = math.inf, absent: float | None = None
    ) -> None:
        self.least = least
        self.most = most
        self.absent = absent

    def __set_name__(self, owner: type, name: str) -> None:
        """Learn the attribute's name."""
        self.name = name
        self.key = f"_{name}_weight"

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        """Return the weight as it is now: a float, or a tensor while a graph is built."""
        if instance is None:
            return self
        argument, variable = self._stored(instance)
        eager = tf.executing_eagerly()
        if isinstance(argument, Schedule):
            value = argument(instance.step)
            return float(value) if eager else value
        return argument if eager else tf.convert_to_tensor(variable)

    def __set__(self, instance: Any, value: Any) -> None:
        """Set the weight: in `__init__` first, then at any time."""
        label = f"{type(instance).__name__}.{self.name}"
        argument = self._checked(label, value)
        scheduled = isinstance(argument, Schedule)
        if self.key not in instance.__dict__:
            variable = None if scheduled else tf.Variable(self._number(argument), trainable=False)
            instance.__dict__[self.key] = _Stored(argument, variable)
            return
        before = self._stored(instance)
        if before.variable is None or scheduled:
            if before.argument == argument:
                return
            raise AttributeError(
                f"{label} is {before.argument} and compiled steps would go on with it: schedules "
                f"are given when the model is built, and only numbers are set while training"
            )
        instance.__dict__[self.key] = _Stored(argument, before.variable)
        try:
            instance.check_weights()
        except ValueError:
            instance.__dict__[self.key] = before
            raise
        before.variable.assign(self._number(argument))

    def argument(self, instance: Any) -> float | Schedule | None:
        """Return what `__init__` takes to build the weight as it is now."""
        return self._stored(instance).argument

    def ends(self, instance: Any) -> tuple[float, float]:
        """Return the smallest and the largest value that the weight takes."""
        argument = self.argument(instance)
        if isinstance(argument, Schedule):
            return min(argument.ends), max(argument.ends)
        return self._number(argument), self._number(argument)

    def _stored(self, instance: Any) -> _Stored:
        try:
            return instance.__dict__[self.key]
        except KeyError:
            raise AttributeError(f"{type(instance).__name__}.{self.name} is not set yet") from None

    def _number(self, argument: Any) -> float:
        number: Any = self.absent if argument is None else argument
        return float(number)

    def _checked(self, label: str, value: Any) -> float | Schedule | None:
        """Return a value as a float, a schedule or None, if the objective allows it."""
        if value is None and self.absent is not None:
            return None
        if isinstance(value, Schedule):
            ends: tuple[float, ...] = value.ends
        else:
            value = _float(label, value)
            ends = (value,)
        if not all(math.isfinite(end) and self.least <= end <= self.most for end in ends):
            limits = f"{self.least:g} to {self.most:g}"
            if math.isinf(self.most):
                limits = f"at least {self.least:g}" if math.isfinite(self.least) else "any"
            elif math.isinf(self.least):
                limits = f"at most {self.most:g}"
            raise ValueError(f"expected a finite number ({limits}) for {label}, got {value}")
        return value


@functools.cache
def _parameters(method: Any) -> tuple[str, ...]:
    """Return the names of what a method takes beside `self`."""
    return tuple(inspect.signature(method).parameters)[1:]


def _weight(cls: type, name: str) -> ObjectiveWeight | None:
    """Return the weight of the objective of a name, or None."""
    attribute = getattr(cls, name, None)
    return attribute if isinstance(attribute, ObjectiveWeight) else None


def _is_defined(cls: type, name: str) -> bool:
    """Return whether a class has a method or property of an argument's name, as `weights` is."""
    return isinstance(getattr(cls, name, None), property | types.FunctionType)


def _float(label: str, value: Any) -> float:
    """Return a real number of any type as a float; refuse booleans, text and arrays."""
    try:
        if not isinstance(value, bool | np.bool_ | str | bytes) and np.ndim(value) == 0:
            return float(value)
    except (TypeError, ValueError):
        pass
    raise TypeError(f"expected a number or a losses.Schedule for {label}, got {value!r}")


serializable = keras.saving.register_keras_serializable("disentlib")
