"""One cell of one row: from whatever a caller hands in to what the model file takes.

Every column gets one small function, made once when the model is opened, because a single row is answered in
microseconds. The functions know the usual forms of a cell; everything else is read by `modelwright.data`, as a
column of one cell, so that a row and a table of that row are always read alike.
"""

import datetime as dt
import re
from collections.abc import Callable
from math import isnan, nan
from typing import Any

from modelwright.core.schema import ColumnSchema
from modelwright.core.table import MISSING_DATE

Converter = Callable[[Any], Any]
"""Takes a cell and returns float, str or int; raises SchemaError or DataError."""

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MICROSECOND = dt.timedelta(microseconds=1)
_PLAIN_NUMBER = re.compile(r"[+-]?\d{1,15}(?:\.\d{1,15})?", re.ASCII)
_ISO_DATE = re.compile(r"\d{4}-\d\d-\d\d(?:[T ][01]\d:\d\d:\d\d(?:\.\d{6})?(?:Z|[+-]\d\d:\d\d)?)?", re.ASCII)


def converter(column: ColumnSchema) -> Converter:
    """Return the function that reads one cell of a column."""
    return _MAKERS[column.dtype](column)


def missing(column: ColumnSchema) -> Any:
    """Return what stands for "no value" in a column."""
    return {"string": "", "date": MISSING_DATE}.get(column.dtype, nan)


def _number(column: ColumnSchema) -> Converter:
    parsing = column.parsing
    is_plain = parsing.decimal == "." and parsing.scale == 1.0  # of times too, a plain number being seconds
    marks = frozenset(parsing.missing)

    def convert(cell: Any) -> float:
        kind = type(cell)
        if kind is float:
            return cell
        if cell is None:
            return nan
        if kind is int and -(2**53) <= cell <= 2**53:
            return float(cell)
        if kind is str and is_plain and cell not in marks and _PLAIN_NUMBER.fullmatch(cell):
            return float(cell)
        return float(_thorough(column, cell))

    def unmarked(cell: Any) -> float:
        value = convert(cell)
        return nan if value in numbers else value

    numbers = _numbers(marks)
    return unmarked if numbers else convert


def _boolean(column: ColumnSchema) -> Converter:
    def convert(cell: Any) -> float:
        if cell is True:
            return 1.0
        if cell is False:
            return 0.0
        return nan if cell is None else float(_thorough(column, cell))

    return convert


def _string(column: ColumnSchema) -> Converter:
    marks = frozenset(column.parsing.missing)

    def convert(cell: Any) -> str:
        if type(cell) is str:
            text = cell.strip()
            return "" if text in marks else text
        return "" if cell is None else str(_thorough(column, cell))

    def unmarked(cell: Any) -> str:
        text = convert(cell)
        return "" if _as_number(text) in numbers else text

    numbers = _numbers(marks)
    return unmarked if numbers else convert


def _numbers(marks: frozenset[str]) -> frozenset[float]:
    """Return the marks that are numbers: they stand for every spelling of it, as in `modelwright.data.marks`."""
    return frozenset(number for mark in marks if not isnan(number := _as_number(mark)))


def _as_number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return nan


def _date(column: ColumnSchema) -> Converter:
    marks = frozenset(column.parsing.missing)
    has_formats = bool(column.parsing.formats)  # whole numbers are then dates such as 20240131

    def convert(cell: Any) -> int:
        kind = type(cell)
        if cell is None or (kind is float and isnan(cell)):
            return MISSING_DATE
        if kind is dt.datetime and not marks:
            return _microseconds(cell)
        if kind is int and not has_formats and MISSING_DATE <= cell < -MISSING_DATE:
            return int(cell)
        if kind is str and cell not in marks and _ISO_DATE.fullmatch(cell):
            try:
                return _microseconds(dt.datetime.fromisoformat(cell))
            except ValueError:
                pass  # no such day: said, or read leniently, below
        return int(_thorough(column, cell))

    return convert


def _microseconds(value: dt.datetime) -> int:
    value = value.replace(tzinfo=dt.UTC) if value.tzinfo is None else value
    return (value - _EPOCH) // _MICROSECOND


def _thorough(column: ColumnSchema, cell: Any) -> Any:
    """Read a cell as the only one of a column."""
    from modelwright.data.cells import from_cells  # a server whose rows are well formed never needs them
    from modelwright.data.conformity import conform_column

    read, _ = conform_column(from_cells(column.name, [cell]), column, "the dictionary", lenient=False)
    return read.feed()[0, 0]


_MAKERS: dict[str, Callable[[ColumnSchema], Converter]] = {
    "number": _number,
    "boolean": _boolean,
    "string": _string,
    "date": _date,
}
