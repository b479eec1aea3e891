"""One cell of one row: from whatever a caller hands in to what the model file takes.

`modelwright.data` does the same for whole columns; here every column gets one small function, made once when the
model is opened, because a single row is answered in microseconds.
"""

import datetime as dt
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from modelwright.core.errors import SchemaError
from modelwright.core.schema import ColumnSchema, Parsing
from modelwright.core.table import MISSING_DATE

Converter = Callable[[Any], Any]
"""Takes a cell; returns float, str or int, or raises SchemaError without repeating the value."""

_NAN = math.nan
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MICROSECOND = dt.timedelta(microseconds=1)
_NULLS = frozenset({"NAType", "NaTType", "NoneType"})  # pandas' marks, known by name so that pandas is never imported
_TRUTHS = {"true": 1.0, "false": 0.0, "yes": 1.0, "no": 0.0, "1": 1.0, "0": 0.0, "t": 1.0, "f": 0.0}


def converter(column: ColumnSchema) -> Converter:
    """Return the function that reads one cell of a column."""
    return _MAKERS[column.dtype](column)


def missing(column: ColumnSchema) -> Any:
    """Return what stands for "no value" in a column."""
    return {"string": "", "date": MISSING_DATE}.get(column.dtype, _NAN)


def _number(column: ColumnSchema) -> Converter:
    name, parsing = column.name, column.parsing
    marks = frozenset(parsing.missing)

    def convert(cell: Any) -> float:
        kind = type(cell)
        if kind is float or kind is int or kind is bool:
            return float(cell) if kind is not int else _float(cell)
        if cell is None:
            return _NAN
        if isinstance(cell, str):
            text = cell.strip()
            return _NAN if not text or text in marks else number(text, parsing, name)
        if _is_null(cell):
            return _NAN
        try:
            return float(_plain(cell))
        except (TypeError, ValueError, OverflowError):
            raise _wrong(name, "a number", cell) from None

    return convert


def number(text: str, parsing: Parsing, name: str) -> float:
    """Return the number that a stripped text spells by the rules of its column.

    Raises:
        SchemaError: It spells none.
    """
    rest = text
    for affix in parsing.affixes:
        rest = rest.removeprefix(affix).removesuffix(affix).strip()
    if len(rest) > 2 and rest[0] == "(" and rest[-1] == ")" and parsing.affixes:
        rest = "-" + rest[1:-1]
    if parsing.thousands:
        rest = rest.replace(parsing.thousands, "")
    if parsing.decimal != ".":
        rest = rest.replace(parsing.decimal, ".")
    try:
        if "_" in rest:  # Python reads 1_000; nobody's table means that
            raise ValueError
        return float(rest) * parsing.scale
    except ValueError:
        raise _wrong(name, "a number", text) from None


def _boolean(column: ColumnSchema) -> Converter:
    name, marks = column.name, frozenset(column.parsing.missing)
    truths = dict(_TRUTHS)
    if len(column.parsing.truths) == 2:
        truths = {column.parsing.truths[0].lower(): 0.0, column.parsing.truths[1].lower(): 1.0, **_TRUTHS}
        truths.update({text.lower(): float(i) for i, text in enumerate(column.parsing.truths)})

    def convert(cell: Any) -> float:
        if cell is True:
            return 1.0
        if cell is False:
            return 0.0
        if cell is None or _is_null(cell):
            return _NAN
        if isinstance(cell, str):
            text = cell.strip()
            value = _NAN if not text or text in marks else truths.get(text.lower())
        else:
            value = _zero_or_one(_plain(cell))
        if value is None:
            raise _wrong(name, "true or false", cell)
        return value

    return convert


def _zero_or_one(cell: Any) -> float | None:
    return float(cell) if isinstance(cell, bool | int | float) and cell in (0, 1) else None


def _string(column: ColumnSchema) -> Converter:
    name, marks = column.name, frozenset(column.parsing.missing)

    def convert(cell: Any) -> str:
        if isinstance(cell, str):
            text = str(cell).strip()
            return "" if text in marks else text
        if cell is None or _is_null(cell):
            return ""
        plain = _plain(cell)
        if isinstance(plain, float) and plain.is_integer():
            plain = int(plain)  # a code read as 3.0 beside missing cells is the code 3
        if not isinstance(plain, bool | int | float | dt.date):
            raise _wrong(name, "a text", cell)
        text = str(plain)
        return "" if text in marks else text

    return convert


def _date(column: ColumnSchema) -> Converter:
    name, parsing = column.name, column.parsing
    marks = frozenset(parsing.missing)

    def convert(cell: Any) -> int:
        if isinstance(cell, str):
            text = cell.strip()
            return MISSING_DATE if not text or text in marks else date(text, parsing, name)
        if cell is None or _is_null(cell):
            return MISSING_DATE
        if isinstance(cell, np.datetime64):
            return int(cell.astype("datetime64[us]").astype(np.int64))
        plain = _plain(cell)
        if isinstance(plain, dt.date):
            return _microseconds(plain)
        if type(plain) is int and MISSING_DATE <= plain <= -(MISSING_DATE + 1):
            return plain
        raise _wrong(name, "a date, an ISO 8601 text or whole microseconds since 1970", cell)

    return convert


def date(text: str, parsing: Parsing, name: str) -> int:
    """Return the microseconds since 1970 that a stripped text spells by the rules of its column.

    Raises:
        SchemaError: It spells no date.
    """
    for form in parsing.formats:
        try:
            return _microseconds(dt.datetime.strptime(text, form))  # a zone, where written, is in the form
        except ValueError:
            continue
    try:
        return _microseconds(dt.datetime.fromisoformat(text))
    except ValueError:
        raise _wrong(name, "a date", text) from None


def _microseconds(value: dt.date) -> int:
    if not isinstance(value, dt.datetime):
        value = dt.datetime(value.year, value.month, value.day, tzinfo=dt.UTC)
    elif value.tzinfo is None:
        value = value.replace(tzinfo=dt.UTC)
    return (value - _EPOCH) // _MICROSECOND


def _is_null(cell: Any) -> bool:
    if isinstance(cell, float | np.floating):
        return bool(cell != cell)
    if isinstance(cell, np.datetime64):
        return bool(np.isnat(cell))
    return type(cell).__name__ in _NULLS


def _plain(cell: Any) -> Any:
    """Take numpy scalars and arrays of one cell apart."""
    return cell.item() if isinstance(cell, np.generic) else cell


def _float(value: int) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def _wrong(name: str, expected: str, cell: Any) -> SchemaError:
    # The value itself stays out of the message: messages end in logs and in answers of servers.
    came = "a text that is none" if isinstance(cell, str) else f"a value of type {type(cell).__name__}"
    return SchemaError(
        f"Column '{name}' needs {expected}, but {came} came. Mend the cell, leave it empty, or allow lenient reading."
    )


_MAKERS: dict[str, Callable[[ColumnSchema], Converter]] = {
    "number": _number,
    "boolean": _boolean,
    "string": _string,
    "date": _date,
}
