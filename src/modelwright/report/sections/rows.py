"""The labelled rows beside what training saw."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, final

import numpy as np

from modelwright.core.errors import counted
from modelwright.core.schema import ColumnSchema
from modelwright.core.table import Column
from modelwright.insight.tabulation import printable
from modelwright.report.base import NotHere, Section
from modelwright.report.case import Case
from modelwright.report.content import Block, Grid, Note, Text
from modelwright.report.wording import NEEDS_ROWS

_MOST_SHOWN = 40
_NOTABLE = 0.005
"""Share of cells from which on a difference is shown."""

_ALL_LEVELS = 50
"""A schema keeps at most so many levels, so with as many a level it does not name need not be new."""


@final
@dataclass(frozen=True, slots=True)
class Strangeness:
    """How the cells of one column differ from those of training.

    Attributes:
        column: Its name.
        missing: Share of missing cells here.
        missing_before: In training.
        outside: Share of cells outside the range, or not among the levels, of training; None where that is unknown.
    """

    column: str
    missing: float
    missing_before: float
    outside: float | None


@final
class RowsSection(Section[tuple[Strangeness, ...]]):
    """Missing and unseen cells of the labelled rows, column by column."""

    title: ClassVar[str] = "The rows of this report"
    chapter: ClassVar[str] = "data"

    def look(self, case: Case) -> tuple[Strangeness, ...]:
        """Compare every column with the schema."""
        if case.rows is None:
            raise NotHere("No labelled rows were given.", NEEDS_ROWS)
        predictions = case.rows.predictions
        assert predictions.table is not None, "answers to rows come with the rows"
        table = predictions.table
        return tuple(_strangeness(table.column(c.name), c) for c in case.model.schema)

    def document(self, result: tuple[Strangeness, ...]) -> dict[str, Any]:
        """Return one entry per column."""
        names = ("column", "missing", "missing_before", "outside")
        return {"columns": [{name: getattr(s, name) for name in names} for s in result]}

    def blocks(self, result: tuple[Strangeness, ...], case: Case) -> Sequence[Block]:
        """Return the columns that differ most."""
        assert case.rows is not None, "look() has refused a case without rows"
        n_rows = len(case.rows.predictions)
        text = (
            f"{printable(case.rows.name, 80)}: {counted(n_rows, 'row')} with an answer. What is said to be on these "
            "rows is only honest if the model did not learn from them."
        )
        notes = tuple(map(Note, case.rows.notes))
        strange = sorted((s for s in result if _measure(s) >= _NOTABLE), key=_measure, reverse=True)
        if not strange:
            return (Text(text), *notes, Text("No column differs from training in what is missing or never seen."))
        head = ("column", "missing here", "missing in training", "never seen in training")
        rows = [
            (
                printable(s.column, 40),
                f"{s.missing:.1%}",
                f"{s.missing_before:.1%}",
                "–" if s.outside is None else f"{s.outside:.1%}",
            )
            for s in strange[:_MOST_SHOWN]
        ]
        left_out = max(0, len(strange) - _MOST_SHOWN)
        grid = Grid("Columns whose cells differ from training", (head, *rows), "<>>>", left_out=left_out)
        same = len(result) - len(strange)
        few = f"{counted(same, 'other column')} {'differs' if same == 1 else 'differ'}"
        rest = (Note(f"{few} by less than {_NOTABLE:.1%} of the cells."),) if same else ()
        return (Text(text), *notes, grid, *rest)


def _measure(strangeness: Strangeness) -> float:
    return max(abs(strangeness.missing - strangeness.missing_before), strangeness.outside or 0.0)


def _strangeness(column: Column, known: ColumnSchema) -> Strangeness:
    missing = np.asarray(column.missing)
    n_rows = max(1, len(missing))
    outside: float | None = None
    if column.levels is not None:
        if known.levels and known.n_distinct <= len(known.levels) < _ALL_LEVELS and known.kind != "text":
            seen = np.array([str(level) in set(known.levels) for level in column.levels], dtype=bool)
            outside = float((~seen[column.values] & ~missing).sum() / n_rows)
    elif known.low is not None and known.high is not None and known.dtype != "boolean":
        values = np.asarray(column.values).astype(np.float64)
        with np.errstate(invalid="ignore"):
            outside = float((((values < known.low) | (values > known.high)) & ~missing).sum() / n_rows)
    return Strangeness(known.name, float(missing.sum() / n_rows), known.missing_share, outside)
