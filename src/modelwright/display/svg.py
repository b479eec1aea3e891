"""Pictures as accessible inline SVG: text stays text, ids do not clash, the same picture gives the same bytes."""

import html
import io
import re
import threading
from typing import Any, Protocol

import matplotlib
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from modelwright.core.errors import SpecError

_INK = "#010203"
"""Stands for the colour of the text around the picture, which is known only on the page."""

_PREFIX = re.compile(r"[A-Za-z][A-Za-z0-9-]*", re.ASCII)
_HEAD = re.compile(r'<svg[^>]*viewBox="0 0 (?P<width>[\d.]+) (?P<height>[\d.]+)"[^>]*>')
_LOCK = threading.Lock()
"""rcParams belong to the process; two pictures at once would set each other's."""

_PLAIN: Any = {"svg.fonttype": "none", "svg.hashsalt": "modelwright", "svg.id": None}

_NO_METADATA: dict[str, Any] = {"Date": None, "Creator": None, "Format": None, "Type": None}

_HOUSE: Any = {
    "axes.edgecolor": _INK,
    "axes.facecolor": "none",
    "axes.labelcolor": _INK,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlecolor": _INK,
    "figure.facecolor": "none",
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],  # comes with Matplotlib: texts take the same room everywhere
    "font.size": 9.0,
    "legend.labelcolor": _INK,
    "savefig.facecolor": "none",
    "text.color": _INK,
    "xtick.color": _INK,
    "xtick.labelcolor": _INK,
    "ytick.color": _INK,
    "ytick.labelcolor": _INK,
}


class Drawable(Protocol):
    """What can be drawn on axes; every display can."""

    @property
    def size(self) -> tuple[float, float]:
        """Width and height in inches."""

    def plot(self, ax: Axes | None = None) -> Any:
        """Draw."""


def svg(display: Drawable, title: str, description: str, prefix: str) -> str:
    """Return a display as an SVG element to put into a page.

    The user's rcParams have no say, so that the same result gives the same bytes. Lines and texts take the colour of
    the text around (``currentColor``), so that light and dark pages both work; nothing in it reaches outside itself.

    Args:
        display: What to draw.
        title: Read out first, and shown by browsers on hovering.
        description: Read out after it: what one sees.
        prefix: Put before every id in it; each picture of a page has its own. Letters, digits and hyphens.

    Raises:
        SpecError: The prefix is no such word.
    """
    with _LOCK, matplotlib.rc_context():
        # rcdefaults() would switch backends; the settings of a backend draw nothing.
        defaults: Any = {k: v for k, v in matplotlib.rcParamsDefault.items() if "backend" not in k}
        matplotlib.rcParams.update(defaults)
        matplotlib.rcParams.update(_HOUSE)
        figure = Figure(figsize=display.size, layout="constrained")
        display.plot(figure.subplots())
        text = _saved(figure)
    return _inline(text, title, description, prefix).replace(_INK, "currentColor")


def picture(figure: Figure, title: str, description: str, prefix: str) -> str:
    """Return a figure, drawn as the user's rcParams say, as an SVG element to put into a page.

    Raises:
        SpecError: The prefix is no word of letters, digits and hyphens.
    """
    with _LOCK:
        text = _saved(figure)
    return _inline(text, title, description, prefix)


def _saved(figure: Figure) -> str:
    buffer = io.BytesIO()
    with matplotlib.rc_context(_PLAIN):
        # What savefig does besides, drawing once before for the layout, the drawing itself does again.
        figure.set_dpi(72)
        FigureCanvasSVG(figure).print_svg(buffer, metadata=_NO_METADATA)  # type: ignore[no-untyped-call]  # partly typed
    return buffer.getvalue().decode("utf-8")


def _inline(text: str, title: str, description: str, prefix: str) -> str:
    if not _PREFIX.fullmatch(prefix):
        raise SpecError(f"'{prefix}' cannot stand before ids: use letters, digits and hyphens, a letter first.")
    head = _HEAD.search(text)
    assert head is not None, "Matplotlib writes an svg element with a view box"
    body = text[head.end() : text.rindex("</svg>")]
    body = re.sub(r"<metadata>.*?</metadata>", "", body, flags=re.DOTALL)
    body = re.sub(r"<style[^>]*>.*?</style>", "", body, flags=re.DOTALL)  # it speaks of "*": of the whole page
    body = re.sub(r'\bid="', f'id="{prefix}-', body)
    body = re.sub(r"url\(#", f"url(#{prefix}-", body)
    body = re.sub(r'(?:xlink:)?href="#', f'href="#{prefix}-', body)
    width, height = (round(float(head[side]) * 4 / 3) for side in ("width", "height"))  # points to CSS pixels
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-labelledby="{prefix}-title {prefix}-desc"'
        f' width="{width}" height="{height}" viewBox="0 0 {head["width"]} {head["height"]}"'
        ' stroke-linejoin="round" stroke-linecap="butt">'
        f'<title id="{prefix}-title">{html.escape(title)}</title>'
        f'<desc id="{prefix}-desc">{html.escape(description)}</desc>'
        f"{body.strip()}</svg>"
    )
