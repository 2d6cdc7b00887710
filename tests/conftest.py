"""What tests share: versions in pytest's header, the reference folder, Hypothesis's settings."""

import os
from importlib.metadata import version
from pathlib import Path

import hypothesis
import pytest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

# No deadlines: a busy machine is not a defect. The same examples each time: a red run stays red.
hypothesis.settings.register_profile("disentlib", deadline=None, derandomize=True)
hypothesis.settings.load_profile("disentlib")


def pytest_report_header():
    packages = ["numpy", "scipy", "scikit-learn", "tensorflow", "keras", "tensorflow-probability"]
    reference = os.environ.get("DISENTLIB_TEST_DATA", "none (tests against it are fewer)")
    return [
        ", ".join(f"{package} {version(package)}" for package in packages),
        f"reference data: {reference}",
    ]


@pytest.fixture(scope="session")
def reference() -> Path | None:
    """The folder of reference data and answers, where there is one: DISENTLIB_TEST_DATA."""
    folder = os.environ.get("DISENTLIB_TEST_DATA")
    return Path(folder) if folder else None
