"""Dates: days since 1970, calendar parts, and days between two dates, by integer arithmetic alone.

The calendar is the proleptic Gregorian one in UTC, for every int64 number of microseconds.

Source:
    C. Neri, L. Schneider, "Euclidean affine functions and their application to calendar algorithms" (2022): a year
    that starts in March makes the day of the year a plain table, and centuries and years two divisions.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Literal, final

import numpy as np

from modelwright.core.graph import Graph
from modelwright.core.table import MISSING_DATE, Array, Table
from modelwright.core.task import Target
from modelwright.transform.base import FittedTransform, Transform, columns_of
from modelwright.transform.scaling import Scaling

DAY = 86_400_000_000
HOUR = 3_600_000_000
CENTURY = 146_097
"""Quarter days in a mean Gregorian century, which is also the days of four."""

MOST_PAIRS = 6
"""Differences between two date columns that are worth their width; pairs are taken in column order."""

_PARTS = ("days", "year", "weekday", "hour", "month", "day", "day of year")
_ERAS = 1000
"""Spans of 400 years added so that every day number is positive."""

_SHIFT = 4 * (719_468 + _ERAS * CENTURY) + 3
_YEARS = 400 * _ERAS
_JANUARY = 306
"""Days from 1 March to 1 January."""


def _calendar() -> Array:
    """Return month, day and day of year (as in a leap year, so a date keeps its number) for each day from 1 March."""
    days = np.datetime64("2000-03-01") + np.arange(366)
    months = days.astype("datetime64[M]")
    january = np.where(np.arange(366) < _JANUARY, np.datetime64("2000-01-01"), np.datetime64("2001-01-01"))
    of_year = (days - january).astype(np.int64) + 1
    of_year[365] = 60
    month, day = months.astype(np.int64) % 12 + 1, (days - months.astype("datetime64[D]")).astype(np.int64) + 1
    month[365], day[365] = 2, 29
    return np.stack([month, day, of_year], axis=1).astype(np.float64)


CALENDAR = _calendar()


@final
@dataclass(frozen=True, slots=True)
class FittedDates(FittedTransform):
    """Calendar parts of date columns.

    Attributes:
        kept: Positions of the parts kept, among all parts of all columns.
        owners: Position of the column of each kept part.
        pairs: Positions (from, to) of the columns to take differences of, shape (n_pairs, 2).
        scaling: How the features are scaled, or None to leave them as they are.
    """

    kept: Array
    owners: Array
    pairs: Array
    scaling: Scaling | None

    def apply(self, table: Table) -> Array:
        """Return the features."""
        cells = _cells(table, self.columns)
        missing = cells == MISSING_DATE
        parts = np.where(missing[:, self.owners], np.nan, _parts(cells)[:, self.kept])
        if len(self.pairs):
            days = np.where(missing, np.nan, cells / DAY)
            parts = np.concatenate([parts, days[:, self.pairs[:, 1]] - days[:, self.pairs[:, 0]]], axis=1)
        return parts if self.scaling is None else self.scaling.apply(parts)

    def emit(self, graph: Graph, inputs: Mapping[str, str]) -> str:
        """Write `apply` as operators, all columns at once."""
        tensors = [inputs[name] for name in self.columns]
        cells = graph.op("Concat", *tensors, axis=1) if len(tensors) > 1 else tensors[0]
        missing = graph.op("Equal", cells, graph.constant(MISSING_DATE))
        parts, days = _emit_parts(graph, cells, len(self.columns))
        nan = graph.constant(np.nan)
        parts = graph.op("Gather", parts, graph.constant(self.kept, "int64"), axis=1)
        owned = graph.op("Gather", missing, graph.constant(self.owners, "int64"), axis=1)
        parts = graph.op("Where", owned, nan, parts)
        if len(self.pairs):
            days = graph.op("Where", missing, nan, days)
            ends = [graph.op("Gather", days, graph.constant(self.pairs[:, i], "int64"), axis=1) for i in (1, 0)]
            parts = graph.op("Concat", parts, graph.op("Sub", *ends), axis=1)
        return parts if self.scaling is None else self.scaling.emit(graph, parts)


@final
@dataclass(frozen=True, slots=True)
class Dates(Transform):
    """Turns date columns into features.

    Attributes:
        view: "tree" keeps NaN; "linear" fills and scales.
    """

    view: Literal["tree", "linear", "neural"]

    def fit(self, table: Table, target: Target, rng: np.random.Generator) -> FittedDates:  # noqa: ARG002  # contract
        """Choose the parts that vary and the pairs to compare."""
        cells = _cells(table, self.columns)
        kept = np.array(_varying(cells) or [0], dtype=np.int64)
        owners = kept % len(self.columns)
        pairs = list(combinations(range(len(self.columns)), 2))[:MOST_PAIRS]
        names = tuple(f"{_PARTS[i // len(self.columns)]} of {self.columns[i % len(self.columns)]}" for i in kept)
        names += tuple(f"days from {self.columns[i]} to {self.columns[j]}" for i, j in pairs)
        plain = FittedDates(
            self.columns, names, kept, owners, np.array(pairs, dtype=np.int64).reshape(-1, 2), scaling=None
        )
        if self.view == "tree":
            return plain
        scaling = Scaling.fit(plain.apply(table))
        return FittedDates(self.columns, scaling.names(names), kept, owners, plain.pairs, scaling)


def _varying(cells: Array) -> list[int]:
    """Return the positions of parts with two known values, and of the days, which also tell what is missing."""
    parts, known = _parts(cells), cells != MISSING_DATE
    n_columns = cells.shape[1]
    kept = []
    for i in range(parts.shape[1]):
        values = parts[known[:, i % n_columns], i]
        if len(values) and ((values != values[0]).any() or (i < n_columns and len(values) < len(cells))):
            kept.append(i)
    return kept


def _cells(table: Table, columns: tuple[str, ...]) -> Array:
    return np.stack([column.values for column in columns_of(table, columns)], axis=1)


def _parts(cells: Array) -> Array:
    """Return all parts in the order of `_PARTS`, each for every column; what is missing has any value."""
    day = cells // DAY
    hour = cells % DAY // HOUR
    quarters = day * 4 + _SHIFT
    century, of_century = quarters // CENTURY, quarters % CENTURY | 3
    year, of_year = century * 100 + of_century // 1461 - _YEARS, of_century % 1461 // 4
    year = year + (of_year >= _JANUARY)
    calendar = CALENDAR[of_year].transpose(0, 2, 1).reshape(len(cells), 3 * cells.shape[1])
    weekday = (day + 3) % 7
    return np.concatenate([cells / DAY, year, weekday, hour, calendar], axis=1).astype(np.float64, copy=False)


def _emit_parts(graph: Graph, cells: str, n_columns: int) -> tuple[str, str]:
    """Write `_parts`; return it and the days since 1970, which are its first block."""
    c = graph.constant
    # Div cuts towards zero where a day before 1970 needs the floor; Mod has the sign of the divisor already.
    whole = graph.op("Div", cells, c(DAY))
    rest = graph.op("Sub", cells, graph.op("Mul", whole, c(DAY)))
    day = graph.op("Sub", whole, graph.op("Cast", graph.op("Less", rest, c(0)), to=7))
    hour = graph.op("Div", graph.op("Mod", cells, c(DAY)), c(HOUR))
    quarters = graph.op("Add", graph.op("Mul", day, c(4)), c(_SHIFT))
    century = graph.op("Div", quarters, c(CENTURY))
    of_century = graph.op("BitwiseOr", graph.op("Mod", quarters, c(CENTURY)), c(3))
    of_year = graph.op("Div", graph.op("Mod", of_century, c(1461)), c(4))
    year = graph.op("Add", graph.op("Mul", century, c(100)), graph.op("Div", of_century, c(1461)))
    turned = graph.op("Cast", graph.op("GreaterOrEqual", of_year, c(_JANUARY)), to=7)
    year = graph.op("Sub", graph.op("Add", year, turned), c(_YEARS))
    weekday = graph.op("Mod", graph.op("Add", day, c(3)), c(7))
    days = graph.op("Div", graph.op("Cast", cells, to=11), c(float(DAY)))
    whole_parts = graph.op("Cast", graph.op("Concat", year, weekday, hour, axis=1), to=11)
    calendar = graph.op("Gather", c(CALENDAR), of_year)
    calendar = graph.op("Reshape", graph.op("Transpose", calendar, perm=[0, 2, 1]), c([0, 3 * n_columns]))
    return graph.op("Concat", days, whole_parts, calendar, axis=1), days
