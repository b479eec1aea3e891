"""Frames that hand out an Arrow stream: pyarrow, polars, DuckDB and others."""

from typing import Any

import pyarrow as pa

from modelwright.core.errors import DataError
from modelwright.data import arrow_columns
from modelwright.data.names import checked
from modelwright.data.raw import EVERYTHING, RawTable, Selection

ORIGIN = "the frame"


def read(source: Any, selection: Selection = EVERYTHING) -> RawTable:
    """Return the columns of a frame.

    Raises:
        DataError: The frame cannot hand out its rows.
    """
    try:
        reader = pa.RecordBatchReader.from_stream(source)
        table = reader.read_all()
    except (pa.ArrowException, TypeError, ValueError) as error:
        raise DataError(f"The frame of type {type(source).__name__} cannot be read: {str(error)[:200]}.") from error
    return from_table(table, ORIGIN, selection)


def from_table(table: Any, origin: str, selection: Selection = EVERYTHING) -> RawTable:
    """Return the columns of a pyarrow table."""
    names, notes = checked(table.column_names, origin)
    columns = tuple(arrow_columns.later(n, table.column(i)) for i, n in enumerate(names) if n in selection)
    return RawTable(columns, table.num_rows, origin, tuple(names), tuple(notes))
