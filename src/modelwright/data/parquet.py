"""Parquet files."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from modelwright.core.errors import DataError
from modelwright.data.arrow_stream import from_table
from modelwright.data.raw import EVERYTHING, RawTable, Selection


def read(location: Path, selection: Selection = EVERYTHING, origin: str = "") -> RawTable:
    """Return the columns of a file.

    Raises:
        DataError: It is damaged.
    """
    origin = origin or location.name
    with _opened(location, origin) as file:
        wanted, left_out = _split(file, selection)
        try:
            table = file.read(columns=wanted)
        except (pa.ArrowException, OSError) as error:
            raise _damaged(origin, error) from error
        raw = from_table(table, origin, selection)
        return RawTable(raw.columns, file.metadata.num_rows, origin, (*raw.names, *left_out), raw.notes)


def scan(location: Path, selection: Selection, rows: int, origin: str = "") -> Iterator[RawTable]:
    """Yield the columns of a file in pieces, in order.

    Raises:
        DataError: It is damaged.
    """
    origin = origin or location.name
    with _opened(location, origin) as file:
        wanted, left_out = _split(file, selection)
        batches = file.iter_batches(batch_size=rows, columns=wanted)
        while True:
            try:
                batch = next(batches, None)
            except (pa.ArrowException, OSError) as error:
                raise _damaged(origin, error) from error
            if batch is None:
                return
            raw = from_table(pa.Table.from_batches([batch]), origin, selection)
            yield RawTable(raw.columns, batch.num_rows, origin, (*raw.names, *left_out), raw.notes)


def _opened(location: Path, origin: str) -> Any:
    try:
        # What is buffered ahead is kept until the file is closed, so that memory would grow with the rows.
        return pq.ParquetFile(location, pre_buffer=False)
    except (pa.ArrowException, OSError) as error:
        raise _damaged(origin, error) from error


def _split(file: Any, selection: Selection) -> tuple[list[str], list[str]]:
    """Return the top-level columns to read and those to leave."""
    names = file.schema_arrow.names
    return [n for n in names if n.strip() in selection or not n.strip()], [
        n for n in names if n.strip() not in selection and n.strip()
    ]


def _damaged(origin: str, error: Exception) -> DataError:
    return DataError(f"{origin} is a damaged Parquet file: {str(error)[:200]}. Write it again.")
