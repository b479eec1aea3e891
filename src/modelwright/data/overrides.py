"""Kinds set by the user: the same cells, read as asked."""

import dataclasses

import numpy as np

from modelwright.core.errors import SpecError, listed, nearest
from modelwright.core.schema import KINDS, ColumnSchema, Dtype, Kind, Parsing
from modelwright.core.table import Column
from modelwright.data import clock, dates, numbers
from modelwright.data.columns import date_column, number_column, string_column
from modelwright.data.conformity import conform_column
from modelwright.data.kinds import Read, reason_dates
from modelwright.data.raw import Raw, as_text, number_text
from modelwright.data.texts import NUMBER_MARKS, STRING_MARKS, clean, marked

_REASON = "set by the user"
_REMEDY = "Correct the cell, or take the column for another kind."


def checked_kind(name: str, kind: str) -> Kind:
    """Return `kind` when it is one of ours.

    Raises:
        SpecError: It is not; the nearest is suggested.
    """
    for known in KINDS:
        if known == kind:
            return known
    raise SpecError(f"Kind '{kind}' for column '{name}' is unknown.{nearest(kind, KINDS)} Kinds: {listed(KINDS)}.")


def as_days(read: Read, raw: Raw, *, where: str) -> Read:
    """Return numbers that are days, such as 20240131, as dates, and every other column as it is."""
    schema = read.column.schema
    if schema.dtype != "number" or not dates.may_be_days(schema.low, schema.high, schema.n_distinct):
        return read
    column, n_bad = _reread(raw, "date", "date", where=where, lenient=True)
    if n_bad or column.schema.parsing.formats != (dates.DIGITS,):
        return read
    reason = f"{reason_dates(column.values)}; written as numbers such as {number_text(schema.high or 0)}"
    return Read(Column(dataclasses.replace(column.schema, reason=reason), column.values), read.remarks)


def as_kind(read: Read, raw: Raw, kind: Kind, *, where: str, lenient: bool) -> Read:
    """Return the column as the user's kind, read anew where its storage must change.

    Raises:
        SpecError: A flag of more than two values was asked for.
        SchemaError: A cell cannot be read as asked, and `lenient` is false.
    """
    schema = read.column.schema
    dtype = _storage(kind, schema.dtype)
    remarks = read.remarks
    column = read.column
    if dtype != schema.dtype:
        column, n_bad = _reread(raw, kind, dtype, where=where, lenient=lenient)
        remarks = tuple(r for r in remarks if "mixed" not in r[0])
        if n_bad:
            remarks = (*remarks, ("Cells that did not fit were read as missing", f"{n_bad:,} in {raw.name}"))
    if kind == "flag" and column.schema.n_distinct > 2:
        raise SpecError(
            f"Column '{raw.name}' holds {column.schema.n_distinct} different values, but a flag has two. Use category."
        )
    if column.levels is not None and kind in ("category", "flag"):
        column = string_column(raw.name, clean(column.values, column.levels.tolist()), kind, _REASON)
    elif dtype == "number" and kind in ("category", "flag"):
        column = number_column(raw.name, column.values, kind, _REASON, parsing=column.schema.parsing)
    return Read(
        Column(dataclasses.replace(column.schema, kind=kind, reason=_REASON), column.values, column.levels), remarks
    )


def _storage(kind: Kind, current: Dtype) -> Dtype:
    if kind == "number":
        return "number"
    if kind == "text":
        return "string"
    if kind == "date":
        return "date"
    return "string" if kind in ("category", "flag") and current == "date" else current


def _reread(raw: Raw, kind: Kind, dtype: Dtype, *, where: str, lenient: bool) -> tuple[Column, int]:
    texts = clean(*as_text(raw))
    if dtype == "string":
        kept = texts.without(marked(texts, STRING_MARKS))
        return string_column(raw.name, kept, kind, _REASON), 0
    valued = texts.without(marked(texts, NUMBER_MARKS)).levels
    if dtype == "number":
        times = clock.recognise(valued, forced=True) if raw.form == "text" else None
        parsing = times[0] if times else numbers.closest(valued) if raw.form == "text" else Parsing()
    else:
        found = dates.recognise(valued, forced=True)
        parsing = found[0] if found else Parsing()
    wanted = ColumnSchema(raw.name, kind, dtype, parsing=parsing)
    column, n_bad = conform_column(raw, wanted, where, lenient=lenient, remedy=_REMEDY)
    if dtype == "date":
        return date_column(raw.name, column.values, parsing, _REASON), n_bad
    return number_column(raw.name, np.asarray(column.values), kind, _REASON, parsing=parsing), n_bad
