"""Columns cut into few bins, so that one count answers most questions about them."""

import numpy as np

from modelwright.core.table import Array, Column

MOST_BINS = 64
LEAST_BINS = 8
ROWS_PER_BIN = 20
"""Fewer leave a bin to chance: on 768 rows a column that explains 95 % seemed to explain 83 % in 64 bins."""

MOST_LEVELS = 256


def binned(column: Column) -> tuple[Array, int]:
    """Return the bin of each cell and the number of bins; the last bin holds the missing cells.

    Numbers and dates are cut at quantiles; a value that fills a bin gets one of its own. Of texts the commonest keep
    a bin each, the others share one.
    """
    if column.schema.dtype == "string":
        return _levels(column)
    missing = column.missing
    present = column.values[~missing]
    if not len(present):
        return np.zeros(len(column), dtype=np.int64), 1
    fitting = min(MOST_BINS, max(LEAST_BINS, len(present) // ROWS_PER_BIN))
    edges = cuts(present, MOST_LEVELS if column.schema.kind == "category" else fitting)
    codes = np.searchsorted(edges, column.values, side="left")
    codes[missing] = len(edges)
    return np.minimum(codes, len(edges)), len(edges) + 1


def cuts(present: Array, most: int = MOST_BINS) -> Array:
    """Return the upper ends of the bins of numbers, the largest value last."""
    ordered = np.sort(present)
    starts = np.flatnonzero(ordered[1:] != ordered[:-1]) + 1
    if len(starts) < most:
        return np.append(ordered[starts - 1], ordered[-1])
    at = np.linspace(0, len(ordered) - 1, most + 1)[1:].astype(np.int64)
    return np.unique(ordered[at])


def _levels(column: Column) -> tuple[Array, int]:
    assert column.levels is not None
    n_levels = len(column.levels)
    counts = np.bincount(column.values[column.values >= 0], minlength=n_levels)
    if n_levels <= MOST_LEVELS:
        new = np.arange(n_levels)
        n_new = n_levels
    else:
        new = np.full(n_levels, MOST_LEVELS - 1)
        new[np.argsort(-counts, kind="stable")[: MOST_LEVELS - 1]] = np.arange(MOST_LEVELS - 1)
        n_new = MOST_LEVELS
    return np.append(new, n_new)[column.values], n_new + 1
