"""The rows most like a given one, with what the model says of them; only of rows the caller gives, none are kept."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, final

import numpy as np

from modelwright.core.errors import DataError, SpecError
from modelwright.core.table import Array, Column, Table
from modelwright.core.written import Written
from modelwright.insight.pool import joined
from modelwright.insight.rows import feature_rows
from modelwright.insight.scale import answer_names, answers
from modelwright.insight.tabulation import aligned, cell_text, html_table, plain, printable
from modelwright.model.row import is_row

if TYPE_CHECKING:
    from modelwright.model.model import Model

_MOST_COLUMNS_SHOWN = 8


@final
@dataclass(frozen=True, slots=True)
class Prototype:
    """A row like the given one.

    Attributes:
        row: Its position among the rows to look in, from 0.
        likeness: 1 is the same in every column, 0 as different as can be.
        answers: What the model says of it.
        cells: Its cells as text.
    """

    row: int
    likeness: float
    answers: tuple[float, ...]
    cells: tuple[str, ...]


@final
@dataclass(frozen=True, slots=True, repr=False)
class Prototypes(Written):
    """The rows most like a given one, nearest first."""

    SCHEMA: ClassVar[str] = "modelwright/prototypes/1"

    columns: tuple[str, ...]
    answers: tuple[str, ...]
    cells: tuple[str, ...]
    given: tuple[float, ...]
    found: tuple[Prototype, ...]

    def __repr__(self) -> str:
        return f"<Prototypes: {len(self.found)} rows>"

    def __str__(self) -> str:
        rows = self._cells()
        return "\n".join(["The rows most like it", "", *aligned(rows, "<" * len(rows[0]))])

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        rows = self._cells()
        return {"text/plain": str(self), "text/html": html_table(rows, "The rows most like it", "<" * len(rows[0]))}

    def _cells(self) -> list[list[str]]:
        at = int(np.argmax(self.given))
        shown = slice(0, _MOST_COLUMNS_SHOWN)
        head = ["", "likeness", printable(self.answers[at]), *map(printable, self.columns[shown])]
        own = ["the row", "", plain(self.given[at]), *map(printable, self.cells[shown])]
        others = [
            [f"row {p.row + 1}", plain(p.likeness), plain(p.answers[at]), *map(printable, p.cells[shown])]
            for p in self.found
        ]
        return [head, own, *others]


def prototypes(model: "Model", row: Any, rows: Any, *, n_found: int = 5) -> Prototypes:
    """Return the rows most like one row.

    Likeness is Gower's: a number counts by the distance of ranks, a category by being the same, all columns alike.

    Args:
        model: The model.
        row: One row, as a dictionary of cells or anything that reads as a table of one row.
        rows: The rows to look in, in any form that can be read.
        n_found: How many are returned.

    Raises:
        DataError: `row` is not one row.
        SpecError: `n_found` is not positive.

    Source:
        Gower (1971), doi:10.2307/2528823; ranks for numbers after Kaufman and Rousseeuw (1990).
    """
    if n_found < 1:
        raise SpecError(f"At least one row must be asked for, not {n_found}.")
    one = feature_rows(model, [row] if isinstance(row, Mapping) and is_row(row) else row)
    if one.n_rows != 1:
        raise DataError(f"Prototypes are of one row, not of {one.n_rows}.")
    others = feature_rows(model, rows)
    pool = joined(one, others)
    near = 1.0 - np.mean([_distances(c) for c in pool.columns], axis=0)
    nearest = np.argsort(-near, kind="stable")[:n_found]
    found = others.take(nearest)
    given = answers(model, found)
    return Prototypes(
        columns=one.names,
        answers=answer_names(model),
        cells=_texts(one, 0),
        given=tuple(answers(model, one)[0].tolist()),
        found=tuple(
            Prototype(int(nearest[i]), float(near[nearest[i]]), tuple(given[i].tolist()), _texts(found, i))
            for i in range(len(nearest))
        ),
    )


def _distances(column: Column) -> Array:
    """Return how far each row is from the first, 0 to 1, (n_rows - 1,)."""
    missing = column.missing
    if column.levels is not None or column.schema.dtype == "boolean":
        same = (column.values[1:] == column.values[0]) | (missing[1:] & missing[0])
        return np.where(same, 0.0, 1.0)
    known = np.sort(column.values[~missing])
    ranks = (np.searchsorted(known, column.values, "left") + np.searchsorted(known, column.values, "right")) / 2
    gaps = np.abs(ranks[1:] - ranks[0]) / max(1, len(known) - 1)
    return np.where(missing[1:] == missing[0], np.where(missing[0], 0.0, np.minimum(gaps, 1.0)), 1.0)


def _texts(table: Table, row: int) -> tuple[str, ...]:
    return tuple(cell_text(column, row) for column in table.columns)
