"""From the values of category columns to codes, the same in numpy and in the graph."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self, final

import numpy as np

from modelwright.core.graph import Graph
from modelwright.core.table import Array, Column

MOST_LEVELS = 50_000
"""Levels a column keeps; the rest, the rarest, count as unseen. Bounds the file at about a megabyte a column."""

MISSING = 0
"""The code of a missing value. Levels follow by falling frequency from 1; one above the last is everything unseen."""


@final
@dataclass(frozen=True, slots=True)
class Lookup:
    """The levels of one column.

    Attributes:
        levels: Distinct values by falling frequency: str (object array) or numbers (float64).
        counts: Training rows of each code: missing, levels, unseen; shape (n_levels + 2,).
    """

    levels: Array
    counts: Array

    @classmethod
    def fit(cls, column: Column) -> Self:
        """Learn the levels of a string, number or boolean column, ties in the order of the values."""
        if column.levels is not None:
            tally = np.bincount(column.values[column.values >= 0], minlength=len(column.levels))
            found = sorted(np.flatnonzero(tally).tolist(), key=lambda i: (-tally[i], column.levels[i]))  # type: ignore[index]  # strings have levels
            levels, counts = column.levels[found], tally[found]
        else:
            levels, counts = np.unique(column.values[~np.isnan(column.values)], return_counts=True)
            order = np.argsort(-counts, kind="stable")
            levels, counts = levels[order] + 0.0, counts[order]  # + 0.0 makes of -0.0 a 0.0
        n_missing = int(column.missing.sum())
        kept = counts[:MOST_LEVELS]
        return cls(levels[:MOST_LEVELS], np.array([n_missing, *kept, counts.sum() - kept.sum()], dtype=np.int64))

    @property
    def unseen(self) -> int:
        """The code of every value that is not a level."""
        return len(self.levels) + 1

    def codes(self, column: Column) -> Array:
        """Return the int64 code of every cell."""
        if column.levels is not None:
            code = {level: i for i, level in enumerate(self.levels, start=1)}
            of_level = [code.get(level, self.unseen) for level in column.levels]
            return np.array([*of_level, MISSING], dtype=np.int64)[column.values]
        order = np.argsort(self.levels)
        if not len(order):
            return np.where(np.isnan(column.values), MISSING, self.unseen)
        place = np.minimum(np.searchsorted(self.levels, column.values, sorter=order), len(order) - 1)
        found = np.where(self.levels[order[place]] == column.values, order[place] + 1, self.unseen)
        return np.where(np.isnan(column.values), MISSING, found)

    def emit(self, graph: Graph, cells: str) -> str:
        """Write `codes` as one operator; return int64 (n_rows, 1)."""
        codes = [MISSING, *range(1, len(self.levels) + 1)]
        if self.levels.dtype == object:
            keys: Mapping[str, list[str] | Array] = {"keys_strings": ["", *self.levels.tolist()]}
            values: Mapping[str, list[int] | Array] = {"values_int64s": codes}
            return graph.op("LabelEncoder", cells, domain="ai.onnx.ml", **keys, **values, default_int64=self.unseen)
        return graph.op(
            "LabelEncoder",
            cells,
            domain="ai.onnx.ml",
            keys_tensor=np.array([np.nan, *self.levels]),
            values_tensor=np.array(codes, dtype=np.int64),
            default_tensor=np.array([self.unseen], dtype=np.int64),
        )
