"""Files of separated values, through pyarrow's reader, with our own sniffing and strictness."""

import codecs
import csv
import io
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv

from modelwright.core.errors import DataError
from modelwright.core.table import MISSING_DATE
from modelwright.data import arrow_columns
from modelwright.data.compressed import opened
from modelwright.data.dialect import SAMPLE_BYTES, Dialect, fallback, sniff
from modelwright.data.names import checked
from modelwright.data.raw import EVERYTHING, Raw, RawTable, Selection

_BLOCK = 1 << 20
_LARGEST_BLOCK = 1 << 30


def read(location: Path, selection: Selection = EVERYTHING, origin: str = "") -> RawTable:
    """Return the columns of a file.

    Raises:
        DataError: It is empty, ragged, or has repeated names.
    """
    origin = origin or location.name
    dialect, names, notes = _begin(location, origin)
    forced = {name: pa.string() for i, name in enumerate(names) if i in dialect.texts or name in selection.texts}
    wanted = [name for name in names if name in selection]
    if not dialect.has_rows:
        return RawTable(tuple(Raw(n, "number", np.zeros(0)) for n in wanted), 0, origin, tuple(names), tuple(notes))
    table, dialect = _attempt(location, dialect, names, forced, wanted, origin, _whole)
    if retyped := [n for n, t in zip(table.column_names, table.schema.types, strict=True) if pa.types.is_time(t)]:
        forced |= {name: pa.string() for name in retyped}  # 12:30 must stay as written, to be found again
        table, dialect = _attempt(location, dialect, names, forced, wanted, origin, _whole)
    if dialect.encoding not in ("utf-8", "utf-16"):
        notes.append(f"{origin} is not UTF-8 and was read as {dialect.encoding}.")
    zeros = frozenset(names[i] for i in dialect.zeros)
    n_rows, parts = table.num_rows, _parts(table)
    del table
    columns = tuple(_with_marks(raw, dialect.marks) for raw in _raws(parts, zeros))
    return RawTable(columns, n_rows, origin, tuple(names), tuple(notes))


def scan(location: Path, selection: Selection, rows: int, origin: str = "") -> Iterator[RawTable]:
    """Yield the columns of a file in pieces, in order, as texts.

    Raises:
        DataError: It is empty, ragged, or has repeated names.
    """
    origin = origin or location.name
    dialect, names, notes = _begin(location, origin)
    if not dialect.has_rows:
        return
    wanted = [name for name in names if name in selection]
    forced = {name: pa.string() for name in wanted}
    reader, dialect = _attempt(location, dialect, names, forced, wanted, origin, _streaming)
    while True:
        try:
            batch = reader.read_next_batch()
        except StopIteration:
            return
        except pa.ArrowInvalid as error:
            raise _explained(error, location, dialect, origin, len(names)) from error
        for start in range(0, batch.num_rows, rows):
            piece = pa.Table.from_batches([batch.slice(start, rows)])
            yield RawTable(tuple(_raws(_parts(piece), frozenset())), piece.num_rows, origin, tuple(names), tuple(notes))


def _begin(location: Path, origin: str) -> tuple[Dialect, list[str], list[str]]:
    with opened(location) as stream:
        start = stream.read(SAMPLE_BYTES)
        is_whole = len(start) < SAMPLE_BYTES
    if not start.strip():
        raise DataError(f"{origin} is empty. Give a file with a header line and at least one row.")
    if b"\0" in start[:4096] and not start.startswith((b"\xff\xfe", b"\xfe\xff")) and start[:200].count(0) < 20:
        raise DataError(f"{origin} is not a text file. Give CSV, JSON Lines, Parquet, Arrow or Excel.")
    prefers_tabs = ".tsv" in location.name.lower() or ".tab" in location.name.lower()
    dialect = sniff(start, is_whole=is_whole, prefers_tabs=prefers_tabs)
    names, notes = checked(dialect.header, origin)
    if all(name.replace(".", "", 1).replace("-", "", 1).isdigit() for name in names) and names != [
        str(i) for i in range(len(names))
    ]:
        notes.append(f"The first line of {origin} was taken as the header, though it holds only numbers.")
    return dialect, names, notes


