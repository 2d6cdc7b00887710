"""Check what an sdist and a wheel carry: `python tools/check_contents.py dist/*`."""

import sys
import tarfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def tree(folder: str, *patterns: str) -> set[str]:
    """Return the files of the checkout below `folder` that match, relative to the checkout."""
    return {
        str(path.relative_to(ROOT))
        for pattern in patterns
        for path in ROOT.glob(f"{folder}/{pattern}")
    }


def sdist_names(path: Path) -> set[str]:
    """Return the files of an sdist without their leading `disentlib-x.y.z/`."""
    with tarfile.open(path) as archive:
        return {name.partition("/")[2] for name in archive.getnames()}


def wheel_names(path: Path) -> set[str]:
    """Return the files of a wheel."""
    with zipfile.ZipFile(path) as archive:
        return set(archive.namelist())


def main(paths: list[str]) -> None:
    """Fail with the list of what is missing or too much."""
    (sdist,) = [Path(path) for path in paths if path.endswith(".tar.gz")]
    (wheel,) = [Path(path) for path in paths if path.endswith(".whl")]
    gin = tree("gin_configs", "**/*.gin")
    package = tree("disentlib", "**/*.py", "*.pyi", "py.typed", "visualization/templates/*")
    assert gin, "no gin files in the checkout"

    source = gin | package | tree("csrc", "**/*.?pp")
    source |= {"LICENSE", "README.md", "CHANGELOG.md", "CITATION.cff", "setup.py", "pyproject.toml"}
    missing = source - sdist_names(sdist)
    assert not missing, f"{sdist.name} lacks {sorted(missing)}"

    built = wheel_names(wheel)
    missing = (package | {f"disentlib/{name}" for name in gin}) - built
    assert not missing, f"{wheel.name} lacks {sorted(missing)}"
    kernels = [
        name for name in built if name.startswith("disentlib/_kernels.") and name.endswith(".so")
    ]
    assert len(kernels) == 1, f"{wheel.name} should hold one compiled module, holds {kernels}"
    foreign = {name.partition("/")[0] for name in built}
    foreign -= {"disentlib", wheel.name.split("-py")[0].split("-cp")[0] + ".dist-info"}
    assert not foreign, f"{wheel.name} would install {sorted(foreign)} beside disentlib"


if __name__ == "__main__":
    main(sys.argv[1:])
