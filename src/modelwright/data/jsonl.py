"""JSON Lines: one object per line; also one JSON array of objects."""

import io
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.json as pajson

from modelwright.core.errors import DataError
from modelwright.data.arrow_stream import from_table
from modelwright.data.compressed import opened
from modelwright.data.dialect import encoding_note, encoding_of
from modelwright.data.raw import EVERYTHING, RawTable, Selection
from modelwright.data.records import read_records

_LARGEST_BLOCK = 1 << 30
_SAMPLE = 1 << 16
_PANDAS = "with pandas, to_json(orient='records')"


def read(location: Path, selection: Selection = EVERYTHING, origin: str = "") -> RawTable:
    """Return the columns of a file.

    Raises:
        DataError: A line is not a JSON object, or a cell holds a list that is not to be a text.
    """
    origin = origin or location.name
    with opened(location) as stream:
        start = stream.read(_SAMPLE)
    encoding = encoding_of(start)
    begun = _begun(start, encoding)
    if not begun:
        raise DataError(f"{origin} is empty. Give a file with one JSON object per line.")
    if begun.startswith("["):
        return _array(location, selection, origin)
    if encoding != "utf-8" or _is_nested(begun.partition("\n")[0]):
        return _slowly(location, selection, origin)
    try:
        with opened(location) as stream:
            table = pajson.read_json(stream, pajson.ReadOptions(block_size=_block(location)))
        if not table.num_columns or any(pa.types.is_nested(t) for t in table.schema.types):
            return _slowly(location, selection, origin)
        return from_table(table, origin, selection)
    except (pa.ArrowInvalid, UnicodeDecodeError):  # mixed types, NaN, or a fault that must be located
        return _slowly(location, selection, origin)


def scan(location: Path, selection: Selection, rows: int, origin: str = "") -> Iterator[RawTable]:
    """Yield the columns of a file in pieces, in order.

    Raises:
        DataError: A line is not a JSON object, or a cell holds a list that is not to be a text.
    """
    origin = origin or location.name
    with opened(location) as stream:
        start = stream.read(_SAMPLE)
    if _begun(start, encoding_of(start)).startswith("["):
        pieces: Iterator[list[dict[str, Any]]] = iter([_objects(location, origin)])
    else:
        pieces = _pieces(location, origin, rows)
    for records in pieces:
        for first in range(0, len(records), rows):
            yield _raw(records[first : first + rows], selection, origin)


def _is_nested(line: str) -> bool:
    """Return whether a line holds lists or objects: Arrow would read all for nothing, and dies of very deep ones."""
    try:
        return any(isinstance(cell, dict | list) for cell in json.loads(line).values())
    except RecursionError:
        return True
    except (ValueError, AttributeError):  # longer than the sample, or no object, which is told later
        return False


def _slowly(location: Path, selection: Selection, origin: str) -> RawTable:
    records = [record for piece in _pieces(location, origin, 65536) for record in piece]
    raw = _raw(records, selection, origin)
    with opened(location) as stream:
        encoding = encoding_of(stream.read(_SAMPLE))
    return replace(raw, notes=(*raw.notes, *encoding_note(origin, encoding)))


def _array(location: Path, selection: Selection, origin: str) -> RawTable:
    return _raw(_objects(location, origin), selection, origin)


def _raw(records: list[dict[str, Any]], selection: Selection, origin: str) -> RawTable:
    try:
        if len(records) == 1 and selection.names is None and all(isinstance(c, dict) for c in records[0].values()):
            raise DataError("every column holds an object.")  # of cells by row number, most likely
        raw = read_records(records, selection)
    except DataError as error:
        told = f" The file is one JSON object; a table is a list of them: {_PANDAS}." if len(records) == 1 else ""
        raise DataError(f"{origin}: {error}{told}") from error
    return RawTable(raw.columns, raw.n_rows, origin, raw.names, raw.notes)


def _objects(location: Path, origin: str) -> list[dict[str, Any]]:
    with opened(location) as stream:
        try:
            content = stream.read()
            text = content.decode(encoding_of(content[:_SAMPLE])).removeprefix("\ufeff")
            document = json.loads(text, object_pairs_hook=_unique)
        except (ValueError, RecursionError) as error:
            raise DataError(
                f"{origin} is not valid JSON: {error}. Correct it, or write one object per line."
            ) from error
    if not all(isinstance(record, dict) for record in document):
        raise DataError(f"{origin} must hold an array of objects, each with the cells of one row by column name.")
    return list(document)


def _pieces(location: Path, origin: str, rows: int) -> Iterator[list[dict[str, Any]]]:
    with opened(location) as stream:
        records: list[dict[str, Any]] = []
        for number, line in enumerate(_lines(location, stream), 1):
            if not line.strip():
                continue
            try:
                record = json.loads(line, object_pairs_hook=_unique)
            except (ValueError, RecursionError) as error:
                raise DataError(f"{origin}, line {number}: not valid JSON ({error}). Correct the line.") from error
            if not isinstance(record, dict):
                raise DataError(f"{origin}, line {number}: not a JSON object. Write the cells by column name.")
            records.append(record)
            if len(records) == rows:
                yield records
                records = []
        if records:
            yield records


def _lines(location: Path, stream: Any) -> Iterator[str]:
    with opened(location) as again:
        encoding = encoding_of(again.read(_SAMPLE))
    for number, line in enumerate(io.TextIOWrapper(stream, encoding=encoding, errors="replace")):
        yield line if number else line.removeprefix("\ufeff")


def _begun(start: bytes, encoding: str) -> str:
    return start.decode(encoding, errors="ignore").lstrip("\ufeff \t\r\n")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object, unless a key stands in it twice: which of the two is meant, nobody can tell.

    Raises:
        ValueError: One does.
    """
    found = dict(pairs)
    if len(found) < len(pairs):
        twice = next(key for key, n in Counter(key for key, _ in pairs).items() if n > 1)
        raise ValueError(f"the key '{twice}' stands in one object twice")
    return found


def _block(location: Path) -> int:
    """A block that holds the whole file where that is cheap, since a column must have one type over all blocks."""
    return min(max(1 << 20, location.stat().st_size * 12), _LARGEST_BLOCK)
