"""A form made from a schema, and what was entered into it made cells again."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, final

from modelwright.core.schema import ColumnSchema, Schema

Control = Literal["number", "choice", "suggestions", "date", "datetime-local", "text"]
"""How a column is entered: a number, one of few levels, a text with suggestions, a day, a moment, a free text."""

MOST_CHOICES = 12
"""Levels up to which a list to choose from is handier than a text with suggestions."""

_FIELD = re.compile(r"c\d+", re.ASCII)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY = 86_400_000_000


@final
@dataclass(frozen=True, slots=True)
class Field:
    """One control of the form.

    Attributes:
        name: In the form; column names could collide with our own.
        label: Name of the column.
        control: Which control.
        value: What it holds; the empty text is a missing cell.
        options: Value and text of each choice or suggestion.
        low: Smallest value in training as the control writes it, or "".
        high: Largest value, alike.
        hint: What training saw, in a few words.
    """

    name: str
    label: str
    control: Control
    value: str
    options: tuple[tuple[str, str], ...] = ()
    low: str = ""
    high: str = ""
    hint: str = ""


def form_fields(schema: Schema, entered: Mapping[str, str]) -> list[Field]:
    """Return the fields of a schema, in its order, with what was entered or else a usual value."""
    values = entered or {f"c{place}": usual(column) for place, column in enumerate(schema)}
    return [_field(name := f"c{place}", column, values.get(name, "")) for place, column in enumerate(schema)]


def row_fields(entered: Mapping[str, str]) -> dict[str, str]:
    """Return the fields that are cells of the row."""
    return {name: text for name, text in entered.items() if _FIELD.fullmatch(name)}


def field_name(schema: Schema, column: str | None) -> str:
    """Return the name in the form of a column, "" for none."""
    return f"c{schema.names.index(column)}" if column in schema.names else ""


def cells(schema: Schema, entered: Mapping[str, str]) -> dict[str, Any]:
    """Return the cells of the entered row by column; a field that is absent or empty is a missing cell."""
    return {column.name: _cell(column, entered.get(f"c{place}", "")) for place, column in enumerate(schema)}


def usual(column: ColumnSchema) -> str:
    """Return a value to begin with: the most frequent level, the middle of a range, true; "" where none is known."""
    if column.dtype == "boolean":
        return "true"
    if column.dtype == "string":
        return column.levels[0] if column.levels else ""
    if column.low is None or column.high is None or not math.isfinite(column.high - column.low):
        return ""
    middle = (column.low + column.high) / 2
    if column.dtype == "date":
        return _moment(column, middle)
    whole = float(column.low).is_integer() and float(column.high).is_integer()
    if column.n_distinct == 2:
        return number_text(column.low)
    rounded = round(middle) if whole else float(f"{middle:.3g}")
    return number_text(rounded if column.low <= rounded <= column.high else middle)


def number_text(number: float) -> str:
    """Return a number as a number control takes it, the shortest text that reads as the same number."""
    return str(int(number)) if float(number).is_integer() and abs(number) < 1e15 else repr(float(number))


def _field(name: str, column: ColumnSchema, value: str) -> Field:
    if column.dtype == "boolean":
        no, yes = column.parsing.truths or ("false", "true")
        return Field(name, column.name, "choice", value, (("true", yes), ("false", no)))
    if column.dtype == "string":
        return _string_field(name, column, value)
    low, high = _ends(column)
    hint = "" if not low else f"always {low}" if low == high else f"{low} to {high}"
    if column.dtype == "number" and column.n_distinct == 2 and low != high and value in ("", low, high):
        return Field(name, column.name, "choice", value, ((low, low), (high, high)))
    control: Control = "number"
    if column.dtype == "number" and column.parsing.formats:
        hint = f"{hint} seconds"
    if column.dtype == "date":
        control = "date" if _has_days_only(column) else "datetime-local"
        hint = hint.replace("T", " ")
    return Field(name, column.name, control, value, low=low, high=high, hint=hint)


def _string_field(name: str, column: ColumnSchema, value: str) -> Field:
    options = tuple((level, level) for level in column.levels)
    if column.kind == "text":
        return Field(name, column.name, "text", value)
    is_whole_list = 0 < column.n_distinct <= len(column.levels) or column.n_distinct == 0
    if is_whole_list and 0 < len(options) <= MOST_CHOICES and value in ("", *column.levels):
        return Field(name, column.name, "choice", value, options)
    n_levels = max(column.n_distinct, len(options))
    return Field(name, column.name, "suggestions", value, options, hint=f"{n_levels:,} levels" if options else "")


def _ends(column: ColumnSchema) -> tuple[str, str]:
    if column.low is None or column.high is None or not math.isfinite(column.high - column.low):
        return "", ""
    if column.dtype == "date":
        return _moment(column, column.low), _moment(column, column.high)
    return number_text(column.low), number_text(column.high)


def _has_days_only(column: ColumnSchema) -> bool:
    return all(end is not None and end % _DAY == 0 for end in (column.low, column.high))


def _moment(column: ColumnSchema, microseconds: float) -> str:
    try:
        moment = _EPOCH + timedelta(microseconds=int(microseconds))
    except OverflowError:
        return ""
    return moment.strftime("%Y-%m-%d" if _has_days_only(column) else "%Y-%m-%dT%H:%M")


def _cell(column: ColumnSchema, text: str) -> Any:
    if not text.strip():
        return None
    if column.dtype == "boolean" and text in ("true", "false"):
        return text == "true"
    if column.dtype == "number":
        return _number(text)
    if column.dtype == "date":
        return _date(column, text)
    return text


def _number(text: str) -> Any:
    """Return the number that a browser wrote, or the text for the column's own rules to read."""
    try:
        number = float(text) if text.isascii() and "_" not in text else math.nan
    except ValueError:
        return text
    return number if math.isfinite(number) else text


def _date(column: ColumnSchema, text: str) -> str:
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        return text
    formats = column.parsing.formats
    return moment.strftime(formats[0]) if formats else moment.isoformat()
