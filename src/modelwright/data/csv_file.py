"""Files of separated values, through pyarrow's reader, with our own sniffing and strictness."""

import codecs
import csv
import io
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, final

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv

from modelwright.core.errors import DataError, counted, listed
from modelwright.data import arrow_columns
from modelwright.data.compressed import is_compressed, opened
from modelwright.data.csv_blocks import Blocks, UnfitForBlocksError, lasting_types, read_blocks
from modelwright.data.dialect import SAMPLE_BYTES, Dialect, encoding_note, fallback, records, sniff
from modelwright.data.names import checked
from modelwright.data.raw import EVERYTHING, Later, Raw, RawTable, Selection

_TABS = re.compile(r"\.(tsv|tab)\b", re.IGNORECASE)
_DIGITS = re.compile(r"-?\d+(\.\d+)?")
_BLOCK = 1 << 20
_LARGEST_BLOCK = 1 << 30
_BYTES_PER_COLUMN = 1 << 12
_WIDEST_BLOCK = 1 << 25
"""Wide tables are parsed in larger blocks: every block costs something per column."""
_PARSED_AT_ONCE = 1 << 20
_CONTROLS = re.compile(rb"[\x01-\x08\x0e-\x1a]")
_MOST_NULS = 8
"""More NUL bytes in the beginning are no slip in a text but another kind of file."""
_MARKUP = (b"<!doctype", b"<html", b"<?xml", b"<table")
_MOST_LINES_ABOVE = 20
"""So many lines may stand above a table whose file was taken for ragged, as a title or comments do."""
_CUT_AT_BYTES = ("utf-8", "cp1252", "latin-1")
"""Encodings in which a byte that looks like a line's end is one."""


@final
@dataclass(frozen=True, slots=True)
class _Plan:
    """How a file will be read.

    Attributes:
        location: The file.
        origin: What to call it in messages.
        dialect: How it is written.
        names: Names of all columns, fit to be told apart.
        wanted: Names of the columns to read.
        texts: Names of the columns to read as texts.
        may_break_lines: Whether a quoted cell may hold a line break, which slows pyarrow down.
        block: Bytes parsed at a time.
    """

    location: Path
    origin: str
    dialect: Dialect
    names: tuple[str, ...]
    wanted: tuple[str, ...]
    texts: frozenset[str]
    may_break_lines: bool = True
    block: int = _BLOCK

    def options(self) -> tuple[Any, Any, Any]:
        """Return pyarrow's options to read, parse and convert."""
        reading = pacsv.ReadOptions(
            block_size=self.block,
            column_names=list(self.names),
            skip_rows=self.dialect.header_lines,
            encoding=self.dialect.encoding,
        )
        texts = {name: pa.string() for name in self.texts}
        return reading, self.parsing(self.may_break_lines), self.converting(texts)

    def parsing(self, may_break_lines: bool) -> Any:
        """Return pyarrow's options to parse."""
        return pacsv.ParseOptions(
            delimiter=self.dialect.form.delimiter,
            quote_char=self.dialect.form.quote,
            double_quote=not self.dialect.form.escape,
            escape_char=self.dialect.form.escape or False,
            newlines_in_values=may_break_lines,
        )

    def converting(self, types: Mapping[str, Any]) -> Any:
        """Return pyarrow's options to convert the columns wanted, to the types given."""
        return pacsv.ConvertOptions(
            null_values=["", *sorted(self.dialect.marks)],
            strings_can_be_null=False,
            true_values=["true", "True", "TRUE"],
            false_values=["false", "False", "FALSE"],
            column_types=types,
            include_columns=list(self.wanted),
        )


def read(location: Path, selection: Selection = EVERYTHING, origin: str = "") -> RawTable:
    """Return the columns of a file.

    Raises:
        DataError: It is empty, ragged, or has repeated names.
    """
    plan, notes = _plan(location, selection, origin)
    if not plan.dialect.has_rows:
        empty = tuple(Raw(name, "number", np.zeros(0)) for name in plan.wanted)
        return RawTable(empty, 0, plan.origin, plan.names, notes)
    table, plan = _attempt(plan, _whole)
    if times := [n for n, t in zip(table.column_names, table.schema.types, strict=True) if pa.types.is_time(t)]:
        # 12:30 must stay as written, to be found again at prediction
        table, plan = _attempt(replace(plan, texts=plan.texts.union(times)), _whole)
    _check_quotes_are_closed(table, plan)
    columns = _columns(table, plan, selection.numbers)
    pa.default_memory_pool().release_unused()  # the parsed text, which Arrow would keep for itself
    return RawTable(
        columns, table.num_rows, plan.origin, plan.names, (*notes, *encoding_note(plan.origin, plan.dialect.encoding))
    )


