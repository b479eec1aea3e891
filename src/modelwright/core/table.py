"""Named, typed columns in memory: the one form in which data travels between our parts."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any, Self, final

import numpy as np
import numpy.typing as npt

from modelwright.core.errors import SchemaError
from modelwright.core.schema import ColumnSchema, Schema

Array = npt.NDArray[Any]

MISSING_DATE = np.iinfo(np.int64).min
"""The cell of a date column that holds no date."""


def object_array(texts: Collection[str]) -> Array:
    """Return texts as an object array, also when there is none."""
    array = np.empty(len(texts), dtype=object)
    array[:] = list(texts)
    return array


@final
@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table.

    The buffers depend on ``schema.dtype``:

    * number, boolean: ``values`` float64, NaN where missing; booleans are 0.0 and 1.0;
    * date: ``values`` int64, microseconds since 1970-01-01 UTC, `MISSING_DATE` where missing;
    * string: ``values`` int32 codes into ``levels``, -1 where missing; ``levels`` an object array of distinct,
      non-empty ``str``. A level need not occur.

    Attributes:
        schema: What the column is.
        values: Shape (n_rows,); never written to.
        levels: Shape (n_levels,), strings only; None for other columns.
    """

    schema: ColumnSchema
    values: Array
    levels: Array | None = None

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.values)

    @property
    def name(self) -> str:
        """Name of the column."""
        return self.schema.name

    @property
    def missing(self) -> Array:
        """Boolean array, shape (n_rows,), true where the cell holds no value."""
        if self.schema.dtype == "string":
            return self.values < 0
        if self.schema.dtype == "date":
            return self.values == MISSING_DATE
        return np.isnan(self.values)

    def take(self, rows: Array) -> "Column":
        """Return the rows at the given positions (or where a boolean mask is true)."""
        return Column(self.schema, self.values[rows], self.levels)

    def strings(self) -> Array:
        """Return the cells of a string column as an object array of ``str``, the empty text where missing."""
        if self.levels is None:
            raise SchemaError(f"Column '{self.name}' holds {self.schema.dtype}s, not strings.")
        padded = np.empty(len(self.levels) + 1, dtype=object)
        padded[:-1] = self.levels
        padded[-1] = ""
        return padded[self.values]

    def feed(self) -> Array:
        """Return the cells as the model file takes them: shape (n_rows, 1), str, float64 or int64."""
        cells = self.strings() if self.schema.dtype == "string" else self.values
        return cells.reshape(-1, 1)


@final
@dataclass(frozen=True, slots=True)
class Table:
    """Columns of equal length, in order.

    Attributes:
        columns: The columns; their schemas make up `schema`.
        notes: What reading decided or left out, one sentence each, for the user.
        n_rows: Number of rows; kept even when there are no columns.
    """

    columns: tuple[Column, ...]
    n_rows: int
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Check that every column has the same number of rows."""
        for column in self.columns:
            if len(column) != self.n_rows:
                raise SchemaError(f"Column '{column.name}' has {len(column)} rows, the table has {self.n_rows}.")

    def __len__(self) -> int:
        """Return the number of rows."""
        return self.n_rows

    @property
    def schema(self) -> Schema:
        """The schema made of the columns' own."""
        return Schema(tuple(c.schema for c in self.columns))

    @property
    def names(self) -> tuple[str, ...]:
        """Column names in order."""
        return tuple(c.name for c in self.columns)

    @property
    def n_bytes(self) -> int:
        """Bytes of the columns' buffers; of texts only what points to them."""
        return sum(c.values.nbytes + (0 if c.levels is None else c.levels.nbytes) for c in self.columns)

    def column(self, name: str) -> Column:
        """Return one column by name; raises SchemaError with a suggestion when there is none."""
        for column in self.columns:
            if column.name == name:
                return column
        self.schema.column(name)
        raise AssertionError("the schema knows every column")

    def take(self, rows: Array) -> "Table":
        """Return the rows at the given positions (or where a boolean mask is true)."""
        rows = np.flatnonzero(rows) if rows.dtype == np.bool_ else rows
        return Table(tuple(c.take(rows) for c in self.columns), len(rows), self.notes)

    def select(self, names: Iterable[str]) -> "Table":
        """Return the named columns, in the order given."""
        by_name = {c.name: c for c in self.columns}  # a search per name would be quadratic in a wide table
        return Table(tuple(by_name[n] if n in by_name else self.column(n) for n in names), self.n_rows, self.notes)

    def drop(self, names: Iterable[str]) -> Self:
        """Return the table without the named columns; every name must exist."""
        gone = {self.column(n).name for n in names}
        return type(self)(tuple(c for c in self.columns if c.name not in gone), self.n_rows, self.notes)
