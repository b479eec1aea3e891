"""How results look: aligned text for terminals, plain accessible tables for notebooks."""

import html
import math
from collections.abc import Sequence

import numpy as np

from modelwright.core.errors import one_line
from modelwright.core.table import Array, Column

_LONGEST = 24

_ROUNDING = 1e-13
"""What sums of some hundred doubles leave of nothing, of their size."""


def aligned(rows: Sequence[Sequence[str]], sides: str) -> list[str]:
    """Return lines of cells in columns; `sides` holds "<" or ">" for each."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(f"{c:{s}{w}}" for c, s, w in zip(row, sides, widths, strict=True)).rstrip() for row in rows]


def html_table(rows: Sequence[Sequence[str]], caption: str, sides: str) -> str:
    """Return a table whose first row and first column are headings; everything is escaped."""
    styles = [' style="text-align:left"' if s == "<" else ' style="text-align:right"' for s in sides]
    head = "".join(f'<th scope="col"{s}>{html.escape(c)}</th>' for c, s in zip(rows[0], styles, strict=True))
    body = [f"<tr>{head}</tr>"]
    for row in rows[1:]:
        rest = "".join(f"<td{s}>{html.escape(c)}</td>" for c, s in zip(row[1:], styles[1:], strict=True))
        body.append(f'<tr><th scope="row"{styles[0]}>{html.escape(row[0])}</th>{rest}</tr>')
    return f"<table><caption>{html.escape(caption)}</caption>{''.join(body)}</table>"


def html_notes(notes: Sequence[str]) -> str:
    """Return one paragraph per note, escaped."""
    return "".join(f"<p>{html.escape(note)}</p>" for note in notes)


def printable(value: object, longest: int = _LONGEST) -> str:
    """Return a text from data as one short line: it may hold anything, control characters too."""
    return one_line(value, longest)


def settled(values: Array, size: float) -> Array:
    """Return values with zero for what only rounding left, where numbers of a size were added and taken away."""
    return np.where(np.abs(values) > _ROUNDING * size, values, 0.0)


def signed(value: float) -> str:
    """Return a number with its sign, three significant digits, from 1,000 on whole, "–" where there is none."""
    if not math.isfinite(value):
        return "–"
    if value == 0:
        return "0"
    return f"{value:+,.0f}" if 1e3 <= abs(value) < 1e12 else f"{value:+#.3g}".rstrip(".")


def plain(value: float) -> str:
    """Return a number with four significant digits, large ones as whole numbers, "–" where there is none."""
    if not math.isfinite(value):
        return "–"
    return f"{value:,.0f}" if 1e3 <= abs(value) < 1e12 else f"{value:.4g}"


def between(low: float, high: float) -> str:
    """Return two ends as one text, the smaller with no more decimals than the larger needs for four digits."""
    low, high = float(low), float(high)
    most = max(abs(low), abs(high))
    if most >= 1e3 or most < 1e-3 or (low.is_integer() and high.is_integer()):
        return f"{_end(low, most)} to {_end(high, most)}"
    decimals = 3 - math.floor(math.log10(most * (1 - 1e-9)))
    decimals = min(decimals, max(len(plain(end).partition(".")[2]) for end in (low, high)))  # no zeros behind both
    return " to ".join("0" if end == 0 else f"{end:.{decimals}f}" for end in (low, high))


def _end(value: float, most: float) -> str:
    return f"{value:,.0f}" if 1e3 <= most < 1e12 else f"{value:.4g}"


def cell_text(column: Column, row: int) -> str:
    """Return one cell as people read it, "missing" where there is none."""
    if bool(column.missing[row]):
        return "missing"
    value = column.values[row]
    if column.levels is not None:
        return str(column.levels[value])
    if column.schema.dtype == "date":
        text = str(value.astype("datetime64[us]"))
        return text.removesuffix(".000000").removesuffix("T00:00:00")
    if column.schema.dtype == "boolean":
        return (column.schema.parsing.truths or ("false", "true"))[int(value)]
    return f"{value:.6g}"