def scan(location: Path, selection: Selection, rows: int, origin: str = "") -> Iterator[RawTable]:
    """Yield the columns of a file in pieces, in order, as texts.

    Raises:
        DataError: It is empty, ragged, or has repeated names.
    """
    plan, notes = _plan(location, selection, origin)
    if not plan.dialect.has_rows:
        return
    plan = _decodable(replace(plan, texts=frozenset(plan.wanted)))  # a stream cannot begin again
    reader, plan = _attempt(plan, _streaming)
    notes = (*notes, *encoding_note(plan.origin, plan.dialect.encoding))
    while True:
        try:
            batch = reader.read_next_batch()
        except StopIteration:
            return
        except (pa.ArrowInvalid, UnicodeDecodeError) as error:
            raise _explained(error, plan) from error
        for start in range(0, batch.num_rows, rows):
            piece = pa.Table.from_batches([batch.slice(start, rows)])
            yield RawTable(_columns(piece, plan, selection.numbers), piece.num_rows, plan.origin, plan.names, notes)


def _plan(location: Path, selection: Selection, origin: str) -> tuple[_Plan, tuple[str, ...]]:
    """Look at the beginning of a file; return the plan and notes on the header."""
    origin = origin or location.name
    with opened(location) as stream:
        start = stream.read(SAMPLE_BYTES)
    if not start.strip():
        raise DataError(f"{origin} is empty. Give a file with a header line and at least one row.")
    if start.lstrip(b"\xef\xbb\xbf \t\r\n")[:9].lower().startswith(_MARKUP):
        raise DataError(f"{origin} is a page of HTML or XML, not a table. Download the data itself, or save it as CSV.")
    dialect = sniff(start, is_whole=len(start) < SAMPLE_BYTES, prefers_tabs=bool(_TABS.search(location.name)))
    n_nulls = 0 if dialect.encoding.startswith(("utf-16", "utf-32")) else start.count(b"\0")
    if n_nulls and (start[:4096].count(b"\0") > _MOST_NULS or _CONTROLS.search(start[:4096])):
        raise DataError(f"{origin} is not a text file. Give CSV, JSON Lines, Parquet, Arrow or Excel.")
    names, notes = checked(dialect.header, origin)
    if n_nulls:
        line = start.count(b"\n", 0, start.index(b"\0")) + 1
        notes.append(f"{origin}, line {line}: a NUL byte, which was kept as a part of the cell. Is the file damaged?")
    if all(_DIGITS.fullmatch(name) for name in names) and names != [str(i) for i in range(len(names))]:
        notes.append(f"The first line of {origin} was taken as the header, though it holds only numbers.")
    elif dialect.header_is_row:
        notes.append(
            f"The first line of {origin} was taken as the header, though it looks like a row: {listed(names, 4)}. "
            "If it is one, put a line with the names of the columns above it."
        )
    wanted = tuple(name for name in names if name in selection)
    texts = frozenset(name for i, name in enumerate(names) if i in dialect.texts or name in selection.texts)
    block = min(max(_BLOCK, _BYTES_PER_COLUMN * len(names)), _WIDEST_BLOCK)
    plan = _Plan(location, origin, dialect, tuple(names), wanted, texts.intersection(wanted), block=block)
    return plan, tuple(notes)


def _unbroken(plan: _Plan) -> _Plan:
    """Return the plan without line breaks in cells where no quote stands in the file, if looking is cheap."""
    location, encoding = plan.location, plan.dialect.encoding
    if not encoding.startswith("utf-8") or is_compressed(location) or not location.is_file():
        return plan
    quote = plan.dialect.form.quote.encode()
    with location.open("rb", buffering=0) as file:
        buffer = bytearray(_BLOCK)
        while size := file.readinto(buffer):
            if buffer.find(quote, 0, size) >= 0:
                return plan
    return replace(plan, may_break_lines=False)


def _attempt(plan: _Plan, how: Callable[[_Plan], Any]) -> tuple[Any, _Plan]:
    """Read with a block large enough for the longest record and an encoding that fits every byte."""
    while True:
        try:
            result = how(plan)
        except pa.ArrowInvalid as error:
            text = str(error)
            if ("straddling" in text or "block boundar" in text) and plan.block < _LARGEST_BLOCK:
                plan = replace(plan, block=plan.block * 8)
                continue
            if plan.dialect.encoding != "utf-8" or "UTF8" not in text.upper().replace("-", ""):
                raise _explained(error, plan) from error
        except UnicodeDecodeError:
            plan = replace(plan, dialect=replace(plan.dialect, encoding="latin-1"))
            continue
        else:
            if plan.dialect.encoding != "utf-8" or not any(pa.types.is_binary(t) for t in result.schema.types):
                return result, plan
        decodable = _decodable(plan)
        plan = decodable if decodable is not plan else replace(plan, dialect=replace(plan.dialect, encoding="latin-1"))


def _whole(plan: _Plan) -> Any:
    """Return a table parsed block by block as its beginning is typed, or, where that does not last, by all of it."""
    if (
        plan.dialect.encoding in _CUT_AT_BYTES
        and not plan.dialect.form.escape
        and (start := _beginning(plan)) is not None
    ):
        try:
            return _by_blocks(plan, start)
        except UnfitForBlocksError:
            pa.default_memory_pool().release_unused()
    plan = _unbroken(plan)
    with opened(plan.location) as stream:
        return pacsv.read_csv(stream, *plan.options())


