"""Separated values parsed block by block, each block put in its place at once, so that no file is held as parsed.

pyarrow's own reader keeps everything it parsed, every text of every row too, until the end: seven times a file of small
integers, and then the numbers once more in their final form. Here numbers and dates go to their final form block by
block, and repeated texts are kept once.
"""

import os
import re
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, final

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.types as pt

from modelwright.core.table import Array
from modelwright.data import arrow_columns, pages
from modelwright.data.raw import EXACT

_MOST_THREADS = 4
_CHANGED = re.compile(r"In CSV column #(\d+): .*conversion error to int64", re.DOTALL)
_REPEATED = 0.5
"""Texts are coded where fewer than this share of the first rows are different."""
_LONGEST_BLOCK = 1 << 28


class UnfitForBlocksError(Exception):
    """The file has to be read whole; never seen outside this package."""


@final
@dataclass(frozen=True, slots=True)
class Blocks:
    """How a file is cut and each block is parsed.

    Attributes:
        header_lines: Lines to leave out at the beginning of the first block.
        names: Names of all columns.
        encoding: Python's name of the encoding, one in which lines can be told from the bytes.
        parsing: Returns pyarrow's options to parse, given whether quotes stand in the block, and so line breaks may.
        types: Type of every column wanted; one of whole numbers turns to doubles at the first that is not whole.
        repeated: Columns of texts that repeat, which are kept as codes.
        converting: Returns pyarrow's options to convert to such types.
        quote: The quoting character.
        ends_wanted: Whether the last column is, where a cut inside quotes would show.
        n_bytes: Bytes of the file, from which the number of rows is guessed.
        size: Bytes a block should have.
    """

    header_lines: int
    names: tuple[str, ...]
    encoding: str
    parsing: Callable[[bool], Any]
    types: dict[str, Any]
    repeated: frozenset[str]
    converting: Callable[[Mapping[str, Any]], Any]
    quote: bytes
    ends_wanted: bool
    n_bytes: int
    size: int


@final
@dataclass(slots=True)
class _Pieces:
    """Texts and truths of one column in the blocks so far, as Arrow keeps them."""

    arrays: list[Any] = field(default_factory=list)

    def add(self, column: Any) -> None:
        """Take the cells of the next block."""
        self.arrays += column.chunks

    def joined(self) -> Any:
        """Return the pieces as one column."""
        return pa.chunked_array(self.arrays)


