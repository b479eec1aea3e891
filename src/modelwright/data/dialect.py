"""How a file of separated values is written, seen from its beginning."""

import csv
import io
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, final

from modelwright.core.schema import Parsing
from modelwright.data import dates, numbers
from modelwright.data.numbers import has_leading_zeros
from modelwright.data.texts import NUMBER_MARKS

SAMPLE_BYTES = 1 << 18
_MOST_ROWS = 1000
_TOLD = re.compile(r"sep=(.)\r?\n", re.IGNORECASE)
"""A first line by which Excel is told the delimiter."""

_DELIMITERS = (",", ";", "\t", "|")


@final
@dataclass(frozen=True, slots=True)
class Form:
    """How cells are told apart.

    Attributes:
        delimiter: One character.
        quote: The quoting character.
        escape: The escaping character, or "" when quotes are doubled.
    """

    delimiter: str
    quote: str
    escape: str


@final
@dataclass(frozen=True, slots=True)
class Dialect:
    """Delimiter, quotes, encoding and header of a file.

    Attributes:
        form: How cells are told apart.
        encoding: Python's name of the encoding.
        header: The names as written.
        header_lines: Physical lines up to the end of the header.
        has_rows: Whether anything follows the header.
        zeros: Positions of columns whose integers have leading zeros.
        texts: Positions of columns of integers too long for a double.
        marks: Missing marks, as written, seen in columns that else hold numbers or dates.
        header_is_row: Whether the header might be a row: numbers above numbers, and for texts one of the texts below.
    """

    form: Form
    encoding: str
    header: tuple[str, ...]
    header_lines: int
    has_rows: bool
    zeros: frozenset[int]
    texts: frozenset[int]
    marks: frozenset[str]
    header_is_row: bool = False


def sniff(start: bytes, *, is_whole: bool, prefers_tabs: bool = False) -> Dialect:
    """Return the dialect of a file from its first bytes.

    Args:
        start: The beginning of the file, decompressed.
        is_whole: Whether that is all of it.
        prefers_tabs: Whether the name of the file says that tabs separate.
    """
    encoding = encoding_of(start)
    text = start.decode(encoding, errors="ignore").removeprefix("\ufeff")
    told = _TOLD.match(text)
    text = text[told.end() :] if told else text
    order = ("\t", *(d for d in _DELIMITERS if d != "\t")) if prefers_tabs else _DELIMITERS
    order = (told[1],) if told else order
    quotes = '"' if '"' in text or "'" not in text else "'\"" if _is_quoted(text, order) else "\"'"
    escapes = ("", "\\") if '\\"' in text else ("",)
    forms = [Form(d, quote, escape) for escape in escapes for quote in quotes for d in order]
    best, rows = max(((form, _rows(text, form, is_whole=is_whole)) for form in forms), key=_score)
    header, lines = rows[0] if rows else ([], 0)
    body = [cells for cells, _ in rows[1:]]
    columns = list(zip(*(r for r in body if len(r) == len(header)), strict=True)) if body else []
    cut = [[c for c in (cell.strip() for cell in column) if c] for column in columns]
    zeros = frozenset(i for i, cells in enumerate(cut) if cells and has_leading_zeros(cells))
    texts = frozenset(i for i, cells in enumerate(cut) if any(len(c) > 15 and c.isdigit() for c in cells))
    marks = frozenset(mark for column in columns for mark in _marks(column))
    lines += bool(told)
    return Dialect(
        best, encoding, tuple(header), lines, len(rows) > 1 or not is_whole, zeros, texts, marks, _is_row(header, cut)
    )


def _is_row(header: list[str], columns: list[list[str]]) -> bool:
    if len(columns) < 2 or not all(columns):
        return False
    pairs = [(name.strip(), frozenset(cells)) for name, cells in zip(header, columns, strict=True)]
    plain = [numbers.parse([name], Parsing())[1].all() for name, _ in pairs]
    return any(plain) and all(is_number or name in cells for is_number, (name, cells) in zip(plain, pairs, strict=True))


def records(lines: Iterable[str], form: Form) -> Any:
    """Return the standard library's reader of records, which counts lines as it goes."""
    return csv.reader(
        lines,
        delimiter=form.delimiter,
        quotechar=form.quote,
        doublequote=not form.escape,
        escapechar=form.escape or None,
    )


def _marks(column: tuple[str, ...]) -> frozenset[str]:
    """Return the missing marks of a column whose other cells are plain numbers or ISO dates."""
    distinct = frozenset(column)
    found = frozenset(cell for cell in distinct if cell and cell.strip() in NUMBER_MARKS)
    if not found or len(found) == len(distinct):
        return frozenset()
    rest = [cell.strip() for cell in distinct if cell not in found and cell]
    if numbers.parse(rest, Parsing())[1].all() or dates.parse(rest, Parsing())[1].all():
        return found
    return frozenset()


def encoding_of(start: bytes) -> str:
    """Return the encoding of a text from its first bytes."""
    if start.startswith((b"\xff\xfe\0\0", b"\0\0\xfe\xff")):
        return "utf-32"
    if start.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    if start.startswith(b"\xef\xbb\xbf"):
        return "utf-8"
    few = start[:4096]
    high, low = few[0::2].count(0), few[1::2].count(0)
    if max(high, low) > len(few) // 4 and 20 * min(high, low) < max(high, low):  # else it is no text at all
        return "utf-16-le" if low else "utf-16-be"
    try:
        start.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.start < len(start) - 4:  # not a character cut by the end of the sample
            return fallback(start)
    return "utf-8"


def encoding_note(origin: str, encoding: str) -> tuple[str, ...]:
    """Return a note on an encoding that is not the usual one."""
    if encoding in ("utf-8", "utf-16", "utf-32"):
        return ()
    told = " If letters look wrong, save it as UTF-8." if encoding in ("cp1252", "latin-1") else ""
    return (f"{origin} is not UTF-8 and was read as {encoding}.{told}",)


def fallback(start: bytes) -> str:
    """Return the one-byte encoding of bytes that are not UTF-8."""
    try:
        start.decode("cp1252")
    except UnicodeDecodeError:
        return "latin-1"
    return "cp1252"


def _rows(text: str, form: Form, *, is_whole: bool) -> list[tuple[list[str], int]]:
    """Return the records of a sample with the line each ends on; the last, perhaps cut, is left out."""
    reader = records(io.StringIO(text, newline=""), form)
    rows: list[tuple[list[str], int]] = []
    try:
        for cells in reader:
            if cells:
                rows.append((cells, reader.line_num))
            if len(rows) > _MOST_ROWS:
                return rows
    except csv.Error:
        return rows
    return rows if is_whole or len(rows) < 2 else rows[:-1]


def _score(candidate: tuple[Form, list[tuple[list[str], int]]]) -> tuple[float, int]:
    """How well a dialect fits: the share of records as wide as the header, then the number of columns."""
    rows = candidate[1]
    if not rows:
        return 0.0, 0
    width = len(rows[0][0])
    if width == 1:
        return 0.0, 1
    agreeing = sum(len(cells) == width for cells, _ in rows)
    return round(agreeing / len(rows), 1), width


def _is_quoted(text: str, delimiters: tuple[str, ...]) -> bool:
    """Whether most lines hold a cell in single quotes."""
    lines = text.splitlines()[1:20]
    edges = [edge for d in delimiters for edge in (f"'{d}", f"{d}'")]
    quoted = sum(line.startswith("'") or line.endswith("'") or any(edge in line for edge in edges) for line in lines)
    return bool(lines) and quoted >= 0.8 * len(lines)
