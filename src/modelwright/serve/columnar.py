"""Arrow and Parquet, the one place of the server that needs pyarrow; imported at the first such body.

Both can say in few bytes what fills a machine: compressed buffers, views of one text in many cells, dictionaries and
shared prefixes written out. So a stream is looked through before it is read, forms that multiply are refused, and
texts of Parquet stay in their dictionaries.
"""

import struct
from collections.abc import Collection, Iterator, Mapping
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pyarrow.types as pt

from modelwright.core.errors import DataError
from modelwright.data import arrow_columns
from modelwright.data.raw import Raw
from modelwright.serve.refusal import RefusedRequestError
from modelwright.serve.settings import Limits

_FILE = b"ARROW1\0\0"
_GROWTH = 8
"""Columns in memory may take this many times the largest body."""

_CODECS = frozenset({"UNCOMPRESSED", "SNAPPY"})
"""Snappy unpacks to at most about twenty times its size; the others know no such bound."""

_ROWS_AT_ONCE = 64
_FAULTS = (pa.ArrowException, OSError, ValueError, OverflowError, struct.error, MemoryError)


def read_arrow(body: bytes, names: Collection[str], limits: Limits) -> tuple[dict[str, Raw], int]:
    """Return the named columns of an IPC stream or file, and the number of rows.

    Raises:
        DataError: It is damaged.
        RefusedRequestError: It has too many rows, is compressed, or unpacks to too much.
    """
    # A file is a stream between two magic words; reading it as one makes its footer, and what that points to, moot.
    stream = memoryview(body)[len(_FILE) :] if body.startswith(_FILE) else memoryview(body)
    if body.startswith(_FILE) and not body.endswith(_FILE.rstrip(b"\0")):
        raise DataError("The body is a cut off Arrow file.")
    try:
        _refuse_compressed(stream)
        opened = pa.ipc.open_stream(pa.py_buffer(stream))
        _check_names(opened.schema.names)
        _check_types(opened.schema)
        batches: list[Any] = []
        n_rows = n_bytes = 0
        for batch in opened:
            n_rows, n_bytes = n_rows + batch.num_rows, n_bytes + batch.nbytes
            _check_size(n_rows, n_bytes, limits)
            batches.append(batch)
        table = pa.Table.from_batches(batches, opened.schema)
        table.validate(full=True)  # offsets and UTF-8 too: what arrives is not to be trusted
        return _raws(table, names), n_rows
    except RefusedRequestError:
        raise
    except _FAULTS as error:
        raise DataError("The body is a damaged Arrow stream or file.") from error


def read_parquet(body: bytes, names: Collection[str], limits: Limits) -> tuple[dict[str, Raw], int]:
    """Return the named columns of a Parquet file, and the number of rows.

    Raises:
        DataError: It is damaged.
        RefusedRequestError: It has too many rows, a codec without bound, or unpacks to too much.
    """
    try:
        about = pq.ParquetFile(pa.BufferReader(body))
        fields = about.schema_arrow
        _check_names(fields.names)
        _check_types(fields)
        wanted = [name for name in fields.names if name in names]
        _check_chunks(about.metadata, limits)
        texts = [name for name in wanted if _is_text(fields.field(name).type)]
        file = pq.ParquetFile(pa.BufferReader(body), read_dictionary=texts)
        batches: list[Any] = []
        n_rows = n_bytes = 0
        for batch in file.iter_batches(batch_size=_ROWS_AT_ONCE, columns=wanted):
            n_rows, n_bytes = n_rows + batch.num_rows, n_bytes + batch.nbytes
            _check_size(n_rows, n_bytes, limits)  # again: the footer may lie
            batches.append(batch)
        schema = pa.schema([fields.field(name) for name in wanted])
        table = pa.Table.from_batches(batches, batches[0].schema if batches else schema)
        table.validate(full=True)
        return _raws(table, names), n_rows if wanted else about.metadata.num_rows
    except RefusedRequestError:
        raise
    except _FAULTS as error:
        raise DataError("The body is a damaged Parquet file.") from error


