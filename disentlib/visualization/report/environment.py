"""What the numbers may depend on beside the configuration."""

from collections.abc import Iterator, Mapping
from typing import Any

from disentlib.visualization.pages import Numbers, Section
from disentlib.visualization.report.reported_run import ReportedRun


def section(run: ReportedRun) -> Section | None:
    """Return versions, machine and command."""
    rows = [list(pair) for pair in flatten(run.settings.get("environment", {}))]
    table = Numbers("", (), rows, style="wide")
    return Section("environment", "Environment", tables=[table])


def flatten(tree: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Yield the leaves of nested dictionaries as ("a.b", text).

    >>> list(flatten({"a": {"b": 1, "c": [2, 0.5]}}))
    [('a.b', '1'), ('a.c', '2, 0.5')]
    """
    if isinstance(tree, Mapping):
        for name, value in tree.items():
            yield from flatten(value, f"{path}.{name}" if path else str(name))
    elif isinstance(tree, (list, tuple)):
        yield path, ", ".join(map(str, tree))
    else:
        yield path, f"{tree:.6g}" if isinstance(tree, float) else str(tree)