def _attempt(
    location: Path,
    dialect: Dialect,
    names: list[str],
    forced: dict[str, Any],
    wanted: list[str],
    origin: str,
    how: Callable[..., Any],
) -> tuple[Any, Dialect]:
    """Read with a block large enough for the longest record and an encoding that fits every byte."""
    block = _BLOCK
    while True:
        try:
            result = how(location, *_options(dialect, names, forced, wanted, block))
        except pa.ArrowInvalid as error:
            text = str(error)
            if ("straddling" in text or "block boundar" in text) and block < _LARGEST_BLOCK:
                block *= 8
                continue
            if dialect.encoding == "utf-8" and "UTF8" in text.upper().replace("-", ""):
                dialect = _one_byte(dialect, location)
                continue
            raise _explained(error, location, dialect, origin, len(names)) from error
        except UnicodeDecodeError:
            dialect = replace(dialect, encoding="latin-1")
            continue
        if dialect.encoding == "utf-8" and any(pa.types.is_binary(t) for t in result.schema.types):
            dialect = _one_byte(dialect, location)
            continue
        return result, dialect


def _whole(location: Path, read: Any, parse: Any, convert: Any) -> Any:
    """Return a table typed by the first block, or, where that does not last, by all blocks.

    pyarrow keeps every parsed block until the last type is sure, which doubles the memory; most files do not need it.
    """
    try:
        with _streaming(location, read, parse, convert) as reader:
            return reader.read_all()
    except pa.ArrowInvalid as error:
        if "conversion error" not in str(error) or "UTF8" in str(error):
            raise
    with opened(location) as stream:
        return pacsv.read_csv(stream, read, parse, convert)


def _streaming(location: Path, read: Any, parse: Any, convert: Any) -> Any:
    return pacsv.open_csv(opened(location), read, parse, convert)


def _options(
    dialect: Dialect, names: list[str], forced: dict[str, Any], wanted: list[str], block: int
) -> tuple[Any, ...]:
    read = pacsv.ReadOptions(
        block_size=block, column_names=names, skip_rows=dialect.header_lines, encoding=dialect.encoding
    )
    parse = pacsv.ParseOptions(
        delimiter=dialect.delimiter,
        quote_char=dialect.quote,
        double_quote=not dialect.escape,
        escape_char=dialect.escape or False,
        newlines_in_values=True,
    )
    convert = pacsv.ConvertOptions(
        null_values=["", *sorted(dialect.marks)],
        strings_can_be_null=False,
        true_values=["true", "True", "TRUE"],
        false_values=["false", "False", "FALSE"],
        column_types=forced,
        include_columns=wanted,
    )
    return read, parse, convert


def _raws(columns: list[tuple[str, Any]], zeros: frozenset[str]) -> Iterator[Raw]:
    """Convert column by column, letting each Arrow column go once it is converted."""
    columns.reverse()
    while columns:
        raw = arrow_columns.to_raw(*columns.pop())
        if raw.name in zeros and raw.form == "number":
            raw = replace(raw, has_zeros=True)
        yield raw


def _with_marks(raw: Raw, marks: frozenset[str]) -> Raw:
    """Say which marks pyarrow may have taken out of a column that it typed itself."""
    if not marks or raw.form == "text" or raw.marks:
        return raw
    missing = raw.values == MISSING_DATE if raw.form == "date" else np.isnan(raw.values)
    n_missing = int(np.count_nonzero(missing))
    return replace(raw, marks=tuple((mark, n_missing) for mark in sorted(marks))) if n_missing else raw


def _parts(table: Any) -> list[tuple[str, Any]]:
    return list(zip(table.column_names, table.columns, strict=True))


def _explained(error: Exception, location: Path, dialect: Dialect, origin: str, width: int) -> DataError:
    """Return the error of a ragged file with the line at fault, found by reading it again slowly."""
    with opened(location) as stream:
        text = io.TextIOWrapper(stream, encoding=dialect.encoding, errors="replace", newline="")
        reader = csv.reader(
            text,
            delimiter=dialect.delimiter,
            quotechar=dialect.quote,
            doublequote=not dialect.escape,
            escapechar=dialect.escape or None,
        )
        last = 0
        try:
            for cells in reader:
                if cells and len(cells) != width:
                    return DataError(
                        f"{origin}, line {last + 1}: {len(cells)} cells where the header has {width} columns. "
                        "Correct the line, or quote cells that hold the delimiter."
                    )
                last = reader.line_num
        except csv.Error as fault:
            return DataError(f"{origin}, line {last + 1}: {fault}. Correct the line.")
    return DataError(f"{origin} cannot be read as separated values: {str(error)[:200]}.")


def _one_byte(dialect: Dialect, location: Path) -> Dialect:
    decoder = codecs.getincrementaldecoder("utf-8")()
    with opened(location) as stream:
        while piece := stream.read(_BLOCK):
            try:
                decoder.decode(piece)
            except UnicodeDecodeError:
                return replace(dialect, encoding=fallback(piece))
    return replace(dialect, encoding="latin-1")
