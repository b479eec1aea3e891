"""Answers written as Parquet."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from modelwright.cli.answers import Described, Write, plain_cells
from modelwright.core.table import Array

_TYPES = {
    "string": pa.string(),
    "number": pa.float64(),
    "integer": pa.int64(),
    "boolean": pa.bool_(),
    "date": pa.timestamp("us"),
}


@contextmanager
def parquet_writer(where: Path | BinaryIO, answers: Described) -> Iterator[Write]:
    """Write Parquet, missing cells null."""
    fields = [pa.field(name, _TYPES[kind]) for name, kind in zip(answers.names, answers.types(), strict=True)]
    schema = pa.schema(fields)
    with pq.ParquetWriter(where, schema) as file:

        def write(columns: list[Array]) -> None:
            cells = [_array(column, field.type) for column, field in zip(columns, schema, strict=True)]
            file.write_table(pa.table(cells, schema=schema))

        yield write


def _array(column: Array, kind: pa.DataType) -> pa.Array:
    if column.dtype.kind in "fM":
        return pa.array(column, type=kind, from_pandas=True)  # NaN and NaT become null
    return pa.array([None if cell == "" else cell for cell in plain_cells(column)], type=kind)
