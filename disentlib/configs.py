"""Where the shipped `.gin` files are: inside an installed package, or beside it in a checkout."""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def directory() -> Path:
    """Return the folder that holds `data/`, `models/`, `metrics/`, `runs/` and `studies/`.

    Raises:
        FileNotFoundError: if the installation lacks the folder.
    """
    # In a checkout, and so in an editable install, gin_configs/ lies beside the package.
    for candidate in (_PACKAGE / "gin_configs", _PACKAGE.parent / "gin_configs"):
        if candidate.is_dir():
            return candidate
    raise FileNotFoundError(
        f"expected the folder gin_configs inside {_PACKAGE} or beside it, found neither: "
        "reinstall disentlib"
    )


def find(name: str) -> Path:
    """Return the `.gin` file called `name`: a path, or a path relative to `directory()`.

    Raises:
        FileNotFoundError: if there is no such file; the message lists the shipped ones.
    """
    given = Path(name).expanduser()
    shipped = directory() / name
    for candidate in (given, shipped):
        if candidate.is_file():
            return candidate
    known = sorted(str(path.relative_to(directory())) for path in directory().rglob("*.gin"))
    raise FileNotFoundError(f"no gin file {name!r}; the shipped ones are {', '.join(known)}")
