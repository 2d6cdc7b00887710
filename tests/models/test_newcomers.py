"""A method is one file, one gin file and one page; what a new one lacks is named here."""

import inspect
import re
from collections.abc import Iterator
from pathlib import Path

from disentlib import configs, models

ROOT = Path(__file__).parents[2]


def makes_a_method(name: str, value: object) -> bool:
    """Return whether a public name is a method: a class of one, or a function named like one."""
    if inspect.isfunction(value) and name[0].isupper():
        value = inspect.signature(value).return_annotation
    return (
        inspect.isclass(value)
        and issubclass(value, models.Method)
        and not inspect.isabstract(value)
    )


def missing(name: str) -> Iterator[str]:
    """Yield what a method of this name lacks."""
    gin_files = (configs.directory() / "models").glob("*.gin")
    if not any(re.search(rf"@models\.{name}\b", read(path)) for path in gin_files):
        yield f"a gin file in gin_configs/models with training.train.model = @models.{name}"
    reference = re.compile(rf"^::: disentlib\.models\.{name}$", re.MULTILINE)
    pages = [path for path in (ROOT / "docs/methods").glob("*.md") if reference.search(read(path))]
    if not pages:
        yield f"a page in docs/methods with ::: disentlib.models.{name}"
    if not any(f"- methods/{path.name}\n" in read(ROOT / "mkdocs.yml") for path in pages):
        yield f"{name}'s page in the nav of mkdocs.yml"
    for page in ("README.md", "CHANGELOG.md"):
        if f"`{name}`" not in read(ROOT / page):
            yield f"`{name}` in {page}"


def read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def test_every_method_has_its_files_and_is_named_in_the_docs():
    names = [name for name, value in vars(models).items() if makes_a_method(name, value)]
    assert {"VAE", "HFSVAE", "IVAE", "S2VAE"} <= {*names}
    lacks = [f"{name} lacks {what}" for name in names for what in missing(name)]
    assert not lacks, "\n".join(lacks)


def test_all_that_a_new_method_lacks_is_named():
    assert len([*missing("NewVAE")]) == 5
    assert len([*missing("HausdorffSupport")]) == 3  # a regularizer, which has a page in the nav
