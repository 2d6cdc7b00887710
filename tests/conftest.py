"""What tests share: pytest's header, the reference folder, Hypothesis's settings, a browser."""

import base64
import functools
import json
import os
import select
import shutil
import subprocess
import sys
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


# A headless Chromium, driven through its debugging pipe: nothing to install but the browser.
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=1280,1000",
    "--remote-debugging-pipe",
)
# The browser reads from descriptor 3 and writes to 4.
LAUNCHER = """
import fcntl, os, sys
ends = [fcntl.fcntl(int(end), fcntl.F_DUPFD, 10) for end in sys.argv[1:3]]
for end, wanted in zip(ends, (3, 4)):
    os.dup2(end, wanted)
os.execv(sys.argv[3], sys.argv[3:])
"""
PATIENCE = 120  # seconds; a busy machine is not a defect


class Page:
    """One tab, with everything it complained about and every address it asked for."""

    def __init__(self, program, profile):
        ours, theirs = os.pipe(), os.pipe()  # commands to the browser, answers from it
        ends = (ours[0], theirs[1])
        command = [program, *FLAGS, f"--user-data-dir={profile}"]
        self.process = subprocess.Popen(
            [sys.executable, "-c", LAUNCHER, *map(str, ends), *command],
            pass_fds=ends,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        for end in ends:
            os.close(end)
        self.commands, self.answers = ours[1], theirs[0]
        self.session, self.number, self.unread = None, 0, b""
        self.complaints, self.requests = [], []

    def start(self):
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        attached = self.call("Target.attachToTarget", targetId=target, flatten=True)
        self.session = attached["sessionId"]
        for domain in ("Runtime", "Log", "Page", "Network"):
            self.call(f"{domain}.enable")

    def open(self, path, *, scheme="light"):
        feature = {"name": "prefers-color-scheme", "value": scheme}
        self.call("Emulation.setEmulatedMedia", features=[feature])
        self.call("Page.navigate", url=path.as_uri())
        self.wait(f"location.href === {json.dumps(path.as_uri())} && document.readyState")

    def js(self, expression):
        """Evaluate an expression in the page and return its value."""
        options = {"returnByValue": True, "awaitPromise": True}
        answer = self.call("Runtime.evaluate", expression=expression, **options)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def wait(self, condition):
        """Wait until an expression is true, or "complete" for the document's state."""
        end = time.monotonic() + PATIENCE
        while (value := self.js(condition)) not in (True, "complete"):
            assert time.monotonic() < end, f"{condition} stayed {value!r}"
            time.sleep(0.02)

    def press(self, key, code):
        for kind in ("rawKeyDown", "keyUp"):
            self.call(
                "Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=code
            )

    def screenshot(self, selector):
        """Return the PNG of what an element looks like."""
        box = self.js(
            f"(() => {{ const e = document.querySelector({json.dumps(selector)});"
            " e.scrollIntoView({block: 'center'}); const b = e.getBoundingClientRect();"
            " return {x: b.x + scrollX, y: b.y + scrollY, width: b.width, height: b.height} })()"
        )
        shot = self.call("Page.captureScreenshot", clip={**box, "scale": 1})
        return base64.b64decode(shot["data"])

    def call(self, method, **parameters):
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.commands, json.dumps(message).encode() + b"\0")
        while (answer := self._read()).get("id") != self.number:
            self._note(answer.get("method"), answer.get("params", {}))
        assert "error" not in answer, answer["error"]
        return answer["result"]

    def close(self):
        os.close(self.commands)
        os.close(self.answers)
        self.process.terminate()
        self.process.wait(PATIENCE)

    def _read(self):
        end = time.monotonic() + PATIENCE
        while b"\0" not in self.unread:
            ready, _, _ = select.select([self.answers], [], [], end - time.monotonic())
            assert ready, "the browser does not answer"
            chunk = os.read(self.answers, 1 << 16)
            assert chunk, "the browser ended"
            self.unread += chunk
        message, _, self.unread = self.unread.partition(b"\0")
        return json.loads(message)

    def _note(self, method, parameters):
        if method == "Runtime.exceptionThrown":
            self.complaints.append(parameters["exceptionDetails"])
        elif method == "Log.entryAdded" and parameters["entry"]["level"] in ("error", "warning"):
            self.complaints.append(parameters["entry"])
        elif method == "Runtime.consoleAPICalled":
            self.complaints.append(parameters)
        elif method == "Network.requestWillBeSent":
            self.requests.append(parameters["request"]["url"])


@pytest.fixture
def page(tmp_path):
    """A fresh tab in a fresh headless Chromium."""
    found = [program for name in BROWSERS if (program := shutil.which(name))]
    if not found:
        pytest.skip(
            f"the report was NOT tested in a browser: none of {', '.join(BROWSERS)} on PATH"
        )
    page = Page(found[0], tmp_path / "profile")
    try:
        page.start()
        yield page
    finally:
        page.close()
