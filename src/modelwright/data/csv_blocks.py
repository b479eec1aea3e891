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
from modelwright.data import arrow_columns
from modelwright.data.raw import EXACT

_CODED = pa.dictionary(pa.int32(), pa.string())
_MOST_THREADS = 4
_FEW_CODES = 1 << 15
_CHANGED = re.compile(r"In CSV column #(\d+): .*conversion error to int64", re.DOTALL)
_REPEATED = 0.9
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
        parsing: pyarrow's options to parse.
        types: Type of every column wanted; one of whole numbers turns to doubles at the first that is not whole.
        converting: Returns pyarrow's options to convert to such types.
        quote: The quoting character where a quote may stand in the file, else nothing.
        n_bytes: Bytes of the file, from which the number of rows is guessed.
        size: Bytes a block should have.
    """

    header_lines: int
    names: tuple[str, ...]
    encoding: str
    parsing: Any
    types: dict[str, Any]
    converting: Callable[[Mapping[str, Any]], Any]
    quote: bytes
    n_bytes: int
    size: int


@final
@dataclass(slots=True)
class _Pieces:
    """Texts and truths of one column in the blocks so far, as Arrow keeps them."""

    arrays: list[Any] = field(default_factory=list)

    def add(self, column: Any) -> None:
        """Take the cells of the next block."""
        for array in column.chunks:
            if pt.is_dictionary(array.type) and len(array.dictionary) < _FEW_CODES:
                array = pa.DictionaryArray.from_arrays(array.indices.cast(pa.int16(), safe=False), array.dictionary)
            self.arrays.append(array)

    def joined(self) -> Any:
        """Return the pieces as one column of the widest type among them."""
        if any(array.type != self.arrays[0].type for array in self.arrays):
            self.arrays = [array.cast(_CODED) for array in self.arrays]
        return pa.chunked_array(self.arrays)


@final
@dataclass(slots=True)
class _Filling:
    """Numbers or dates of one column, in one buffer that grows when the guess of its length was too short."""

    kind: Any
    values: Array
    n_filled: int = 0
    had_integers: bool = False

    def add(self, column: Any) -> None:
        """Take the cells of the next block."""
        stop = self.n_filled + len(column)
        if stop > len(self.values):
            grown = np.empty(stop + stop // 2, dtype=self.values.dtype)
            grown[: self.n_filled] = self.values[: self.n_filled]
            self.values = grown
        try:
            arrow_columns.fill(column, self.values[self.n_filled : stop])
        except pa.ArrowInvalid as error:
            raise UnfitForBlocksError from error
        self.n_filled = stop
        self.had_integers = self.had_integers or pt.is_int64(column.type)

    def joined(self) -> Any:
        """Return the buffer as an Arrow array, missing cells as our columns mark them."""
        values = self.values[: self.n_filled]
        largest = max(np.fmax.reduce(values, initial=0), -np.fmin.reduce(values, initial=0)) if self.had_integers else 0
        if largest > EXACT:
            raise UnfitForBlocksError  # a double does not hold it
        return pa.Array.from_buffers(self.kind, self.n_filled, [None, pa.py_buffer(values)])


def _place(kind: Any, n_expected: int) -> _Pieces | _Filling:
    """Return what will hold a column; memory that is never written to costs nothing."""
    if pt.is_integer(kind) or pt.is_floating(kind):
        return _Filling(pa.float64(), np.empty(n_expected))
    if pt.is_date(kind) or pt.is_timestamp(kind):
        return _Filling(pa.timestamp("us"), np.empty(n_expected, dtype=np.int64))
    return _Pieces()


def coded_types(start: Any) -> dict[str, Any]:
    """Return the types by which to parse, from a table of the first rows: texts that repeat are parsed as codes.

    Raises:
        UnfitForBlocksError: The first rows are not enough to tell.
    """
    types = {}
    for name, column in zip(start.column_names, start.columns, strict=True):
        kind = column.type
        if pt.is_null(kind) or pt.is_string(kind):
            repeats = pt.is_null(kind) or len(column.unique()) < _REPEATED * len(column)
            kind = _CODED if repeats else pa.string()
        elif pt.is_time(kind):  # 12:30 must stay as written, to be found again at prediction
            kind = _CODED
        elif pt.is_binary(kind):
            raise UnfitForBlocksError
        types[name] = kind
    return types


def read_blocks(stream: Any, blocks: Blocks) -> Any:
    """Return the table of a stream, integers narrow and repeated texts coded.

    Raises:
        UnfitForBlocksError: A type does not last, or quotes may stand across the cuts.
        ArrowInvalid: A line is ragged, or bytes are not UTF-8.
    """
    columns: dict[str, _Pieces | _Filling] = {}
    threads = min(_MOST_THREADS, os.cpu_count() or 1)
    waiting: deque[Future[Any]] = deque()
    with ThreadPoolExecutor(threads) as pool:
        try:
            for number, block in enumerate(_cut(stream, blocks)):
                if len(waiting) >= threads:
                    _gather(waiting.popleft().result(), columns, blocks)
                waiting.append(pool.submit(_parsed, block, blocks, is_first=number == 0))
                del block
            while waiting:
                _gather(waiting.popleft().result(), columns, blocks)
        finally:
            for future in waiting:
                future.cancel()
    return pa.table({name: columns.pop(name).joined() for name in list(columns)})


def _gather(table: Any, columns: dict[str, _Pieces | _Filling], blocks: Blocks) -> None:
    pa.default_memory_pool().release_unused()  # each thread keeps what its last block took
    if table is None:
        return
    n_expected = int(1.1 * blocks.n_bytes / blocks.size * table.num_rows) + 1
    for name, column in zip(table.column_names, table.columns, strict=True):
        if name not in columns:
            columns[name] = _place(column.type, n_expected)
        columns[name].add(column)


def _cut(stream: Any, blocks: Blocks) -> Iterator[bytes]:
    """Yield the stream in blocks that end with a line, outside quotes as far as counting tells."""
    rest = b""
    while piece := stream.read(blocks.size):
        end = _last_line_end(piece, blocks.quote, is_odd=bool(blocks.quote and rest.count(blocks.quote) % 2))
        if end:
            yield b"".join((rest, memoryview(piece)[:end]))
            rest = piece[end:]
        else:
            rest += piece
        if len(rest) > _LONGEST_BLOCK:
            raise UnfitForBlocksError
    if rest:
        yield rest


def _last_line_end(block: bytes, quote: bytes, *, is_odd: bool) -> int:
    """Return where the last line ends before which quotes are even, 0 where none does.

    Args:
        block: Bytes.
        quote: The quoting character, or nothing.
        is_odd: Whether the quotes before the block are odd.
    """
    end = block.rfind(b"\n") + 1
    if quote:
        is_odd ^= bool(block.count(quote, 0, end) % 2)
    while end and is_odd:
        before = block.rfind(b"\n", 0, end - 1) + 1
        is_odd ^= bool(block.count(quote, before, end) % 2)
        end = before
    return end


def _parsed(block: bytes, blocks: Blocks, *, is_first: bool) -> Any:
    """Return a block as a table, None where it holds no row."""
    if not is_first and not block.strip(b"\r\n"):
        return None
    reading = pacsv.ReadOptions(
        use_threads=False,
        block_size=3 * len(block) + 1,  # a character of one byte may have three in UTF-8
        encoding=blocks.encoding,
        column_names=list(blocks.names),
        skip_rows=blocks.header_lines if is_first else 0,
    )
    table = _converted(block, reading, blocks)
    if blocks.quote and table.num_rows:
        last = table.column(table.num_columns - 1)[table.num_rows - 1].as_py()
        if isinstance(last, str) and "\n" in last:  # the cut may have been inside a quoted cell
            raise UnfitForBlocksError
    return table


def _converted(block: bytes, reading: Any, blocks: Blocks) -> Any:
    while True:
        types = dict(blocks.types)  # other threads may change a type meanwhile
        try:
            return pacsv.read_csv(pa.BufferReader(block), reading, blocks.parsing, blocks.converting(types))
        except pa.ArrowInvalid as error:
            text = str(error)
            changed = _CHANGED.search(text)
            name = blocks.names[int(changed[1])] if changed else ""
            if name in types and pt.is_int64(types[name]):
                blocks.types[name] = pa.float64()
                continue
            if "UTF8" not in text and (blocks.quote or "conversion error" in text):
                raise UnfitForBlocksError from error
            raise
