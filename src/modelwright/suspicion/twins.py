"""Columns that say the same thing twice."""

import hashlib

import numpy as np

from modelwright.core.table import Array, Column
from modelwright.suspicion.case import Case
from modelwright.suspicion.finding import Finding, named, shown

MOST_REPEATED = 0.5
"""Distinct values per row up to which the way in which a column parts the rows is a mark of it."""


def twins(case: Case) -> list[Finding]:
    """Find columns that part the rows in exactly the same way: copies, and other codes for the same fact."""
    families: dict[bytes, list[str]] = {}
    for feature in case.features:
        parts = _parts(feature.column)
        if parts is not None:
            families.setdefault(hashlib.sha256(parts.tobytes()).digest(), []).append(feature.name)
    return [_told(tuple(names), len(case.rows)) for names in families.values() if len(names) > 1]


def _parts(column: Column) -> Array | None:
    """Return the number of each row's value in order of appearance, so that codes and their names look alike.

    Where nearly every row has its own value the amounts themselves are returned: any two such columns would part the
    rows alike. None for a column with one value.
    """
    distinct, first, codes = np.unique(column.values, return_index=True, return_inverse=True)
    if len(distinct) < 2:
        return None
    if len(distinct) > MOST_REPEATED * len(codes):
        return column.values if column.levels is None else None
    rank = np.empty(len(first), dtype=np.int32)
    rank[np.argsort(first)] = np.arange(len(first), dtype=np.int32)
    return rank[codes]


def _told(names: tuple[str, ...], n_rows: int) -> Finding:
    return Finding(
        name="twin",
        severity="info",
        columns=names,
        what=f"Columns {named(names)} say the same.",
        where="all rows that were looked at",
        evidence=f"In {n_rows:,} of {n_rows:,} rows equal values of one meet equal values of the other.",
        figure=1.0,
        action="kept",
        override=" ".join(f"--drop {shown(name)}" for name in names[1:]),
    )