def write_arrow(columns: Mapping[str, Any]) -> bytes:
    """Return answers as an Arrow IPC stream."""
    table = pa.table(dict(columns))
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table)
    written: bytes = sink.getvalue().to_pybytes()
    return written


def _refuse_compressed(stream: memoryview) -> None:
    for message in _messages(stream):
        metadata = memoryview(message.metadata)
        header = _field(metadata, struct.unpack_from("<I", metadata, 0)[0], 2)  # Message.header
        if header is None:
            continue
        batch = _followed(metadata, header)
        if message.type == "dictionary":
            data = _field(metadata, batch, 1)  # DictionaryBatch.data
            if data is None:
                continue
            batch = _followed(metadata, data)
        if message.type in ("dictionary", "record batch") and _field(metadata, batch, 3) is not None:
            raise RefusedRequestError(415, "Compressed Arrow buffers are not taken. Write the stream without.")


def _messages(stream: memoryview) -> Iterator[Any]:
    reader = pa.ipc.MessageReader.open_stream(pa.py_buffer(stream))
    while True:
        try:
            yield reader.read_next_message()
        except StopIteration:
            return


def _field(metadata: memoryview, table: int, index: int) -> int | None:
    """Return where a field of a flatbuffers table lies, or None where it is not set."""
    directory = table - struct.unpack_from("<i", metadata, table)[0]
    place = 4 + 2 * index
    if place + 2 > struct.unpack_from("<H", metadata, directory)[0]:
        return None
    offset = struct.unpack_from("<H", metadata, directory + place)[0]
    return table + offset if offset else None


def _followed(metadata: memoryview, place: int) -> int:
    found: int = place + struct.unpack_from("<I", metadata, place)[0]
    return found


def _check_names(names: list[str]) -> None:
    if len(set(names)) != len(names):
        raise RefusedRequestError(400, "A column is named twice. Name every column once.")


def _check_types(schema: Any) -> None:
    for position, field in enumerate(schema, 1):
        kind = field.type.value_type if pt.is_dictionary(field.type) else field.type
        if not (pt.is_primitive(kind) or pt.is_decimal(kind) or pt.is_null(kind) or _is_text(kind)):
            raise RefusedRequestError(400, f"The type of column {position} cannot be read. Send numbers or texts.")


def _is_text(kind: Any) -> bool:
    return pt.is_string(kind) or pt.is_large_string(kind) or pt.is_binary(kind) or pt.is_large_binary(kind)


def _check_chunks(metadata: Any, limits: Limits) -> None:
    n_bytes = 0
    for group in map(metadata.row_group, range(metadata.num_row_groups)):
        for chunk in map(group.column, range(group.num_columns)):
            n_bytes += chunk.total_uncompressed_size
            if chunk.compression not in _CODECS:
                raise RefusedRequestError(415, "Of Parquet's codecs only snappy, or none, is taken. Write it so.")
            if "DELTA_BYTE_ARRAY" in chunk.encodings:
                raise RefusedRequestError(415, "Parquet's DELTA_BYTE_ARRAY is not taken. Write texts plainly.")
    _check_size(metadata.num_rows, n_bytes, limits)


def _check_size(n_rows: int, n_bytes: int, limits: Limits) -> None:
    if n_rows > limits.rows:
        raise RefusedRequestError(413, f"The request has more than {limits.rows:,} rows. Send fewer.")
    if n_bytes > _GROWTH * limits.body_bytes:
        raise RefusedRequestError(413, "The body unpacks to too much. Send fewer rows.")


def _raws(table: Any, names: Collection[str]) -> dict[str, Raw]:
    return {
        name: arrow_columns.to_raw(name, table.column(i)) for i, name in enumerate(table.column_names) if name in names
    }
