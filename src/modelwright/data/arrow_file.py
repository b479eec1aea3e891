"""Arrow files: the IPC file format (Feather 2) and the IPC stream format."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa

from modelwright.core.errors import DataError
from modelwright.data.arrow_stream import from_table
from modelwright.data.raw import EVERYTHING, RawTable, Selection

_FILE_MAGIC = b"ARROW1"


def read(location: Path, selection: Selection = EVERYTHING, origin: str = "") -> RawTable:
    """Return the columns of a file.

    Raises:
        DataError: It is damaged.
    """
    origin = origin or location.name
    try:
        with pa.OSFile(str(location), "rb") as file:
            reader = _reader(location, file)
            table = pa.Table.from_batches(_batches(reader), reader.schema)
    except (pa.ArrowException, OSError) as error:
        raise _damaged(origin, error) from error
    return from_table(table, origin, selection)


def scan(location: Path, selection: Selection, rows: int, origin: str = "") -> Iterator[RawTable]:
    """Yield the columns of a file in pieces, in order.

    Raises:
        DataError: It is damaged.
    """
    origin = origin or location.name
    with pa.OSFile(str(location), "rb") as file:
        try:
            reader = _reader(location, file)
            batches = _batches(reader)
        except (pa.ArrowException, OSError) as error:
            raise _damaged(origin, error) from error
        while True:
            try:
                batch = next(batches, None)
            except (pa.ArrowException, OSError) as error:
                raise _damaged(origin, error) from error
            if batch is None:
                return
            for start in range(0, batch.num_rows, rows):
                yield from_table(pa.Table.from_batches([batch.slice(start, rows)]), origin, selection)


def _reader(location: Path, file: Any) -> Any:
    with location.open("rb") as start:
        is_file = start.read(6) == _FILE_MAGIC
    return pa.ipc.open_file(file) if is_file else pa.ipc.open_stream(file)


def _batches(reader: Any) -> Iterator[Any]:
    if hasattr(reader, "num_record_batches"):
        return (reader.get_batch(i) for i in range(reader.num_record_batches))
    return iter(reader)


def _damaged(origin: str, error: Exception) -> DataError:
    return DataError(f"{origin} is a damaged Arrow file: {str(error)[:200]}. Write it again.")
