"""Text for terminals and notebooks: names and paths, whatever characters they contain."""

import html
import re
from collections.abc import Iterable, Sequence
from typing import Any

from rich.console import Console as RichConsole
from rich.segment import Segment
from rich.status import Status
from rich.text import Text

__all__ = ["Console", "html_row", "html_table", "safe"]

# Control characters but for line ends and tabs, those that turn the direction of text, and halves
# of surrogate pairs, which stand for undecodable bytes in paths and cannot be encoded.
_CONTROLS = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)


def safe(text: object) -> str:
    r"""Return text with control characters written out, so that a terminal does not obey them.

    >>> print(safe("a\x1b[2Jb"))
    a\x1b[2Jb
    """
    return _CONTROLS.sub(lambda match: ascii(match[0])[1:-1], str(text))


class Console(RichConsole):
    """Rich's console for text: no markup, no emoji codes, no control characters, no Jupyter.

    Style with `rich.text.Text`. Jupyter is off because in a notebook Rich would display
    what is printed to a file; notebooks show objects by their `_repr_html_`.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(markup=False, emoji=False, highlight=False, force_jupyter=False, **options)

    def render_str(self, text: str, **options: Any) -> Text:
        """Return a string as text, before its width is taken."""
        return super().render_str(safe(text), **options)

    def status(self, status: Any, **options: Any) -> Status:
        """Show a spinner beside a text; update it with `Text`, for a spinner takes markup."""
        text = Text(safe(status)) if isinstance(status, str) else status
        return super().status(text, **options)

    def render(self, *arguments: Any, **options: Any) -> Iterable[Segment]:
        """Return the pieces of what is shown, those of ready-made `Text` included."""
        for segment in super().render(*arguments, **options):
            yield segment if segment.control else segment._replace(text=safe(segment.text))


def html_row(cells: Sequence[object], kind: str = "td") -> str:
    """Return a row of an HTML table, its cells as text.

    >>> html_row(["a", "<b>"])
    '<tr><td>a</td><td>&lt;b&gt;</td></tr>'
    """
    inner = "".join(f"<{kind}>{html.escape(safe(cell))}</{kind}>" for cell in cells)
    return f"<tr>{inner}</tr>"


def html_table(rows: Sequence[str], caption: str) -> str:
    """Return an HTML table of rows that `html_row` wrote, as notebooks show data frames."""
    return (
        f'<table class="dataframe">\n<caption>{html.escape(safe(caption))}</caption>\n'
        + "\n".join(rows)
        + "\n</table>"
    )
