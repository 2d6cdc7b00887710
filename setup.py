"""Compile the C++ kernels and package the gin files; everything else is in pyproject.toml."""

import hashlib
import os
import re
from functools import cache
from glob import glob
from pathlib import Path

import pybind11
from pybind11.setup_helpers import ParallelCompile, Pybind11Extension, build_ext
from setuptools import find_namespace_packages, find_packages, setup

WARNINGS = ["-Wall", "-Wextra", "-Wconversion"]
STRICT = ["-Werror"] if os.environ.get("DISENTLIB_WERROR") else []
MODE = ["-O3"]
if os.environ.get("DISENTLIB_SANITIZE"):
    MODE = ["-O1", "-g1", "-fno-omit-frame-pointer"]
    MODE += ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"]

FLAGS = ["-pthread", *WARNINGS, *STRICT, *MODE]
INCLUDES = ["csrc/include", "csrc"]

kernels = Pybind11Extension(
    "disentlib._kernels",
    ["csrc/module.cpp", *sorted(glob("csrc/bindings/*.cpp"))],
    depends=["setup.py", *sorted(glob("csrc/**/*.hpp", recursive=True))],
    include_dirs=INCLUDES,
    cxx_std=17,
    extra_compile_args=FLAGS,
    extra_link_args=["-pthread", *MODE],
)


@cache
def last_change(source: Path) -> float:
    """Return when a source, or a header of ours that it includes, was last changed."""
    names = re.findall(r'^#include "(.+)"', source.read_text(encoding="utf-8"), re.MULTILINE)
    headers = [Path(folder, name) for name in names for folder in INCLUDES]
    changes = [last_change(header) for header in headers if header.exists()]
    return max(source.stat().st_mtime, *changes, 0.0)


def is_stale(compiled: str, source: str) -> bool:
    """Return whether an object file is missing or older than what it is made of."""
    file = Path(compiled)
    return not file.exists() or file.stat().st_mtime <= last_change(Path(source))


class BuildKernels(build_ext):
    """Compiles what has changed. Objects of other compilers and flags lie in other folders."""

    def finalize_options(self) -> None:  # noqa: D102  overridden
        super().finalize_options()
        chosen = [os.environ.get(name, "") for name in ("CC", "CXX", "CFLAGS", "CXXFLAGS")]
        recipe = " ".join([*FLAGS, *chosen, pybind11.__version__])
        self.build_temp = str(
            Path(self.build_temp, hashlib.sha256(recipe.encode()).hexdigest()[:8])
        )


ParallelCompile("DISENTLIB_BUILD_JOBS", default=0, needs_recompile=is_stale).install()

# gin_configs/ lies at the top of the repository and travels inside the package.
gin = "disentlib.gin_configs"
gin_folders = [f"{gin}.{name}" for name in sorted(find_namespace_packages("gin_configs"))]

setup(
    ext_modules=[kernels],
    cmdclass={"build_ext": BuildKernels},
    packages=[*find_packages(include=["disentlib", "disentlib.*"]), gin, *gin_folders],
    package_dir={gin: "gin_configs"},
    package_data={
        "": ["*.gin"],
        "disentlib": ["py.typed", "*.pyi"],
        "disentlib.visualization": ["templates/*"],
    },
    include_package_data=False,
)
