"""Arrow and Parquet, the one place of the server that needs pyarrow; imported at the first such body."""

from collections.abc import Collection, Mapping
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from modelwright.core.errors import DataError
from modelwright.data import arrow_columns
from modelwright.data.raw import Raw
from modelwright.serve.refusal import RefusedRequestError
from modelwright.serve.settings import Limits

_FILE = b"ARROW1"
_GROWTH = 8
"""Columns in memory may take this many times the largest body: dictionaries and runs unpack."""


def read_arrow(body: bytes, names: Collection[str], limits: Limits) -> tuple[dict[str, Raw], int]:
    """Return the named columns of an IPC stream or file, and the number of rows.

    Raises:
        DataError: It is damaged.
        RefusedRequestError: It has too many rows or unpacks to too much.
    """
    try:
        source = pa.BufferReader(body)
        opened = pa.ipc.open_file(source) if body.startswith(_FILE) else pa.ipc.open_stream(source)
        _check_names(opened.schema.names)
        batches, n_rows, n_bytes = [], 0, 0
        for batch in _batches(opened):
            n_rows, n_bytes = n_rows + batch.num_rows, n_bytes + batch.nbytes
            _check_size(n_rows, n_bytes, limits)
            batches.append(batch)
        table = pa.Table.from_batches(batches, opened.schema)
        table.validate(full=True)  # offsets and UTF-8 too: what arrives is not to be trusted
    except (pa.ArrowException, OSError, ValueError, OverflowError) as error:
        if isinstance(error, RefusedRequestError):
            raise
        raise DataError("The body is a damaged Arrow stream or file.") from error
    return _raws(table, names), n_rows


def read_parquet(body: bytes, names: Collection[str], limits: Limits) -> tuple[dict[str, Raw], int]:
    """Return the named columns of a Parquet file, and the number of rows.

    Raises:
        DataError: It is damaged.
        RefusedRequestError: It has too many rows or unpacks to too much.
    """
    try:
        file = pq.ParquetFile(pa.BufferReader(body))
        _check_names(file.schema_arrow.names)
        about = file.metadata
        n_bytes = sum(about.row_group(i).total_byte_size for i in range(about.num_row_groups))
        _check_size(about.num_rows, n_bytes, limits)
        batches, n_rows, n_bytes = [], 0, 0
        wanted = [name for name in file.schema_arrow.names if name in names]
        for batch in file.iter_batches(batch_size=1024, columns=wanted):
            n_rows, n_bytes = n_rows + batch.num_rows, n_bytes + batch.nbytes
            _check_size(n_rows, n_bytes, limits)  # again: the footer may lie
            batches.append(batch)
        schema = pa.schema([file.schema_arrow.field(name) for name in wanted])
        table = pa.Table.from_batches(batches, batches[0].schema if batches else schema)
    except (pa.ArrowException, OSError, ValueError, OverflowError) as error:
        if isinstance(error, RefusedRequestError):
            raise
        raise DataError("The body is a damaged Parquet file.") from error
    return _raws(table, names), about.num_rows


def write_arrow(columns: Mapping[str, Any]) -> bytes:
    """Return answers as an Arrow IPC stream."""
    table = pa.table(dict(columns))
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table)
    written: bytes = sink.getvalue().to_pybytes()
    return written


def _batches(opened: Any) -> Any:
    if hasattr(opened, "num_record_batches"):
        return (opened.get_batch(i) for i in range(opened.num_record_batches))
    return iter(opened)


def _check_names(names: list[str]) -> None:
    if len(set(names)) != len(names):
        raise RefusedRequestError(400, "A column is named twice. Name every column once.")


def _check_size(n_rows: int, n_bytes: int, limits: Limits) -> None:
    if n_rows > limits.rows:
        raise RefusedRequestError(413, f"The request has more than {limits.rows:,} rows. Send fewer.")
    if n_bytes > _GROWTH * limits.body_bytes:
        raise RefusedRequestError(413, "The body unpacks to too much. Send fewer rows.")


def _raws(table: Any, names: Collection[str]) -> dict[str, Raw]:
    return {
        name: arrow_columns.to_raw(name, table.column(i)) for i, name in enumerate(table.column_names) if name in names
    }
