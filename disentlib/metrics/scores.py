"""Every score by the name that users type.

A new score joins by its file in one of the families and by its export in `disentlib.metrics`.
"""

import importlib
import pkgutil
from collections.abc import Iterator

from disentlib.metrics.score import Score

FAMILIES = ("information", "prediction", "intervention", "alignment", "independence")


def _described() -> Iterator[Score]:
    """Yield what `score` describes in the families' files, family by family."""
    for family in FAMILIES:
        package = importlib.import_module(f"disentlib.metrics.{family}")
        for file in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
            module = importlib.import_module(file.name)
            for value in vars(module).values():
                described = getattr(value, "score", None)
                if isinstance(described, Score) and value.__module__ == file.name:
                    yield described


SCORES: dict[str, Score] = {score.name: score for score in _described()}
