"""Models on disk: `.keras` files with weights and optimizer, written whole or not at all."""

import json
import os
import textwrap
import zipfile
from pathlib import Path

import h5py
import keras
import numpy as np

from disentlib import files, limits
from disentlib.models.method import Method

# Keras's members of the archive.
_CONFIG, _WEIGHTS = "config.json", "model.weights.h5"

# A configuration, a few kilobytes, may take 1 / CONFIG_SHARE of the memory that a file may take.
CONFIG_SHARE = 128


def save(model: Method, path: str | os.PathLike, *, configuration: str | None = None) -> None:
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
                # In the comment: Keras unpacks archives with members that it does not know.
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
            digest: str = json.loads(archive.comment)["configuration"]
            return digest
    except (zipfile.BadZipFile, ValueError, TypeError, KeyError) as error:
        raise ValueError(f"expected a .keras file, {path} is damaged ({error})") from error


def load(path: str | os.PathLike) -> Method:
    """Return the model that `save` or `model.save` wrote, compiled if it was, ready to train on.

    Nothing in the file is executed: Keras's safe mode refuses pickled functions. Sizes are checked
    before anything is read: what a file declares beyond its own size must stay below
    `limits.limit()`, which the environment's DISENTLIB_LIMIT_GB moves.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if it is not a model of disentlib, damaged, too large, or holds weights that
            are not finite. The message names the file and takes one line.
    """
    path = Path(path).expanduser()
    if not path.exists():
        raise FileNotFoundError(f"expected a .keras file, found nothing at {path}")
    limits.check_regular(path)
    try:
        _check_archive(path)
        model = keras.saving.load_model(path, safe_mode=True)
    except Exception as error:
        raise ValueError(f"could not read the model in {path}: {_line(error)}") from error
    if not isinstance(model, Method):
        raise ValueError(f"expected a model of disentlib in {path}, got {type(model).__name__}")
    if broken := _broken(model):
        raise ValueError(
            f"expected finite weights in {path}, got NaN or infinity in {', '.join(broken[:3])}"
        )
    return model


def _check_archive(path: Path) -> None:
    """Raise a ValueError unless a file is an archive of Keras's within the limits of memory."""
    if not zipfile.is_zipfile(path):
        raise ValueError("expected a .keras file, it is damaged or something else")
    with zipfile.ZipFile(path) as archive:
        members = {info.filename: info for info in archive.infolist()}
        if not {_CONFIG, _WEIGHTS} <= {*members}:
            raise ValueError(
                f"expected the .keras file of a whole model with {_CONFIG} and {_WEIGHTS}, got an "
                f"archive of {', '.join([*members][:3]) or 'nothing'}"
            )
        size, largest = members[_CONFIG].file_size / 1e6, limits.limit() / CONFIG_SHARE / 1e6
        if size > largest:
            raise ValueError(
                f"expected a {_CONFIG} of at most {largest:.0f} MB, got {size:,.0f} MB: if you "
                f"trust the file, set a larger {limits.VARIABLE}"
            )
        limits.check(path, sum(info.file_size for info in members.values()), "members")
        with archive.open(_WEIGHTS) as stream, h5py.File(stream, "r") as weights:
            sizes = [0]

            def add(name: str, item) -> None:
                if isinstance(item, h5py.Dataset):
                    if item.is_virtual or item.external:
                        raise ValueError(f"expected all weights in the file, got {name} elsewhere")
                    sizes.append(item.nbytes)

            weights.visititems(add)
        limits.check(path, sum(sizes), "weights")


def _broken(model: Method) -> list[str]:
    """Return the paths of the variables of a model and its optimizers that are not finite."""
    variables = [*model.variables]
    for optimizer in model.optimizers:
        variables += optimizer.variables
    return [weight.path for weight in variables if not np.isfinite(np.asarray(weight)).all()]


def _line(error: Exception) -> str:
    """Return what an error says in one line, the cause alone where Keras wraps it."""
    text = str(error).rpartition("Exception encountered: ")[2]
    return textwrap.shorten(text, 400, placeholder=" ...") or type(error).__name__
