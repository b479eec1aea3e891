"""Results turned into what sections show: pictures with their numbers, and tables."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from modelwright import display as displays
from modelwright.insight.document import Cells, Document
from modelwright.insight.tabulation import printable
from modelwright.report.content import Block, Chart, Grid, Note

MOST_NUMBERS = 40
"""Rows of a picture's numbers that the page shows; a curve of a thousand points is read from every so many."""

MOST_OPEN = 16
"""Rows, headings counted, of a table that is not folded away."""

_LONGEST = 60


def chart(kind: str, result: Any, name: str) -> Chart:
    """Return a picture with its numbers.

    Args:
        kind: The display, by its name in `modelwright.display.catalog.DISPLAYS`; Matplotlib is loaded only now.
        result: What to draw.
        name: A word of letters, digits and hyphens that no other picture of the page has.
    """
    display = getattr(displays, kind)(result)
    from modelwright.display.svg import svg  # Matplotlib; after the line above, which says so where it is absent

    title, description = display.title, display.describe()
    return Chart(title, description, svg(display, title, description, name), numbers(title, display.to_columns()))


def numbers(title: str, columns: Cells) -> Grid:
    """Return the numbers behind a picture, evenly thinned where there are many."""
    n_rows = max(map(len, columns.values()), default=0)
    at = np.unique(np.linspace(0, n_rows - 1, min(n_rows, MOST_NUMBERS)).round().astype(int)).tolist() if n_rows else []
    head = tuple(name.replace("_", " ") for name in columns)
    rows = tuple(tuple(_cell(values[i]) for values in columns.values()) for i in at)
    sides = "".join("<" if _is_text(values) else ">" for values in columns.values())
    return Grid(f"Numbers of “{title}”", (head, *rows), sides, folded=True, left_out=n_rows - len(at))


def grids(document: Document, *, folded: bool = False) -> tuple[Grid, ...]:
    """Return the tables of a result."""
    return tuple(
        Grid(s.caption, s.rows, s.sides, folded=folded or len(s.rows) > MOST_OPEN)
        for s in document.sheets()
        if len(s.rows) > 1
    )


def notes(sentences: Sequence[str]) -> tuple[Block, ...]:
    """Return one note per sentence."""
    return tuple(map(Note, sentences))


def _cell(value: Any) -> str:
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    if isinstance(value, float | np.floating):
        return "–" if not math.isfinite(value) else f"{value:.4g}"
    return f"{value:,}" if isinstance(value, int | np.integer) else printable(value, _LONGEST)


def _is_text(values: Sequence[Any]) -> bool:
    return any(isinstance(value, str) for value in values)
