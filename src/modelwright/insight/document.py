"""What every frozen result of an insight can do: be looked at, become columns, become JSON and come back."""

import math
from abc import abstractmethod
from dataclasses import dataclass
from typing import Any, final

from modelwright.core.written import Written
from modelwright.insight.tabulation import aligned, between, html_notes, html_table
from modelwright.metrics.bootstrap import Interval

Cells = dict[str, list[Any]]
"""Columns of equal length by name, ready for any frame library."""


@final
@dataclass(frozen=True, slots=True)
class Sheet:
    """A table as people read it: caption, rows of texts with the headings first, "<" or ">" for each column."""

    caption: str
    rows: tuple[tuple[str, ...], ...]
    sides: str


class Shown(Written):
    """A result that is looked at as tables with notes below.

    Attributes:
        notes: What a reader must know, one sentence each.
    """

    __slots__ = ()

    notes: tuple[str, ...]

    @abstractmethod
    def sheets(self) -> tuple[Sheet, ...]:
        """Return the tables that a reader sees."""

    def __repr__(self) -> str:
        sheets = self.sheets()
        return f"<{type(self).__name__} {sheets[0].caption if sheets else ''}>"

    def remarks(self) -> tuple[str, ...]:
        """Return what is said below the tables, one sentence each."""
        return self.notes

    def __str__(self) -> str:
        lines: list[str] = []
        for sheet in self.sheets():
            lines += [sheet.caption, "", *aligned(sheet.rows, sheet.sides), ""]
        return "\n".join([*lines, *self.remarks()]).rstrip()

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        tables = "".join(html_table(s.rows, s.caption, s.sides) for s in self.sheets())
        return {"text/plain": str(self), "text/html": tables + html_notes(self.remarks())}


class Document(Shown):
    """A result that is a tidy table too."""

    __slots__ = ()

    @abstractmethod
    def to_columns(self) -> Cells:
        """Return the result as tidy columns, one observation per row."""


def reach(found: Interval, form: str = "") -> str:
    """Return the range of an interval as text, "–" where there is none."""
    if not (math.isfinite(found.low) and math.isfinite(found.high)):
        return "–"
    if not form:
        return between(found.low, found.high)
    return f"{found.low:{form}} to {found.high:{form}}"
