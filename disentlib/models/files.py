"""Models on disk: `.keras` files with weights and optimizer, written whole or not at all."""

import os
import zipfile
from pathlib import Path

import keras

from disentlib.models.vae import VAE


def save(model: VAE, path: str | os.PathLike) -> None:
    """Write a model with its optimizer's state, so that a crash leaves the old file or the new one.

    Args:
        model: any method.
        path: ends with `.keras`.

    Raises:
        OSError: if the file cannot be written (a full disk, say); an older file is untouched.
    """
    path = Path(path)
    partial = path.with_name(f".{path.stem}.partial.keras")
    try:
        model.save(partial)
        with partial.open("rb") as file:
            os.fsync(file.fileno())
        partial.replace(path)
    except Exception as error:
        partial.unlink(missing_ok=True)
        kept = "the older file is untouched" if path.exists() else "no older file exists"
        raise OSError(f"could not write {path} ({error}); {kept}") from error


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
