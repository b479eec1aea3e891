"""Marks that stand for "no value" because the user says so, such as -999: by column or in all of them."""

import dataclasses
from collections.abc import Collection, Iterable, Mapping, Sequence
from math import isnan

import numpy as np

from modelwright.core.errors import SchemaError, SpecError, listed, nearest
from modelwright.core.schema import ColumnSchema
from modelwright.core.table import MISSING_DATE, Array, object_array
from modelwright.data.raw import Raw, as_text
from modelwright.data.texts import STRING_MARKS, clean


def marks_by_column(asked: Iterable[str], names: Sequence[str], origin: str) -> dict[str, tuple[str, ...]]:
    """Return the marks of each column from texts like ``-999``, for all columns, and ``age=-999``, for one.

    Raises:
        SchemaError: A column is not there.
        SpecError: A text names no mark.
    """
    known = frozenset(names)
    found: dict[str, dict[str, None]] = {name: {} for name in names}
    for text in asked:
        column, equals, mark = text.rpartition("=")
        if not mark.strip():
            raise SpecError(f"'{text}' names no mark of missing cells. Write MARK or COL=MARK, such as age=-999.")
        if equals and column not in known:
            raise SchemaError(
                f"Column '{column}' of the mark '{text}' is not in {origin}.{nearest(column, names)}"
                f" Columns: {listed(names)}."
            )
        for name in (column,) if equals else names:
            found[name][mark.strip()] = None
    return {name: tuple(marks) for name, marks in found.items() if marks}


def marks_of(columns: Iterable[ColumnSchema]) -> tuple[str, ...]:
    """Return the marks that schemas keep beyond the usual ones, as `marks_by_column` reads them."""
    found = ((column.name, mark) for column in columns for mark in column.parsing.missing if mark not in STRING_MARKS)
    return tuple(f"{name}={mark}" for name, mark in found)


def unused(asked: Iterable[str], n_taken: Mapping[tuple[str, str], int]) -> list[str]:
    """Return those of the texts whose mark stands in no cell at all."""
    taken = {mark for (_, mark), n in n_taken.items() if n}
    return [text for text in asked if text.rpartition("=")[2].strip() not in taken]


def unmarked(raw: Raw, marks: Collection[str]) -> tuple[Raw, dict[str, int]]:
    """Return a column with the marked cells made missing, and the number of cells of each mark.

    A mark that is a number stands for every spelling of it: -999 also takes -999.0 and the number itself.
    """
    if raw.form == "text":
        texts = clean(raw.values, raw.texts().tolist(), are_clean=raw.is_trimmed)
        of_level = _mark_of_each(texts.levels, marks)
        if not of_level:
            return raw, {}
        counts: dict[str, int] = {}
        for level, mark in of_level.items():
            counts[mark] = counts.get(mark, 0) + int(texts.counts[level])
        gone = np.zeros(len(texts.levels), dtype=np.bool_)
        gone[list(of_level)] = True
        kept = texts.without(gone)
        levels = object_array(kept.levels)
        return dataclasses.replace(raw, values=kept.codes, levels=levels, is_trimmed=True), counts
    if raw.form == "number":
        wanted = {mark: number for mark in marks if (number := _number(mark)) is not None}
        rows = {mark: raw.values == number for mark, number in wanted.items()}
        absent: float | int = np.nan
    else:
        codes, levels_of = as_text(raw)
        rows = {mark: codes == levels_of.index(mark) for mark in marks if mark in levels_of}
        absent = MISSING_DATE if raw.form == "date" else np.nan
    rows = {mark: held for mark, held in rows.items() if held.any()}
    if not rows:
        return raw, {}
    values: Array = raw.values.copy()
    for held in rows.values():
        values[held] = absent
    return dataclasses.replace(raw, values=values), {mark: int(held.sum()) for mark, held in rows.items()}


def with_marks(schema: ColumnSchema, marks: Iterable[str]) -> ColumnSchema:
    """Return the schema of a column with the marks in it, so that every later reading takes them out too."""
    parsing = schema.parsing
    missing = tuple(dict.fromkeys((*parsing.missing, *marks)))
    return dataclasses.replace(schema, parsing=dataclasses.replace(parsing, missing=missing))


def _mark_of_each(levels: list[str], marks: Collection[str]) -> dict[int, str]:
    """Return the mark that each marked level means, by its position."""
    of_text = {mark: mark for mark in marks}
    of_number = {number: mark for mark in marks if (number := _number(mark)) is not None}
    found: dict[int, str] = {}
    for i, level in enumerate(levels):
        if level in of_text:
            found[i] = level
        elif of_number and (number := _number(level)) in of_number:
            found[i] = of_number[number]
    return found


def _number(text: str) -> float | None:
    try:
        return number if not isnan(number := float(text)) else None
    except ValueError:
        return None
