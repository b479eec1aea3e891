"""Columns in their final form, with what their schemas tell of the values."""

import numpy as np

from modelwright.core.schema import ColumnSchema, Dtype, Kind, Parsing
from modelwright.core.table import MISSING_DATE, Array, Column, object_array
from modelwright.data.raw import number_text
from modelwright.data.texts import STRING_MARKS, Texts

_MOST_LEVELS = 50


def date_column(name: str, micros: Array, parsing: Parsing, reason: str) -> Column:
    """Return a column of dates from epoch microseconds."""
    present = micros[micros != MISSING_DATE]
    distinct = np.unique(present)
    is_constant = len(distinct) == 0 or (len(distinct) == 1 and len(present) == len(micros))
    schema = ColumnSchema(
        name,
        "constant" if is_constant else "date",
        "date",
        "no value in any row" if not len(distinct) else "one date in every row" if is_constant else reason,
        parsing,
        (),
        float(distinct[0]) if len(distinct) else None,
        float(distinct[-1]) if len(distinct) else None,
        1.0 - len(present) / max(1, len(micros)),
        len(distinct),
    )
    return Column(schema, micros)


def number_column(
    name: str,
    values: Array,
    kind: Kind,
    reason: str,
    *,
    dtype: Dtype = "number",
    parsing: Parsing | None = None,
    distinct: Array | None = None,
) -> Column:
    """Return a column of numbers or booleans, with what its schema tells of the values.

    Args:
        name: The user's name.
        values: float64 cells, NaN missing.
        kind: What the column means.
        reason: Why.
        dtype: "number" or "boolean".
        parsing: How texts were read, when they were.
        distinct: Sorted distinct values, when already known.
    """
    if distinct is None:
        distinct = np.unique(values[~np.isnan(values)])
    n_missing = int(np.count_nonzero(np.isnan(values)))
    levels: tuple[str, ...] = ()
    if kind in ("category", "flag") and dtype == "number":
        counts = np.bincount(np.searchsorted(distinct, values[~np.isnan(values)]), minlength=len(distinct))
        order = np.argsort(-counts, kind="stable")[:_MOST_LEVELS]
        levels = tuple(number_text(distinct[i]) for i in order)
    elif dtype == "boolean":
        levels = tuple(("False", "True")[int(v)] for v in distinct)
    parsing = parsing or Parsing(truths=("false", "true") if dtype == "boolean" else ())
    low, high = (float(distinct[0]), float(distinct[-1])) if len(distinct) else (None, None)
    share = n_missing / max(1, len(values))
    return Column(ColumnSchema(name, kind, dtype, reason, parsing, levels, low, high, share, len(distinct)), values)


def string_column(name: str, texts: Texts, kind: Kind, reason: str, *, held: Array | None = None) -> Column:
    """Return a column of strings.

    Args:
        name: The user's name.
        texts: The cells.
        kind: What the column means.
        reason: Why.
        held: The levels of `texts` as an object array, where there is one already.
    """
    n_rows = len(texts.codes)
    levels: tuple[str, ...] = ()
    if kind in ("category", "flag", "constant"):
        order = np.argsort(-texts.counts, kind="stable")[:_MOST_LEVELS]
        levels = tuple(texts.levels[i] for i in order)
    schema = ColumnSchema(
        name,
        kind,
        "string",
        reason,
        Parsing(missing=STRING_MARKS),
        levels,
        None,
        None,
        1.0 - texts.n_present / max(1, n_rows),
        len(texts.levels),
    )
    return Column(schema, texts.codes, object_array(texts.levels) if held is None else held)