def _by_blocks(plan: _Plan, start: Any) -> Any:
    types, repeated = lasting_types(start)
    blocks = Blocks(
        header_lines=plan.dialect.header_lines,
        names=plan.names,
        encoding=plan.dialect.encoding,
        parsing=plan.parsing,
        types=types,
        repeated=repeated,
        converting=plan.converting,
        quote=plan.dialect.form.quote.encode(),
        ends_wanted=plan.wanted[-1:] == plan.names[-1:],
        n_bytes=plan.location.stat().st_size,
        size=max(plan.block, _PARSED_AT_ONCE),
    )
    with opened(plan.location) as stream:
        return read_blocks(stream, blocks)


def _beginning(plan: _Plan) -> Any:
    """Return the first block as a table, None where the file is hardly larger or the block cannot be parsed alone."""
    if plan.location.stat().st_size < 4 * plan.block:
        return None
    with opened(plan.location) as stream:
        start = stream.read(plan.block)
    reading, parsing, converting = plan.options()
    reading.use_threads = False  # every thread of Arrow's own would keep memory
    try:
        return pacsv.read_csv(pa.BufferReader(start[: start.rfind(b"\n") + 1]), reading, parsing, converting)
    except pa.ArrowInvalid:  # a quoted line break was cut in two
        return None


def _streaming(plan: _Plan) -> Any:
    return pacsv.open_csv(opened(plan.location), *_unbroken(plan).options())


def _columns(table: Any, plan: _Plan, numbers: frozenset[str]) -> tuple[Later, ...]:
    zeros = frozenset(plan.names[i] for i in plan.dialect.zeros)
    parts = zip(table.column_names, table.columns, strict=True)
    return tuple(
        arrow_columns.later(
            name,
            column,
            is_plain=name in numbers,
            has_zeros=name in zeros,
            is_ours=True,
            marks=plan.dialect.marks,
        )
        for name, column in parts
    )


def _explained(error: Exception, plan: _Plan) -> DataError:
    """Return the error of a ragged file with the line at fault, found by reading it again slowly."""
    width, last = len(plan.names), 0
    with opened(plan.location) as stream:
        text = io.TextIOWrapper(stream, encoding=plan.dialect.encoding, errors="replace", newline="")
        reader = records(text, plan.dialect.form)
        try:
            for cells in reader:
                if cells and len(cells) != width:
                    return DataError(
                        f"{plan.origin}, line {last + 1}: {counted(len(cells), 'cell')} where the header has {width}"
                        " columns. " + _remedy(cells, width, last + 1, reader.line_num)
                    )
                last = reader.line_num
        except csv.Error as fault:
            return DataError(f"{plan.origin}, line {last + 1}: {fault}. Correct the line.")
    return DataError(f"{plan.origin} cannot be read as separated values: {str(error)[:200]}.")


def _remedy(cells: list[str], width: int, first: int, last: int) -> str:
    """Say what to do about a record of another width than the header's, on the lines from `first` to `last`."""
    if last > first and any("\n" in cell for cell in cells):
        return f"A quote opened there takes in everything up to line {last}: close it, or double it if it is meant."
    if width < len(cells) and first <= _MOST_LINES_ABOVE:
        return "Correct the line, or, where the table begins only there, delete the lines above."
    return "Correct the line, or quote cells that hold the delimiter."


def _check_quotes_are_closed(table: Any, plan: _Plan) -> None:
    """Refuse a file whose last record swallowed lines because a quote is never closed."""
    texts = [f.name for f in table.schema if not pa.types.is_primitive(f.type)]
    last = table.select(texts).slice(max(0, table.num_rows - 1)).to_pylist() if texts else []  # else a dict per row
    if not any(isinstance(cell, str) and "\n" in cell for cell in (last[0].values() if last else ())):
        return
    quote, n_quotes = plan.dialect.form.quote.encode(), 0
    with opened(plan.location) as stream:
        while piece := stream.read(_BLOCK):
            n_quotes += piece.count(quote)
    if n_quotes % 2 == 0 or plan.dialect.form.escape:
        return
    start = end = 0
    with opened(plan.location) as stream:
        reader = records(io.TextIOWrapper(stream, encoding=plan.dialect.encoding, newline=""), plan.dialect.form)
        for _ in reader:
            start, end = end, reader.line_num
    raise DataError(f"{plan.origin}, line {start + 1}: a quote is opened and never closed. Close or double it.")


def _decodable(plan: _Plan) -> _Plan:
    """Return the plan with an encoding that fits every byte: UTF-8 where it does, else one byte per character."""
    if plan.dialect.encoding != "utf-8":
        return plan
    decoder = codecs.getincrementaldecoder("utf-8")()
    with opened(plan.location) as stream:
        while piece := stream.read(_BLOCK):
            try:
                decoder.decode(piece)
            except UnicodeDecodeError:
                return replace(plan, dialect=replace(plan.dialect, encoding=fallback(piece)))
    return plan
