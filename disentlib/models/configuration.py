"""Objects that Keras saves and builds again from exactly the arguments of their `__init__`."""

import copy
import inspect

import keras


class SignatureConfig:
    """Serialisation that costs a class one decorator: each argument is an attribute of its name."""

    def get_config(self) -> dict:
        """Return exactly the arguments of `__init__`."""
        names = list(inspect.signature(type(self).__init__).parameters)[1:]
        return {name: keras.saving.serialize_keras_object(getattr(self, name)) for name in names}

    @classmethod
    def from_config(cls, config: dict):
        """Build the object that `get_config` describes."""
        config = copy.deepcopy(config)  # Keras takes it apart
        return cls(**{name: keras.saving.deserialize_keras_object(v) for name, v in config.items()})


serializable = keras.saving.register_keras_serializable("disentlib")
