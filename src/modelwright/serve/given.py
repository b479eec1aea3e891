"""Rows as a request gives them, on their way to the model: one record, or columns not yet read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self, final

import numpy as np

from modelwright.core.errors import DataError, SchemaError, listed
from modelwright.core.schema import ColumnSchema, Schema
from modelwright.core.table import MISSING_DATE, Column, Table
from modelwright.data.cells import from_cells
from modelwright.data.conformity import conform_column
from modelwright.data.nested import flat
from modelwright.data.raw import Raw
from modelwright.serve.refusal import RefusedRequestError

SCALARS = frozenset({str, int, float, bool, type(None)})
_DATES = frozenset({int, type(None)})
_EXPECTED = {"number": "a number", "boolean": "true or false", "date": "a date", "string": "a text"}


@final
@dataclass(frozen=True, slots=True)
class Given:
    """What a request asks about.

    Attributes:
        n_rows: Number of rows.
        record: The cells of one row by column, the columns of the schema only; None for anything else.
        columns: The columns of the schema otherwise, in its order.
    """

    n_rows: int
    record: Mapping[str, Any] | None = None
    columns: tuple[Raw, ...] = ()

    def of(self, schema: Schema) -> Self:
        """Return the rows with only the columns of a schema, all of which must be there, in its order."""
        if self.record is not None:
            return self  # cells are found by name
        by_name = {raw.name: raw for raw in self.columns}
        return replace(self, columns=tuple(by_name[name] for name in schema.names))


def from_records(records: Any, schema: Schema, most: int) -> Given:
    """Return a list of objects as rows; a name that some records lack is missing there.

    Raises:
        RefusedRequestError: It is no such list, too long, or a column is in none of the records.
    """
    if not isinstance(records, list):
        raise RefusedRequestError(400, "The rows must be a list of objects, one per row.")
    _check_count(len(records), most)
    for row, record in enumerate(records, 1):
        if type(record) is not dict:
            raise RefusedRequestError(400, f"Row {row} is no object of cells by column name.", row=row)
    if any("." in name for name in schema.names):
        records = [_flat(record, row) for row, record in enumerate(records, 1)]
    if len(records) == 1:
        return _one(records[0], schema)
    for name in schema.names:
        if records and not any(name in record for record in records):
            raise _absent(name, schema)
    return Given(len(records), columns=tuple(raw_column(c, [record.get(c.name) for record in records]) for c in schema))


def _flat(record: Mapping[str, Any], row: int) -> Mapping[str, Any]:
    """Spread objects within a row, as the reader of JSON does."""
    try:
        return flat(record)
    except DataError:
        raise RefusedRequestError(
            400, f"Row {row} holds a name twice: as a key and within an object.", row=row
        ) from None


def from_columns(columns: Any, schema: Schema, most: int) -> Given:
    """Return an object of lists, one per column, as rows.

    Raises:
        RefusedRequestError: It is no such object, a column is absent, or lengths differ.
    """
    if not isinstance(columns, dict):
        raise RefusedRequestError(400, "The columns must be an object with a list of cells for each name.")
    for name in schema.names:
        if name not in columns:
            raise _absent(name, schema)
        if not isinstance(columns[name], list):
            raise RefusedRequestError(400, f"Column '{name}' is no list of cells.", column=name)
    return from_cells_of({name: columns[name] for name in schema.names}, schema, most)


def from_cells_of(columns: Mapping[str, Sequence[Any]], schema: Schema, most: int) -> Given:
    """Return lists of cells, one for every column of the schema, as rows.

    Raises:
        RefusedRequestError: Lengths differ, or there are too many rows.
    """
    lengths = {name: len(columns[name]) for name in schema.names}
    n_rows = max(lengths.values(), default=0)
    _check_count(n_rows, most)
    if uneven := next((name for name, n in lengths.items() if n != n_rows), None):
        raise RefusedRequestError(
            400, f"Column '{uneven}' has {lengths[uneven]} rows where others have {n_rows}.", column=uneven
        )
    if n_rows == 1:
        return _one({name: columns[name][0] for name in schema.names}, schema)
    return Given(n_rows, columns=tuple(raw_column(c, columns[c.name]) for c in schema))


def from_matrix(names: Any, rows: Any, schema: Schema, most: int) -> Given:
    """Return a list of lists as rows.

    Args:
        names: Name of each position, or None where they are the schema's own, in its order.
        rows: The lists.
        schema: What the model needs.
        most: Most rows allowed.

    Raises:
        RefusedRequestError: It is no such list, ragged, too long, or a column is absent or named twice.
    """
    names = list(schema.names) if names is None else names
    if not isinstance(names, list) or not all(type(name) is str for name in names):
        raise RefusedRequestError(400, "The column names must be a list of texts.")
    if len(set(names)) != len(names):
        raise RefusedRequestError(400, "A column is named twice. Name every column once.")
    if not isinstance(rows, list):
        raise RefusedRequestError(400, "The rows must be a list of lists of cells.")
    _check_count(len(rows), most)
    for row, cells in enumerate(rows, 1):
        if type(cells) is not list:
            raise RefusedRequestError(400, f"Row {row} is no list of cells.", row=row)
        if len(cells) != len(names):
            raise RefusedRequestError(400, f"Row {row} has {len(cells)} cells for {len(names)} columns.", row=row)
    place = {name: position for position, name in enumerate(names)}
    for name in schema.names:
        if name not in place:
            raise _absent(name, schema)
    return from_cells_of({name: [cells[place[name]] for cells in rows] for name in schema.names}, schema, most)


def from_raws(raws: Mapping[str, Raw], n_rows: int, schema: Schema, most: int) -> Given:
    """Return columns that a reader of files made as rows.

    Raises:
        RefusedRequestError: A column is absent, or there are too many rows.
    """
    _check_count(n_rows, most)
    for name in schema.names:
        if name not in raws:
            raise _absent(name, schema)
    return Given(n_rows, columns=tuple(raws[name] for name in schema.names))


def raw_column(column: ColumnSchema, cells: Sequence[Any]) -> Raw:
    """Return the cells of one column as they came.

    Raises:
        RefusedRequestError: A cell is a list or an object.
    """
    kinds = set(map(type, cells))
    if not kinds <= SCALARS:
        row = next(i for i, cell in enumerate(cells, 1) if type(cell) not in SCALARS)
        raise _nested(column.name, row)
    if column.dtype == "date" and int in kinds and not column.parsing.formats:
        # Whole numbers are epoch microseconds, as the file itself takes them.
        low, high = int(MISSING_DATE), -int(MISSING_DATE)
        if kinds <= _DATES and all(cell is None or low <= cell < high for cell in cells):
            return Raw(column.name, "date", np.array([low if c is None else c for c in cells], dtype=np.int64))
        cells = [str(np.datetime64(c, "us")) if type(c) is int and low < c < high else c for c in cells]
    try:
        return from_cells(column.name, cells)
    except DataError as error:
        raise RefusedRequestError(400, f"Column '{column.name}' holds cells that cannot be read.") from error


def as_table(given: Given, schema: Schema) -> Table:
    """Read the cells by the schema's rules.

    Raises:
        RefusedRequestError: A cell does not fit; the first is named by column and row.
    """
    columns = given.columns
    if given.record is not None:
        columns = tuple(raw_column(c, [given.record[c.name]]) for c in schema)
    return Table(tuple(_conformed(raw, c) for raw, c in zip(columns, schema, strict=True)), given.n_rows)


def _conformed(raw: Raw, column: ColumnSchema) -> Column:
    try:
        return conform_column(raw, column, "the request", lenient=False)[0]
    except SchemaError:
        row = _first_misfit(raw, column)
        expected = _EXPECTED[column.dtype]
        raise RefusedRequestError(
            400, f"Column '{column.name}', row {row}: the cell is not {expected}.", column=column.name, row=row
        ) from None


def _first_misfit(raw: Raw, column: ColumnSchema) -> int:
    """Return the number of the first row that does not fit: the readers tell it only beside the value."""
    fits, fails = 0, len(raw.values)
    while fails - fits > 1:
        middle = (fits + fails) // 2
        try:
            conform_column(_rows(raw, fits, middle), column, "the request", lenient=False)
            fits = middle
        except SchemaError:
            fails = middle
    return fails


def _rows(raw: Raw, start: int, stop: int) -> Raw:
    return replace(raw, values=raw.values[start:stop])


def _one(record: Mapping[str, Any], schema: Schema) -> Given:
    try:
        cells = {name: record[name] for name in schema.names}
    except KeyError:
        raise _absent(next(name for name in schema.names if name not in record), schema) from None
    for name, cell in cells.items():
        if type(cell) not in SCALARS:
            raise _nested(name, 1)
    return Given(1, record=cells)


def _check_count(n_rows: int, most: int) -> None:
    if n_rows > most:
        raise RefusedRequestError(413, f"The request has {n_rows:,} rows; at most {most:,} are answered. Send fewer.")


def _absent(name: str, schema: Schema) -> RefusedRequestError:
    return RefusedRequestError(
        400,
        f"Column '{name}' is not in the request; where it is unknown, send null. "
        f"Columns needed: {listed(schema.names, 40)}.",
        column=name,
    )


def _nested(name: str, row: int) -> RefusedRequestError:
    return RefusedRequestError(
        400, f"Column '{name}', row {row}: the cell is a list or an object, not a single value.", column=name, row=row
    )
