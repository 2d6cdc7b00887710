"""What tests share: pytest's header, the reference folder, Hypothesis's settings, a browser."""

import functools
import json
import os
import shutil
import time
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
    """Run a test that asks for a `case`, a `world` or a `formula` on every one there is."""
    if "case" in metafunc.fixturenames:
        metafunc.parametrize("case", answers()["cases"], indirect=True)
    if "world" in metafunc.fixturenames:
        metafunc.parametrize("world", answers()["dataset_cases"], indirect=True)
    if "formula" in metafunc.fixturenames:
        metafunc.parametrize("formula", answers()["extra"], indirect=True)


@pytest.fixture
def case(request) -> Case:
    name = request.param
    with np.load(ORACLE / "cases" / f"{name}.npz") as arrays:
        train = int(arrays["n_train"])
        expected = answers()["cases"][name]["expected"]
        return Case(name, arrays["codes"], arrays["factors"], train, expected)


@pytest.fixture
def formula(request) -> tuple[str, dict[str, np.ndarray], dict[str, Any]]:
    """Inputs of single formulas, by name, and what other programs answered for them."""
    name = request.param
    with np.load(ORACLE / "cases" / f"{name}.npz") as arrays:
        return name, dict(arrays), answers()["extra"][name]["expected"]


@pytest.fixture
def posteriors() -> dict[str, np.ndarray]:
    """Gaussian posteriors of a complete grid of factors: mean, log_sigma, samples, factors."""
    with np.load(ORACLE / "cases" / "gaussian_posteriors_a.npz") as arrays:
        return dict(arrays)


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


BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = ("--disable-gpu", "--disable-quic", "--disable-background-networking")
PATIENCE = 120  # seconds; a busy machine is not a defect


class Page:
    """One tab, with everything it complained about and every address it asked for."""

    def __init__(self, tab):
        self.tab = tab
        self.complaints, self.requests = [], []
        tab.set_default_timeout(1000 * PATIENCE)
        tab.on("pageerror", lambda error: self.complaints.append(str(error)))
        tab.on("console", lambda message: self.complaints.append(message.text))
        tab.on("request", lambda request: self.requests.append(request.url))

    def open(self, path, *, scheme="light"):
        self.tab.emulate_media(color_scheme=scheme)
        self.tab.goto(path.as_uri())

    def js(self, expression):
        """Evaluate an expression in the page and return its value."""
        return self.tab.evaluate(expression)

    def wait(self, condition):
        """Wait until an expression is true; the page's policy forbids the driver's own way."""
        end = time.monotonic() + PATIENCE
        while not self.js(condition):
            assert time.monotonic() < end, f"{condition} stayed false"
            self.tab.wait_for_timeout(20)

    def press(self, key):
        self.tab.keyboard.press(key)

    def screenshot(self, selector):
        """Return the PNG of what an element looks like."""
        return self.tab.locator(selector).first.screenshot()


@pytest.fixture(scope="session")
def browser():
    """A headless Chromium: the system's, for nothing else is downloaded."""
    found = [program for name in BROWSERS if (program := shutil.which(name))]
    if not found:
        pytest.skip(
            f"the report was NOT tested in a browser: none of {', '.join(BROWSERS)} on PATH"
        )
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=found[0], args=[*FLAGS], chromium_sandbox=False
        )
        yield browser
        browser.close()


@pytest.fixture
def page(browser):
    """A fresh tab."""
    context = browser.new_context(viewport={"width": 1280, "height": 1000})
    yield Page(context.new_page())
    context.close()
