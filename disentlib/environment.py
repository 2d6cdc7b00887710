"""Versions, machine and command, on which figures may depend beside their configuration."""

import contextlib
import functools
import os
import platform
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

PACKAGES = (
    "disentlib",
    "tensorflow",
    "keras",
    "tensorflow-probability",
    "numpy",
    "scikit-learn",
    "gin-config",
)


@functools.cache
def versions() -> dict[str, str]:
    """Return the versions of the packages that are installed."""
    installed = {}
    for package in PACKAGES:
        with contextlib.suppress(metadata.PackageNotFoundError):
            installed[package] = metadata.version(package)
    return installed


def environment() -> dict[str, Any]:
    """Return versions, machine and command, for JSON."""
    return {
        "versions": versions(),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "processors": os.cpu_count(),
        "command": " ".join([Path(sys.argv[0]).name, *sys.argv[1:]]),
    }