@final
@dataclass(slots=True)
class _Filling:
    """Numbers or dates of one column, in one buffer that grows when the guess of its length was too short."""

    kind: Any
    values: Array
    is_sparse: bool = False
    n_filled: int = 0
    had_integers: bool = False

    def add(self, column: Any) -> None:
        """Take the cells of the next block."""
        stop = self.n_filled + len(column)
        if stop > len(self.values):
            self.values = self._grown(stop + stop // 2)
        try:
            arrow_columns.fill(column, self.values[self.n_filled : stop], are_zeros=self.is_sparse)
        except pa.ArrowInvalid as error:
            raise UnfitForBlocksError from error
        self.n_filled = stop
        self.had_integers = self.had_integers or pt.is_int64(column.type)

    def _grown(self, n_cells: int) -> Array:
        before = self.values[: self.n_filled]
        if self.is_sparse:
            grown = pages.zeros(n_cells)
            pages.put(before, grown[: self.n_filled])
        else:
            grown = np.empty(n_cells, dtype=before.dtype)
            grown[: self.n_filled] = before
        return grown

    def joined(self) -> Any:
        """Return the buffer as an Arrow array, missing cells as our columns mark them."""
        values = self.values[: self.n_filled]
        largest = max(np.fmax.reduce(values, initial=0), -np.fmin.reduce(values, initial=0)) if self.had_integers else 0
        if largest > EXACT:
            raise UnfitForBlocksError  # a double does not hold it
        return pa.Array.from_buffers(self.kind, self.n_filled, [None, pa.py_buffer(values)])


def _place(column: Any, n_expected: int) -> _Pieces | _Filling:
    """Return what will hold a column that begins so; memory that is never written to costs nothing."""
    kind = column.type
    if pt.is_integer(kind) or pt.is_floating(kind):
        few = np.empty(len(column))
        arrow_columns.fill(column, few)
        is_sparse = pages.are_sparse(few)
        return _Filling(pa.float64(), pages.zeros(n_expected) if is_sparse else np.empty(n_expected), is_sparse)
    if pt.is_date(kind) or pt.is_timestamp(kind):
        return _Filling(pa.timestamp("us"), np.empty(n_expected, dtype=np.int64))
    return _Pieces()


def lasting_types(start: Any) -> tuple[dict[str, Any], frozenset[str]]:
    """Return the types by which to parse, from a table of the first rows, and the columns of texts that repeat.

    Raises:
        UnfitForBlocksError: The first rows are not enough to tell.
    """
    types, repeated = {}, []
    for name, column in zip(start.column_names, start.columns, strict=True):
        kind = column.type
        if pt.is_null(kind) or pt.is_string(kind):
            if pt.is_null(kind) or len(column.unique()) < _REPEATED * len(column):
                repeated.append(name)
            kind = pa.string()
        elif pt.is_time(kind):  # 12:30 must stay as written, to be found again at prediction
            repeated.append(name)
            kind = pa.string()
        elif pt.is_binary(kind):
            raise UnfitForBlocksError
        types[name] = kind
    return types, frozenset(repeated)


def read_blocks(stream: Any, blocks: Blocks) -> Any:
    """Return the table of a stream, integers narrow and repeated texts coded.

    Raises:
        UnfitForBlocksError: A type does not last, or quotes may stand across the cuts.
        ArrowInvalid: A line is ragged, or bytes are not UTF-8.
    """
    columns: dict[str, _Pieces | _Filling] = {}
    threads = min(_MOST_THREADS, os.cpu_count() or 1)
    waiting: deque[tuple[Future[Any], bytearray]] = deque()
    spare: list[bytearray] = []

    def gather() -> None:
        future, buffer = waiting.popleft()
        _gather(future.result(), columns, blocks)
        spare.append(buffer)

    with ThreadPoolExecutor(threads) as pool:
        try:
            for number, (buffer, end) in enumerate(_cut(stream, blocks, spare)):
                if len(waiting) >= threads:
                    gather()
                waiting.append((pool.submit(_parsed, buffer, end, blocks, is_first=number == 0), buffer))
            while waiting:
                gather()
        finally:
            for future, _ in waiting:
                future.cancel()
    return pa.table({name: columns.pop(name).joined() for name in list(columns)})


def _gather(table: Any, columns: dict[str, _Pieces | _Filling], blocks: Blocks) -> None:
    if table is None:
        return
    n_expected = int(1.1 * blocks.n_bytes / blocks.size * table.num_rows) + 1
    for name, column in zip(table.column_names, table.columns, strict=True):
        if name not in columns:
            columns[name] = _place(column, n_expected)
        columns[name].add(column)


def _cut(stream: Any, blocks: Blocks, spare: list[bytearray]) -> Iterator[tuple[bytearray, int]]:
    """Yield the stream in blocks that end with a line, outside quotes as far as counting tells, each with its end.

    Args:
        stream: The file.
        blocks: How to cut.
        spare: Buffers that are done with; a new one costs more than reading into it.
    """
    buffer, n_held = bytearray(blocks.size), 0
    while True:
        if len(buffer) < n_held + blocks.size:
            buffer = buffer[:n_held] + bytes(n_held + blocks.size)
        n_read = stream.readinto(memoryview(buffer)[n_held : n_held + blocks.size])
        if not n_read:
            break
        stop = n_held + n_read
        end = _last_line_end(buffer, n_held, stop, blocks.quote)
        if end:
            rest = buffer[end:stop]
            yield buffer, end
            buffer = spare.pop() if spare else bytearray(blocks.size)
            if len(buffer) < len(rest):
                buffer = bytearray(len(rest))
            buffer[: len(rest)] = rest
            n_held = len(rest)
        else:
            n_held = stop
        if n_held > _LONGEST_BLOCK:
            raise UnfitForBlocksError
    if n_held:
        yield buffer, n_held


def _last_line_end(buffer: bytearray, start: int, stop: int, quote: bytes) -> int:
    """Return where the last line ends before which quotes are even, 0 where none does from `start` on."""
    end = buffer.rfind(b"\n", start, stop) + 1
    if buffer.find(quote, 0, end) < 0:  # far faster than to count none
        return end
    is_odd = bool(buffer.count(quote, 0, end) % 2)
    while end and is_odd:
        before = buffer.rfind(b"\n", start, end - 1) + 1
        is_odd ^= bool(buffer.count(quote, before, end) % 2)
        end = before
    return end


def _parsed(buffer: bytearray, end: int, blocks: Blocks, *, is_first: bool) -> Any:
    """Return a block as a table, None where it holds no row."""
    if not is_first and buffer[0] in b"\r\n" and not buffer[:end].strip(b"\r\n"):
        return None
    has_quotes = buffer.find(blocks.quote, 0, end) >= 0
    if has_quotes and not blocks.ends_wanted:
        raise UnfitForBlocksError
    reading = pacsv.ReadOptions(
        use_threads=False,
        block_size=3 * end + 1,  # a character of one byte may have three in UTF-8
        encoding=blocks.encoding,
        column_names=list(blocks.names),
        skip_rows=blocks.header_lines if is_first else 0,
    )
    table = _converted(pa.py_buffer(buffer).slice(0, end), reading, blocks, has_quotes=has_quotes)
    if has_quotes and table.num_rows:
        last = table.column(table.num_columns - 1)[table.num_rows - 1].as_py()
        if isinstance(last, str) and "\n" in last:  # the cut may have been inside a quoted cell
            raise UnfitForBlocksError
    for place, name in enumerate(table.column_names):
        if name in blocks.repeated:  # in a third of the time that pyarrow's reader takes to parse texts as codes
            table = table.set_column(place, name, table.column(place).dictionary_encode())
    return table


def _converted(block: Any, reading: Any, blocks: Blocks, *, has_quotes: bool) -> Any:
    parsing = blocks.parsing(has_quotes)
    while True:
        types = dict(blocks.types)  # other threads may change a type meanwhile
        try:
            return pacsv.read_csv(pa.BufferReader(block), reading, parsing, blocks.converting(types))
        except pa.ArrowInvalid as error:
            text = str(error)
            changed = _CHANGED.search(text)
            name = blocks.names[int(changed[1])] if changed else ""
            if name in types and pt.is_int64(types[name]):
                blocks.types[name] = pa.float64()
                continue
            if "UTF8" not in text and (has_quotes or "conversion error" in text):
                raise UnfitForBlocksError from error
            raise
