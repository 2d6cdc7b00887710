"""Self-contained HTML pages: nothing is loaded, everything is inlined and escaped."""

import base64
import hashlib
import math
import re
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from disentlib import __version__
from disentlib.visualization import encoding, plots

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
        return encoding.data_uri(self.text.encode(), "text/csv;charset=utf-8")


class Drawing(NamedTuple):
    """A picture on the page: an inlined SVG or an image's `data:` address."""

    alt: str
    caption: str
    width: int  # in CSS pixels
    svg: str = ""
    source: str = ""
    title: str = ""
    table: Table | None = None


class Numbers(NamedTuple):
    """A table of the page."""

    caption: str  # empty for none
    columns: Sequence[str]  # empty for no head
    rows: Sequence[Sequence[str]]  # the first cell of a row is its head
    folded: bool = False  # shown when its caption is clicked
    style: str = "texts"  # the class of the table in report.css


class Section(NamedTuple):
    """A part of a page; without figures and tables its text says why."""

    anchor: str
    name: str
    text: Sequence[str] = ()  # paragraphs; `words` between backticks are code
    drawings: Sequence[Drawing] = ()
    tables: Sequence[Numbers] = ()
    body: Any = ""  # further HTML, from `fragment`
    code: str = ""  # shown word for word
    facts: Sequence[tuple[str, str]] = ()  # for the top of the page: name, value
    short: str = ""  # its name in the navigation, where another than `name`


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


def fragment(name: str, **content: Any) -> Any:
    """Return a template's HTML, for the body of a section."""
    return _verbatim(template(name).render(content))


def script(name: str) -> str:
    """Return the only script that a page may run."""
    return (TEMPLATES / name).read_text(encoding="utf-8")


def render(
    page: Any,
    sections: Sequence[Section],
    *,
    kicker: str,
    title: str,
    about: str,
    notices: Sequence[str] = (),
    facts: Sequence[tuple[str, str]] = (),
    script: str = "",
) -> bytes:
    """Return a page.

    Args:
        page: the template.
        sections: its parts, in order.
        kicker: above the title.
        title: at the top.
        about: below the title, with the date.
        notices: what the reader should know before all else.
        facts: names and values for the top, before those of the sections.
        script: the only one that the page may run, or none.
    """
    text = page.render(
        parts=sections,
        kicker=kicker,
        title=title,
        about=about,
        notices=notices,
        facts=[*facts, *(fact for section in sections for fact in section.facts)],
        written=datetime.now().astimezone().strftime("%Y-%m-%d %H:%M"),
        version=__version__,
        style=_verbatim((TEMPLATES / "report.css").read_text(encoding="utf-8")),
        script=_verbatim(script),
        script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
    )
    return str(text).encode()


def picture(path: Path, *, alt: str, caption: str) -> Drawing:
    """Return a picture file as a drawing of a page."""
    from PIL import Image

    with Image.open(path) as image:
        width = image.width
    return Drawing(alt, caption, width, source=encoding.data_uri(path.read_bytes(), "image/png"))


def png_uri(picture: Any) -> str:
    """Return the `data:` address of a picture (height, width, 3) of bytes."""
    return encoding.data_uri(encoding.png(picture), "image/png")


def number(value: float | None) -> str:
    """Return a number as tables show it, with a dash where there is none."""
    if value is None or math.isnan(value):
        return "–"
    return f"{value:.3f}" if abs(value) < 1000 else f"{value:.4g}"


def _verbatim(text: str) -> Any:
    from markupsafe import Markup

    return Markup(text)  # our own style, script and figures
