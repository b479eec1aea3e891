"""One number per row that is equal where rows are equal."""

from collections.abc import Iterable

import numpy as np

from modelwright.core.table import Array, Column

_ODD = np.uint64(0x9E3779B97F4A7C15)
_MIX = np.uint64(0xBF58476D1CE4E5B9)
_SHIFT = np.uint64(29)


def fingerprints(columns: Iterable[Column], n_rows: int) -> Array:
    """Return 64 bits per row; equal rows have equal ones, and different rows almost surely different ones.

    Comparable between tables in the same process: texts count by what they say, not by their codes.
    """
    prints = np.zeros(n_rows, dtype=np.uint64)
    for column in columns:
        mixed = (_bits(column) ^ prints) * _ODD
        mixed ^= mixed >> _SHIFT
        prints = mixed * _MIX + _ODD
    return prints


def _bits(column: Column) -> Array:
    if column.levels is not None:
        hashed = np.fromiter((hash(level) for level in column.levels), dtype=np.int64, count=len(column.levels))
        return np.append(hashed, 0).view(np.uint64)[column.values]
    if column.schema.dtype == "date":
        return column.values.view(np.uint64)
    return np.where(np.isnan(column.values), np.nan, column.values + 0.0).view(np.uint64)  # one NaN, no negative zero
