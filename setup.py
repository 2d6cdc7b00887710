"""Compile the C++ kernels and package the gin files; everything else is in pyproject.toml."""

import os
from glob import glob

from pybind11.setup_helpers import ParallelCompile, Pybind11Extension, build_ext
from setuptools import find_namespace_packages, find_packages, setup

WARNINGS = ["-Wall", "-Wextra", "-Wconversion"]
STRICT = ["-Werror"] if os.environ.get("DISENTLIB_WERROR") else []
MODE = ["-O3"]
if os.environ.get("DISENTLIB_SANITIZE"):
    MODE = ["-O1", "-g1", "-fno-omit-frame-pointer"]
    MODE += ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"]

kernels = Pybind11Extension(
    "disentlib._kernels",
    ["csrc/module.cpp", *sorted(glob("csrc/bindings/*.cpp"))],
    depends=sorted(glob("csrc/**/*.hpp", recursive=True)),
    include_dirs=["csrc/include", "csrc"],
    cxx_std=17,
    extra_compile_args=["-pthread", *WARNINGS, *STRICT, *MODE],
    extra_link_args=["-pthread", *MODE],
)

ParallelCompile("DISENTLIB_BUILD_JOBS", default=0).install()

# gin_configs/ lies at the top of the repository and travels inside the package.
gin = "disentlib.gin_configs"
gin_folders = [f"{gin}.{name}" for name in sorted(find_namespace_packages("gin_configs"))]

setup(
    ext_modules=[kernels],
    cmdclass={"build_ext": build_ext},
    packages=[*find_packages(include=["disentlib", "disentlib.*"]), gin, *gin_folders],
    package_dir={gin: "gin_configs"},
    package_data={
        "": ["*.gin"],
        "disentlib": ["py.typed", "*.pyi"],
        "disentlib.visualization": ["templates/*"],
    },
    include_package_data=False,
)
