"""Compile the C++ kernels and package the gin files; everything else is in pyproject.toml."""

import os
from glob import glob

from pybind11.setup_helpers import ParallelCompile, Pybind11Extension, build_ext
from setuptools import find_packages, setup

WARNINGS = ["-Wall", "-Wextra", "-Wconversion"]
STRICT = ["-Werror"] if os.environ.get("DISENTLIB_WERROR") else []
SANITIZE = ["-fsanitize=address,undefined", "-fno-omit-frame-pointer", "-g"] if os.environ.get("DISENTLIB_SANITIZE") else []

kernels = Pybind11Extension(
    "disentlib._kernels",
    ["csrc/module.cpp", *sorted(glob("csrc/bindings/*.cpp"))],
    depends=sorted(glob("csrc/**/*.hpp", recursive=True)),
    include_dirs=["csrc/include", "csrc"],
    cxx_std=17,
    extra_compile_args=["-O3", "-pthread", *WARNINGS, *STRICT, *SANITIZE],
    extra_link_args=["-pthread", *SANITIZE],
)

ParallelCompile("DISENTLIB_BUILD_JOBS", default=0).install()

setup(
    ext_modules=[kernels],
    cmdclass={"build_ext": build_ext},
    # gin_configs/ lies at the top of the repository and travels inside the package.
    packages=[*find_packages(include=["disentlib", "disentlib.*"]), "disentlib.gin_configs"],
    package_dir={"disentlib.gin_configs": "gin_configs"},
    package_data={
        "disentlib": ["py.typed", "*.pyi", "visualization/templates/*"],
        "disentlib.gin_configs": ["**/*.gin", "*.gin"],
    },
)
