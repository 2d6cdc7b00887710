"""Use an installed disentlib from another directory: `python tools/check_installed.py PREFIX`.

Run by the interpreter of the environment at PREFIX, away from the checkout.
"""

import json
import subprocess
import sys
from importlib import resources
from pathlib import Path

import numpy as np

import disentlib
from disentlib import configs, metrics


def main(prefix: Path) -> None:
    """Score arrays from Python and from the command line, and find the files that travel along."""
    package = Path(disentlib.__file__).parent
    assert package.is_relative_to(prefix), f"imported {package}, expected it below {prefix}"
    for name in ("py.typed", "_kernels.pyi", "visualization/templates"):
        assert resources.files("disentlib").joinpath(name).exists(), f"{name} did not travel along"
    assert configs.directory().is_relative_to(package), configs.directory()
    assert configs.find("runs/demo.gin").is_file()

    rng = np.random.default_rng(0)
    factors = rng.integers(0, [3, 6], size=(2000, 2))
    codes = factors.astype(np.float32)
    assert metrics.mig(codes, factors) > 0.99
    assert "tensorflow" not in sys.modules, "scoring arrays imported TensorFlow"

    np.savez("codes.npz", codes=codes, factors=factors)
    command = [
        str(prefix / "bin" / "disentlib"),
        "score",
        "codes.npz",
        "--metrics",
        "mig",
        "--json",
        "scores.json",
    ]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    assert json.loads(Path("scores.json").read_text())


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve())
