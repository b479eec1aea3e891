"""The places of a column at which a model is asked: quantiles of numbers and dates, levels of the rest."""

from dataclasses import dataclass
from typing import final

import numpy as np

from modelwright.core.table import Array, Column
from modelwright.insight.tabulation import cell_text


@final
@dataclass(frozen=True, slots=True)
class Grid:
    """Places of one column.

    Attributes:
        column: One cell per place, (n_places,).
        ordered: Whether the places lie on a line; the others are levels, in the order of their frequency.
        nearest: Place of each row, int64 (n_rows,); -1 for a level that is no place and for a missing number.
    """

    column: Column
    ordered: bool
    nearest: Array

    def __len__(self) -> int:
        """Return the number of places."""
        return len(self.column)

    @property
    def labels(self) -> list[str]:
        """The cells as text."""
        return [cell_text(self.column, i) for i in range(len(self))]

    @property
    def counts(self) -> Array:
        """How many rows are nearest to each place."""
        return np.bincount(self.nearest[self.nearest >= 0], minlength=len(self))


def grid_of(column: Column, most: int) -> Grid:
    """Return at most `most` places of a column, or `most` quantiles; few distinct numbers are taken as they are."""
    if column.levels is not None or column.schema.dtype == "boolean":
        return _levels(column, most)
    known = column.values[~column.missing]
    finite = known[np.isfinite(known)]
    distinct = np.unique(finite)
    if len(distinct) > most:
        # "nearest" keeps values that occur: a whole number stays whole and a date a day of the data.
        places = np.unique(np.quantile(finite, np.linspace(0, 1, most), method="nearest"))
        distinct = places.astype(column.values.dtype)
    nearest = np.full(len(column), -1, dtype=np.int64)
    if len(distinct):
        middles = distinct[:-1] + (distinct[1:] - distinct[:-1]) / 2
        nearest[~column.missing] = np.searchsorted(middles, known)
    return Grid(Column(column.schema, distinct), True, nearest)


def _levels(column: Column, most: int) -> Grid:
    codes = np.where(column.missing, -1, np.nan_to_num(column.values)).astype(np.int64)
    used, places, counts = np.unique(codes, return_inverse=True, return_counts=True)
    chosen = np.argsort(-counts, kind="stable")[:most]
    place = np.full(len(used), -1, dtype=np.int64)
    place[chosen] = np.arange(len(chosen))
    cells = used[chosen]
    if column.levels is None:
        return Grid(Column(column.schema, np.where(cells < 0, np.nan, cells.astype(np.float64))), False, place[places])
    return Grid(Column(column.schema, cells.astype(np.int32), column.levels), False, place[places])
