"""The door for data that need not fit in memory: read it in pieces, in order."""

from collections.abc import Collection, Iterator
from typing import Any

import numpy as np

from modelwright.core.errors import SpecError
from modelwright.core.schema import Schema
from modelwright.core.table import Table
from modelwright.data.conformity import conform
from modelwright.data.raw import Selection
from modelwright.data.source import read_raw, scan_raw


def scan(
    source: Any,
    schema: Schema,
    *,
    rows: int = 65536,
    lenient: bool = False,
    optional: Collection[str] = (),
) -> Iterator[Table]:
    """Yield the source as tables of at most `rows` rows that fit the schema.

    CSV, JSON Lines, Parquet and Arrow files, and folders of them, are streamed with memory that does not grow; other
    sources are read once and cut. Without rows nothing is yielded.

    Args:
        source: As for `modelwright.data.read`.
        schema: The columns demanded.
        rows: Most rows per table.
        lenient: Whether cells that do not fit become missing, and are counted in a note, instead of an error.
        optional: Columns of `schema` that may be absent and are then left out.

    Raises:
        DataError: The source cannot be read.
        SchemaError: It does not fit the schema; row numbers count from the start of the file.
        SpecError: `rows` is below 1.
    """
    if rows < 1:
        raise SpecError(f"rows must be at least 1, not {rows}.")
    selection = Selection.of(schema)
    pieces = scan_raw(source, selection, rows)
    if pieces is None:
        table = conform(read_raw(source, selection), schema, lenient=lenient, optional=optional)
        for start in range(0, table.n_rows, rows):
            yield table.take(np.arange(start, min(start + rows, table.n_rows)))
        return
    first_row, origin = 1, None
    for raw in pieces:
        if raw.origin != origin:  # the next file of a folder
            first_row, origin = 1, raw.origin
        yield conform(raw, schema, lenient=lenient, optional=optional, first_row=first_row)
        first_row += raw.n_rows
