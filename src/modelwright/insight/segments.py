"""A column cut into groups of rows that a person can name."""

from dataclasses import dataclass
from typing import final

import numpy as np

from modelwright.core.table import Array, Column

_MOST_LEVELS = 20
"""Levels of a category that are kept apart, the most frequent."""

_PARTS = 4
"""Groups of about the same number of rows that numbers and dates are cut into."""


@final
@dataclass(frozen=True, slots=True)
class Segments:
    """Groups of rows.

    Attributes:
        columns: By which columns.
        labels: What each group is called; one need not have rows.
        codes: The group of each row, (n_rows,).
    """

    columns: tuple[str, ...]
    labels: tuple[str, ...]
    codes: Array

    @property
    def name(self) -> str:
        """The columns as one text."""
        return " × ".join(self.columns)

    def crossed(self, other: "Segments") -> "Segments":
        """Return the groups by both, those of `other` varying fastest."""
        labels = tuple(f"{a} and {b}" for a in self.labels for b in other.labels)
        return Segments((*self.columns, *other.columns), labels, self.codes * len(other.labels) + other.codes)


def segments(column: Column) -> Segments:
    """Return the groups of a column: levels, few numbers, or quarters of its range; missing is one of its own."""
    missing = column.missing
    if column.levels is not None:
        return _levels(column, missing)
    known = column.values[~missing]
    distinct = np.unique(known)
    codes = np.zeros(len(column), dtype=np.int64)
    if len(distinct) <= 2 * _PARTS:
        labels = [f"{column.name} = {_shown(column, v)}" for v in distinct]
        codes[~missing] = np.searchsorted(distinct, known)
    else:
        cuts = np.unique(np.quantile(known, np.arange(1, _PARTS) / _PARTS, method="inverted_cdf"))
        codes[~missing] = np.searchsorted(cuts, known, side="left")  # a cut belongs to the group below it
        used, codes[~missing] = np.unique(codes[~missing], return_inverse=True)
        parts = [known[codes[~missing] == code] for code in range(len(used))]
        labels = [f"{column.name} {_range(_shown(column, p.min()), _shown(column, p.max()))}" for p in parts]
    return _with_missing(column, labels, codes, missing)


def _levels(column: Column, missing: Array) -> Segments:
    assert column.levels is not None
    counts = np.bincount(column.values[~missing], minlength=len(column.levels))
    order = np.argsort(-counts, kind="stable")
    kept = order[: _MOST_LEVELS if np.count_nonzero(counts) > _MOST_LEVELS else len(order)]
    kept = kept[counts[kept] > 0]
    place = np.full(len(column.levels) + 1, len(kept), dtype=np.int64)
    place[kept] = np.arange(len(kept))
    labels = [f"{column.name} = {column.levels[level]}" for level in kept]
    if np.count_nonzero(counts) > len(kept):
        labels.append(f"{column.name} = any of {np.count_nonzero(counts) - len(kept):,} rarer ones")
    return _with_missing(column, labels, place[column.values], missing)


def _with_missing(column: Column, labels: list[str], codes: Array, missing: Array) -> Segments:
    if missing.any():
        codes = np.where(missing, len(labels), codes)
        labels = [*labels, f"{column.name} missing"]
    return Segments((column.name,), tuple(labels), codes)


def _range(low: str, high: str) -> str:
    return f"= {low}" if low == high else f"{low} to {high}"


def _shown(column: Column, value: float) -> str:
    if column.schema.dtype == "date":
        text = str(np.int64(value).astype("datetime64[us]"))
        return text.removesuffix(".000000").removesuffix("T00:00:00")
    if column.schema.dtype == "boolean":
        return (column.schema.parsing.truths or ("false", "true"))[int(value)]
    return f"{value:,.0f}" if 1e4 <= abs(value) < 1e12 else f"{value:.4g}"
