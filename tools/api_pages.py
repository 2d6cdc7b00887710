"""How packages become API pages: a hook of mkdocs and an extension of Griffe.

A line `::: disentlib.metrics *` becomes one entry for each name that the package re-exports, a line
`::: scores` the table of all scores, and a doctest at the end of a docstring is an example.
"""

import ast
import re
import textwrap
from pathlib import Path
from typing import Any

import griffe

ROOT = Path(__file__).resolve().parent.parent
EXPORTS = re.compile(r"^::: ([\w.]+) \*$", re.MULTILINE)
SCORES_LINE = "::: scores"
DOCTEST = re.compile(r"^>>> .*(?:\n.+)*", re.MULTILINE)


def exports(package: str) -> list[str]:
    """Return the names that a package re-exports (`from ... import name as name`), in order."""
    source = ROOT.joinpath(*package.split("."), "__init__.py").read_text(encoding="utf-8")
    return [
        alias.asname
        for node in ast.parse(source).body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
        if alias.asname == alias.name
    ]


def score_table() -> str:
    """Return the table of all scores, as their signatures and docstrings describe them."""
    from disentlib.metrics import SCORES

    rows = ["| score | family | better | takes | `locatello2019` | paper |", "|---|" + "---|" * 5]
    for score in SCORES.values():
        given = "codes, factors" if score.needs_factors else "codes"
        if score.needs_encoder:
            given = "a table of codes" if score.intervenes else "mean, logvar, factors"
        rows.append(
            f"| `{score.name}` | {score.function.__module__.split('.')[2]} | "
            f"{'higher' if score.higher_is_better else 'lower'} | {given} | "
            f"{'yes' if score.reference else ''} | {score.paper.replace('|', ' ')} |"
        )
    return "\n".join(rows)


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Expand the lines of one page."""
    if SCORES_LINE in markdown:
        markdown = markdown.replace(SCORES_LINE, score_table())
    return EXPORTS.sub(
        lambda line: "\n\n".join(_entry(line[1], name) for name in exports(line[1])), markdown
    )


def _entry(package: str, name: str) -> str:
    """Return the entry of one name; a method's page, where there is one, is where links lead."""
    entry = f"::: {package}.{name}"
    if package == "disentlib.models":
        entry += "\n    options:\n      skip_local_inventory: true"
    return entry


class Doctests(griffe.Extension):
    """Give doctests that stand under no heading the heading `Examples:`."""

    def on_object(self, *, obj: griffe.Object, **_: Any) -> None:
        """Rewrite the docstring of one function, class or attribute."""
        if obj.docstring:
            obj.docstring.value = DOCTEST.sub(
                lambda test: "Examples:\n" + textwrap.indent(test[0], "    "), obj.docstring.value
            )
