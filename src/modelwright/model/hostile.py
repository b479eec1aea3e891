"""Rows made to break things, from the schema alone: what parity is proven on, and proven on again years later.

The same schema, number of rows and seed give the same rows for ever: old files hold answers to them. So the random
numbers are our own (numpy may change its streams), and a changed recipe needs a new `RECIPE` number.
"""

from collections.abc import Sequence
from math import isfinite
from typing import Any

import numpy as np

from modelwright.core.schema import ColumnSchema, Schema
from modelwright.core.table import MISSING_DATE, Array, Column, Table, object_array

RECIPE = 1
"""Number of the way rows are made."""

_HUGE = float(np.finfo(np.float64).max)
_YEAR_1, _YEAR_9999 = -62_135_596_800_000_000, 253_402_300_799_999_999  # first and last moments of calendars, in µs
_LEAP_DAY = 951_827_696_000_000  # 2000-02-29 12:34:56 UTC
_NUMBERS = (np.nan, np.inf, -np.inf, _HUGE, -_HUGE, 1e300, 5e-324, 0.0, -0.0, 1.0, -1.0, 1e-9, 0.1, 2.0**53, 16777217.0)
_DATES = (MISSING_DATE, 0, -1, 1, _YEAR_1, _YEAR_9999, _LEAP_DAY, 86_399_999_999)
_TEXTS = (
    "",
    "never seen before",
    "Ünïcödé ß İ ﬁ",
    "漢字かな交じり文",
    "🎈👩‍👩‍👧 e\u0301",
    "two  blanks\tand\nlines",
    "0",
    "nan",
    "None",
    "-1.5e300",
    "long " * 200,
    '\'; -- "quoted" <b>&amp;</b>',
    "\u200b\u00a0\ufeff",
)


def hostile_rows(schema: Schema, n: int, seed: int) -> Table:
    """Return rows that are hard on a model.

    The first row is missing throughout. Then every second row is an ordinary one with a single hostile cell, the
    columns taking turns; the others mix ordinary and hostile cells.

    Args:
        schema: The columns; their ranges and levels are what counts as ordinary.
        n: Number of rows.
        seed: Another seed gives other rows.
    """
    rows = np.arange(n)
    turn = np.zeros(n, dtype=np.int64) if not len(schema) else (rows // 2) % len(schema)
    columns = []
    for position, column in enumerate(schema):
        draw = _random(n, seed, position)
        hostile = np.where(rows % 2 == 1, turn == position, draw % np.uint64(3) == 0)
        columns.append(_column(column, draw >> np.uint64(8), hostile, rows == 0))
    return Table(tuple(columns), n)


def _random(n: int, seed: int, stream: int) -> Array:
    """Return n random 64-bit numbers (splitmix64: Steele, Lea, Flood 2014, doi:10.1145/2660193.2660195)."""
    start = (seed * 0x632BE59BD9B4E019 + stream * 0xD1342543DE82EF95) % (1 << 64)
    state = np.uint64(start) + np.arange(1, n + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return state ^ (state >> np.uint64(31))


def _column(column: ColumnSchema, draw: Array, hostile: Array, missing: Array) -> Column:
    if column.dtype == "string":
        return _string(column, draw, hostile, missing)
    none: Any = np.nan
    if column.dtype == "date":
        none = MISSING_DATE
        low, high = (int(v) for v in _range(column, 1.0e15, 1.7e15))
        ordinary = np.array([low + (high - low) * i // 16 for i in range(17)], dtype=np.int64)
        special = np.array([*_DATES, low - 1, high + 1], dtype=np.int64)
    elif column.dtype == "boolean":
        ordinary, special = np.array([0.0, 1.0]), np.array([np.nan])
    else:
        low, high = _range(column, -3.0, 3.0)
        ordinary = np.array(_codes_of(column) or [low * (1 - i / 16) + high * (i / 16) for i in range(17)])
        with np.errstate(over="ignore"):
            edges = [np.nextafter(v, to) for v in (low, high) for to in (-np.inf, np.inf)]
            beyond = [low - (high - low) * 10 - 1, high + (high - low) * 10 + 1]
            special = np.array([*_NUMBERS, low, high, *edges, *beyond])
    cells = np.where(hostile, _pick(special, draw), _pick(ordinary, draw))
    return Column(column, np.where(missing, none, cells).astype(ordinary.dtype))


def _string(column: ColumnSchema, draw: Array, hostile: Array, missing: Array) -> Column:
    known = [level for level in column.levels if level] or ["a", "b"]
    changed = [known[0].upper(), known[0].lower(), known[-1] + " ", " " + known[0], known[0][:1]]
    if column.kind == "text":
        changed += [f"{a} {b}" for a, b in zip(known, reversed(known), strict=True)]
    special = [*_TEXTS, *changed]
    levels = sorted({text for text in (*known, *special) if text})
    codes = {"": -1, **{text: code for code, text in enumerate(levels)}}
    cells = np.where(hostile, _pick(_codes(special, codes), draw), _pick(_codes(known, codes), draw))
    return Column(column, np.where(missing, -1, cells).astype(np.int32), object_array(levels))


def _codes_of(column: ColumnSchema) -> list[float]:
    """Return the levels of a column whose numbers are codes."""
    try:
        return [v for v in map(float, column.levels) if isfinite(v)]
    except ValueError:
        return []


def _codes(texts: Sequence[str], codes: dict[str, int]) -> Array:
    return np.array([codes[text] for text in texts], dtype=np.int32)


def _pick(pool: Array, draw: Array) -> Array:
    return pool[(draw % np.uint64(len(pool))).astype(np.int64)]


def _range(column: ColumnSchema, low: float, high: float) -> tuple[Any, Any]:
    bounds = (column.low, column.high)
    if all(b is not None and isfinite(b) for b in bounds):
        return bounds
    return low, high
