"""Cells as a schema demands them, read by the schema's own rules; what does not fit is named."""

from collections.abc import Collection

import numpy as np

from modelwright.core.errors import SchemaError, listed, nearest
from modelwright.core.schema import ColumnSchema, Schema
from modelwright.core.table import MISSING_DATE, Array, Column, Table, object_array
from modelwright.data import clock, dates, numbers
from modelwright.data.kinds import shortened
from modelwright.data.marks import unmarked
from modelwright.data.parallel import each
from modelwright.data.raw import Raw, RawTable, as_text, made, number_text
from modelwright.data.texts import NUMBER_MARKS, STRING_MARKS, clean, marked

_LENIENT = "Correct the cell, or pass --lenient (lenient=True) to read such cells as missing."
_EXPECTED = {"number": "a number", "boolean": "true or false", "date": "a date"}


def conform(
    raw: RawTable, schema: Schema, *, lenient: bool = False, optional: Collection[str] = (), first_row: int = 1
) -> Table:
    """Return the columns of `schema`, in its order, from a source that may hold more.

    Args:
        raw: What the source gave.
        schema: What is demanded.
        lenient: Whether cells that do not fit become missing instead of an error.
        optional: Columns that may be absent and are then left out, such as the target.
        first_row: Number of the first row, for messages.

    Raises:
        SchemaError: A column is absent, or a cell does not fit.
    """
    given = {column.name: column for column in raw.columns}
    if absent := [c.name for c in schema if c.name not in given and c.name not in optional]:
        raise SchemaError(
            f"Column '{absent[0]}' is not in {raw.origin}."
            f"{nearest(absent[0], [n for n in raw.names if n not in schema])} "
            f"Columns there: {listed(raw.names) or 'none'}."
        )

    def fit_one(wanted: ColumnSchema) -> tuple[Column, int]:
        column = made(given[wanted.name])
        return conform_column(column, wanted, raw.origin, lenient=lenient, first_row=first_row)

    done = each(fit_one, [c for c in schema if c.name in given], raw.n_rows)
    notes = list(raw.notes)
    for column, n_bad in done:
        if n_bad:
            notes.append(f"Column '{column.name}': {n_bad:,} cells that did not fit were read as missing.")
    known = frozenset(schema.names)
    if extra := [name for name in raw.names if name not in known]:
        notes.append(f"Columns that are not read: {listed(extra)}.")
    return Table(tuple(column for column, _ in done), raw.n_rows, tuple(notes))


def conform_column(
    raw: Raw, schema: ColumnSchema, where: str, *, lenient: bool, first_row: int = 1, remedy: str = _LENIENT
) -> tuple[Column, int]:
    """Return the cells as `schema` says, and the number of cells that had to become missing.

    Args:
        raw: The cells as the source gave them.
        schema: What they must be.
        where: What to call the source in messages.
        lenient: Whether cells that do not fit become missing instead of an error.
        first_row: Number of the first row, for messages; streams continue counting.
        remedy: What to do about a cell that does not fit.

    Raises:
        SchemaError: A cell does not fit; its column, row and source are named.
    """
    if marks := set(schema.parsing.missing).difference(STRING_MARKS):
        raw, _ = unmarked(raw, marks)
    if schema.dtype == "string":
        return _strings(raw, schema), 0
    if raw.form == "text":
        values, bad = _parsed(raw, schema)
    else:
        values, bad = _converted(raw, schema)
    if bad is not None and bad.any():
        if not lenient:
            index = int(np.argmax(bad))
            raise _refusal(raw, schema, index, place=f"row {index + first_row} of {where}", remedy=remedy)
        values = values.copy()
        values[bad] = MISSING_DATE if schema.dtype == "date" else np.nan
        return Column(schema, values), int(np.count_nonzero(bad))
    return Column(schema, values), 0


def _strings(raw: Raw, schema: ColumnSchema) -> Column:
    codes, levels = as_text(raw)
    if not levels:
        return Column(schema, np.full(len(raw.values), -1, dtype=np.int32), object_array([]))
    texts = clean(codes, levels, are_clean=raw.is_trimmed)
    texts = texts.without(marked(texts, schema.parsing.missing))
    return Column(schema, texts.codes, object_array(texts.levels))


def _parsed(raw: Raw, schema: ColumnSchema) -> tuple[Array, Array | None]:
    """Read texts by the schema's rules; the second array tells which cells do not fit, None when all do."""
    texts = clean(raw.values, raw.texts().tolist(), are_clean=raw.is_trimmed)
    texts = texts.without(marked(texts, NUMBER_MARKS))
    absent: float | int = np.nan
    if schema.dtype == "number" and schema.parsing.formats:
        values, good = clock.parse(texts.levels, schema.parsing)
    elif schema.dtype == "number":
        values, good = numbers.parse(texts.levels, schema.parsing)
    elif schema.dtype == "date":
        values, good = dates.parse(texts.levels, schema.parsing)
        absent = MISSING_DATE
    else:
        false, true = schema.parsing.truths or ("false", "true")
        folded = [s.casefold() for s in texts.levels]
        falses, trues = {false.casefold(), "0", "0.0"}, {true.casefold(), "1", "1.0"}
        values = np.array([1.0 if s in trues else 0.0 if s in falses else np.nan for s in folded], dtype=np.float64)
        good = ~np.isnan(values)
    spread = np.append(values, np.array([absent], dtype=values.dtype))[texts.codes]
    if good.all():
        return spread, None
    return spread, np.append(~good, False)[texts.codes]


def _converted(raw: Raw, schema: ColumnSchema) -> tuple[Array, Array | None]:
    """Convert cells that the source typed itself; forms that cannot be converted are all bad, save missing ones."""
    missing = raw.values == MISSING_DATE if raw.form == "date" else np.isnan(raw.values)
    if schema.dtype == "date":
        if raw.form == "date":
            return raw.values, None
        values = np.full(len(raw.values), MISSING_DATE, dtype=np.int64)
        if raw.form == "number" and schema.parsing.formats:  # 20240131 read as an integer
            micros, _ = dates.parse([number_text(v) for v in raw.values.tolist()], schema.parsing)
            return micros, (micros == MISSING_DATE) & ~missing
        return values, ~missing
    if raw.form == "date":
        return np.full(len(raw.values), np.nan), ~missing
    if schema.dtype == "boolean" and raw.form == "number":
        return raw.values, ~missing & (raw.values != 0.0) & (raw.values != 1.0)
    return raw.values, None


def _refusal(raw: Raw, schema: ColumnSchema, index: int, *, place: str, remedy: str) -> SchemaError:
    one = Raw(raw.name, raw.form, raw.values[index : index + 1], raw.levels)
    codes, levels = as_text(one)
    cell = shortened(levels[codes[0]])
    expected = (
        "a time or a duration" if schema.dtype == "number" and schema.parsing.formats else _EXPECTED[schema.dtype]
    )
    return SchemaError(f"Column '{schema.name}', {place}: {cell} is not {expected}. {remedy}")
