"""Models on disk: `.keras` files with weights and optimizer, written whole or not at all."""

import json
import os
import zipfile
from pathlib import Path

import keras

from disentlib import files
from disentlib.models.vae import VAE


def save(model: VAE, path: str | os.PathLike, *, configuration: str | None = None) -> None:
    """Write a model with its optimizer's state, so that a crash leaves the old file or the new one.

    Args:
        model: any method.
        path: ends with `.keras`.
        configuration: the digest of what the model was trained with; `configuration_of` reads it.

    Raises:
        OSError: if the file cannot be written (a full disk, say); an older file is untouched.
    """
    path = Path(path)
    try:
        with files.replacing(path) as partial:
            model.save(partial)
            if configuration is not None:
                # As a member of its own it would have Keras unpack the archive whenever it loads.
                with zipfile.ZipFile(partial, "a") as archive:
                    archive.comment = json.dumps({"configuration": configuration}).encode()
    except Exception as error:
        kept = "the older file is untouched" if path.exists() else "no older file exists"
        raise OSError(f"could not write {path} ({error}); {kept}") from error


def configuration_of(path: str | os.PathLike) -> str | None:
    """Return the digest that `save` was given; None for a file without one.

    Raises:
        ValueError: if the file is not a whole archive.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            if not archive.comment:
                return None
            found: str = json.loads(archive.comment)["configuration"]
            return found
    except (zipfile.BadZipFile, ValueError, TypeError, KeyError) as error:
        raise ValueError(f"expected a .keras file, {path} is damaged ({error})") from error


def load(path: str | os.PathLike) -> VAE:
    """Return the model that `save` or `model.save` wrote, compiled if it was, ready to train on.

    Nothing in the file is executed: Keras's safe mode refuses pickled functions.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if it is not a model of disentlib, or damaged.
    """
    path = Path(path).expanduser()
    if not path.is_file():
        raise FileNotFoundError(f"expected a .keras file, found nothing at {path}")
    if not zipfile.is_zipfile(path):
        raise ValueError(f"expected a .keras file, {path} is damaged or something else")
    try:
        model = keras.saving.load_model(path, safe_mode=True)
    except Exception as error:
        raise ValueError(f"could not read the model in {path}: {error}") from error
    if not isinstance(model, VAE):
        raise ValueError(f"expected a model of disentlib in {path}, got {type(model).__name__}")
    return model
