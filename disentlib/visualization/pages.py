"""Self-contained HTML pages: nothing is loaded, everything is inlined and escaped."""

import base64
import hashlib
import re
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from disentlib import __version__
from disentlib.visualization import files, plots

if TYPE_CHECKING:
    from matplotlib.figure import Figure

TEMPLATES = Path(__file__).parent / "templates"


class Table(NamedTuple):
    """Numbers behind a figure, as a file that the page carries."""

    name: str  # of the file
    text: str  # CSV

    @property
    def address(self) -> str:
        """The `data:` address of the file."""
        return files.data_uri(self.text.encode(), "text/csv;charset=utf-8")


class Drawing(NamedTuple):
    """A picture on the page: an inlined SVG or an image's `data:` address."""

    alt: str
    caption: str
    width: int  # in CSS pixels
    svg: str = ""
    source: str = ""
    title: str = ""
    table: Table | None = None


def drawing(
    figure: "Figure", *, alt: str, caption: str = "", title: str = "", table: Table | None = None
) -> Drawing:
    """Return a figure as a drawing of a page."""
    text = plots.svg(figure)
    width = re.search(r'viewBox="0 0 ([\d.]+)', text)
    assert width is not None
    pixels = round(float(width[1]) * 96 / 72)
    return Drawing(alt, caption, pixels, svg=_verbatim(text), title=title, table=table)


def template(name: str) -> Any:
    """Return a template of a page.

    Raises:
        ImportError: if jinja2 is missing; the message names the extra.
    """
    try:
        from jinja2 import Environment, FileSystemLoader, StrictUndefined
    except ImportError as error:
        raise ImportError(
            "the report needs jinja2: pip install 'disentlib[report]' brings it"
        ) from error
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined
    )
    return environment.get_template(name)


def render(
    page: Any, content: Any, *, sections: Sequence[tuple[str, str]], script: str = "", **more: Any
) -> bytes:
    """Fill a template that extends page.html.

    Args:
        page: the template.
        content: its variables; `kicker` and `title` stand at the top.
        sections: anchors and names for the navigation.
        script: the only one that the page may run, or none.
        **more: further variables.
    """
    text = page.render(
        content,
        sections=sections,
        written=datetime.now().astimezone().strftime("%Y-%m-%d %H:%M"),
        version=__version__,
        style=_verbatim((TEMPLATES / "report.css").read_text(encoding="utf-8")),
        script=_verbatim(script),
        script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        **more,
    )
    return str(text).encode()


def _verbatim(text: str) -> Any:
    from markupsafe import Markup

    return Markup(text)  # our own style, script and figures
