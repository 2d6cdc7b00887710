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

from disentlib import data

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
    """Run a test that asks for a `case` or a `world` on every one there is."""
    if "case" in metafunc.fixturenames:
        metafunc.parametrize("case", answers()["cases"], indirect=True)
    if "world" in metafunc.fixturenames:
        metafunc.parametrize("world", answers()["dataset_cases"], indirect=True)


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


@pytest.fixture(
    params=sorted(name for name in answers()["extra"] if name.startswith("gaussian_posteriors"))
)
def extra_posteriors(request, extra) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Posteriors as above, and the answers of Chen et al.'s program."""
    arrays, expected = extra(request.param)
    return arrays, expected["chen"]


class Grid(data.GroundTruthData):
    """A data set whose images are its factors."""

    name = "grid"
    dtype = np.dtype(np.float64)

    def __init__(self, factor_sizes):
        self.factor_sizes = tuple(map(int, factor_sizes))
        self.factor_names = tuple(f"factor {k}" for k in range(len(self.factor_sizes)))
        self.image_shape = (1, 1, len(self.factor_sizes))

    def _images(self, factors, rng):
        return factors[:, None, None, :].astype(np.float64)


@dataclass(frozen=True)
class World:
    """A data set and an encoder, and what another program answered for them."""

    name: str
    data: Grid
    table: np.ndarray
    wave: tuple[np.ndarray, np.ndarray, np.ndarray] = field(repr=False)
    expected: dict[str, Any] = field(repr=False)

    def encode(self, images):
        """The sum of a row a factor value, and a wave over all factors."""
        factors = images[:, 0, 0].astype(int)
        codes = np.zeros((len(factors), self.table.shape[1]))
        start = 0
        for values, size in zip(factors.T, self.data.sizes, strict=True):
            codes = codes + self.table[start + values]
            start += size
        amplitude, frequency, phase = self.wave
        return codes + amplitude * np.sqrt(2) * np.sin(factors @ frequency + phase)


@pytest.fixture
def world(request) -> World:
    name = request.param
    with np.load(ORACLE / "cases" / f"{name}.npz") as arrays:
        wave = (arrays["noise_amp"], arrays["noise_omega"], arrays["noise_phase"])
        expected = answers()["dataset_cases"][name]["expected"]
        return World(name, Grid(arrays["factor_sizes"]), arrays["table"], wave, expected)


@pytest.fixture(scope="session", params=answers()["extra"].keys() & {"udr_a", "udr_b"})
def collection(request) -> tuple[np.ndarray, np.ndarray, dict[str, Any]]:
    """Codes of several models, their divergences from the prior, and answers for them."""
    with np.load(ORACLE / "cases" / f"{request.param}.npz") as arrays:
        expected = answers()["extra"][request.param]["expected"]["dlib@sk0.21.3"]
        return arrays["codes"], arrays["kl"], expected
