"""What tests share: versions in pytest's header, the reference folder, Hypothesis's settings."""

import functools
import json
import os
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

import hypothesis
import numpy as np
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


@dataclass(frozen=True)
class Case:
    """Codes and factors, and what other programs answered for them: `expected[program][score]`."""

    name: str
    codes: np.ndarray
    factors: np.ndarray
    train: int  # rows before it train, the others test
    expected: dict[str, Any] = field(repr=False)

    def __getitem__(self, program: str) -> dict[str, Any]:
        return self.expected[program]


# All cases where the reference folder is; otherwise the few that tools/golden_cases.py chose.
ORACLE = next(
    folder
    for folder in (
        Path(os.environ.get("DISENTLIB_TEST_DATA", "/nonexistent")) / "oracle",
        Path(__file__).parent / "golden" / "oracle",
    )
    if folder.is_dir()
)


@functools.cache
def answers() -> dict[str, Any]:
    return json.loads((ORACLE / "expected.json").read_text(encoding="utf-8"))


def pytest_generate_tests(metafunc):
    """Run a test that asks for a `case` on every case there is."""
    if "case" in metafunc.fixturenames:
        metafunc.parametrize("case", answers()["cases"], indirect=True)


@pytest.fixture
def case(request) -> Case:
    name = request.param
    with np.load(ORACLE / "cases" / f"{name}.npz") as arrays:
        train = int(arrays["n_train"])
        expected = answers()["cases"][name]["expected"]
        return Case(name, arrays["codes"], arrays["factors"], train, expected)


@pytest.fixture(scope="session")
def extra():
    """Inputs of single formulas by name: extra("matrices") -> arrays, expected[program]."""

    def load(name: str) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        with np.load(ORACLE / "cases" / f"{name}.npz") as arrays:
            return dict(arrays), answers()["extra"][name]["expected"]

    return load


@pytest.fixture
def posteriors() -> dict[str, np.ndarray]:
    """Gaussian posteriors of a complete grid of factors: mean, log_sigma, samples, factors."""
    with np.load(ORACLE / "cases" / "gaussian_posteriors_a.npz") as arrays:
        return dict(arrays)
