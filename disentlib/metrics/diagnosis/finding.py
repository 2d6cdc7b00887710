"""What checks find."""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from disentlib import files, screen


class Finding(NamedTuple):
    """Something that could fool scores.

    Attributes:
        kind: the name of the check, which is that of its file: "outliers", "dead_codes", ...
        codes: which codes it is about.
        factors: which factors it is about.
        figures: what was measured, by name.
        sentence: all of it in words, and what it does to which scores.
    """

    kind: str
    codes: tuple[int, ...]
    factors: tuple[int, ...]
    figures: dict[str, float]
    sentence: str


@dataclass(frozen=True)
class Diagnosis:
    """Findings, the most serious first. Print it: one a line, or "nothing found"."""

    findings: tuple[Finding, ...]

    def __iter__(self) -> Iterator[Finding]:
        return iter(self.findings)

    def __len__(self) -> int:
        return len(self.findings)

    def __str__(self) -> str:
        return "\n".join(screen.safe(finding.sentence) for finding in self) or "nothing found"

    def _repr_html_(self) -> str:
        """Return what a notebook shows."""
        rows = [screen.html_row([finding.kind, finding.sentence]) for finding in self]
        return screen.html_table(rows, "what could fool these scores" if rows else str(self))

    def to_dict(self) -> dict[str, Any]:
        """Return the findings as `json.dumps` takes them."""
        findings = [finding._asdict() for finding in self]
        for finding in findings:
            finding |= {"codes": list(finding["codes"]), "factors": list(finding["factors"])}
        return {"findings": findings}

    def to_json(self, path: str | os.PathLike[str] | None = None) -> str:
        """Return the findings as JSON, and write it to `path`, all or nothing, if one is given."""
        text = json.dumps(self.to_dict(), indent=1, allow_nan=False)
        if path is not None:
            files.write(path, text + "\n")
        return text
