"""The columns that the model reads."""

from collections.abc import Sequence
from typing import Any, ClassVar, final

import numpy as np

from modelwright.core.errors import counted
from modelwright.core.schema import ColumnSchema, Schema
from modelwright.insight.tabulation import printable
from modelwright.report.base import Section
from modelwright.report.case import Case
from modelwright.report.content import Block, Grid, Text

_MOST_SHOWN = 200


@final
class ColumnsSection(Section[Schema]):
    """Name, kind, domain and missing share of each feature in training."""

    title: ClassVar[str] = "Columns in training"
    chapter: ClassVar[str] = "data"

    def look(self, case: Case) -> Schema:
        """Return the schema of the file."""
        return case.model.schema

    def document(self, result: Schema) -> dict[str, Any]:
        """Return the schema."""
        return result.to_json()

    def command(self, case: Case) -> str:
        """Return the command that lists them."""
        return case.line("inspect")

    def blocks(self, result: Schema, case: Case) -> Sequence[Block]:
        """Return one row per column."""
        head = ("column", "kind", "seen in training", "missing", "distinct")
        rows = [
            (printable(c.name, 40), c.kind, domain(c), f"{c.missing_share:.1%}", f"{c.n_distinct:,}")
            for c in result.columns[:_MOST_SHOWN]
        ]
        n = len(result)
        text = (
            f"The model reads {counted(n, 'column')}. Columns of the training table that name rows, never "
            "change or were left out are not among them."
        )
        caption = "What the model reads"
        return (Text(text), Grid(caption, (head, *rows), "<<<>>", left_out=max(0, n - _MOST_SHOWN)))


def domain(column: ColumnSchema) -> str:
    """Return what values a column had, in a few words."""
    if column.dtype == "date" and column.low is not None and column.high is not None:
        ends = [str(np.datetime64(int(end), "us"))[:10] for end in (column.low, column.high)]
        return f"{ends[0]} to {ends[1]}"
    if column.dtype == "number" and column.low is not None and column.high is not None:
        return f"{_amount(column.low)} to {_amount(column.high)}"
    if column.kind == "text":
        return "free text"
    if not column.levels:
        return column.reason
    named = ", ".join(printable(level, 18) for level in column.levels[:4])
    return named + (f" and {column.n_distinct - 4:,} more" if column.n_distinct > 4 else "")


def _amount(value: float) -> str:
    """Return a number without an exponent where it has a usual size; years stay years."""
    if value == round(value) and abs(value) < 1e12:
        return f"{value:,.0f}" if abs(value) >= 10_000 else f"{value:.0f}"
    return f"{value:,.0f}" if 1e6 <= abs(value) < 1e12 else f"{value:.6g}"
