"""A schema as people read it: aligned text, and a table for notebooks."""

import html
from collections.abc import Iterable
from typing import Protocol

from modelwright.core.errors import one_line

_HEAD = ("column", "kind", "missing", "distinct", "why")
_RIGHT = frozenset({2, 3})
_LONGEST = 200


class Told(Protocol):
    """What is told of a column."""

    @property
    def name(self) -> str:
        """Its name."""

    @property
    def kind(self) -> str:
        """What it is taken for."""

    @property
    def reason(self) -> str:
        """Why."""

    @property
    def missing_share(self) -> float:
        """Share of cells that are missing."""

    @property
    def n_distinct(self) -> int:
        """Number of distinct values."""


def as_text(columns: Iterable[Told]) -> str:
    """Return one line per column, under a heading."""
    rows = [_HEAD, *map(_cells, columns)]
    widths = [max(map(len, cells)) for cells in zip(*rows, strict=True)]
    lines = (
        "  ".join(cell.rjust(width) if i in _RIGHT else cell.ljust(width) for i, (cell, width) in enumerate(placed))
        for placed in (list(zip(row, widths, strict=True)) for row in rows)
    )
    return "\n".join(line.rstrip() for line in lines)


def as_html(columns: Iterable[Told]) -> str:
    """Return a table whose first row and first column are headings; everything is escaped."""
    sides = [f' style="text-align:{"right" if i in _RIGHT else "left"}"' for i in range(len(_HEAD))]
    head = "".join(f'<th scope="col"{side}>{cell}</th>' for cell, side in zip(_HEAD, sides, strict=True))
    body = [f"<tr>{head}</tr>"]
    for name, *rest in map(_cells, columns):
        cells = "".join(f"<td{side}>{html.escape(c)}</td>" for c, side in zip(rest, sides[1:], strict=True))
        body.append(f'<tr><th scope="row"{sides[0]}>{html.escape(name)}</th>{cells}</tr>')
    return f"<table><caption>Columns</caption>{''.join(body)}</table>"


def _cells(column: Told) -> tuple[str, ...]:
    missing = f"{column.missing_share:.1%}" if column.missing_share else "0"
    name, reason = (one_line(text, _LONGEST) for text in (column.name, column.reason))
    return name, column.kind, missing, f"{column.n_distinct:,}", reason
