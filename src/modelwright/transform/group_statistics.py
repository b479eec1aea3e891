"""A number beside the mean of its group: how far off, and how many times as large."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self, final

import numpy as np

from modelwright.core.graph import Graph
from modelwright.core.table import Array, Table
from modelwright.core.task import Target
from modelwright.transform.arithmetic import OPERATIONS, Formulas
from modelwright.transform.base import FittedTransform, Transform, columns_of
from modelwright.transform.lookup import Lookup
from modelwright.transform.number import emit_number_matrix, number_matrix

SMOOTHING = 10.0
"""Rows' worth of trust in the mean of all rows."""

_BESIDE = {"-": "less its mean by", "/": "over its mean by"}


@final
@dataclass(frozen=True, slots=True)
class FittedGroups(FittedTransform):
    """Numbers beside the means of their groups.

    Attributes:
        lookups: Levels of the category columns, which come first among the columns.
        starts: Where the rows of each category column begin in `means`.
        means: Smoothed mean of each number per level; (n_codes, n_numbers).
        formulas: Differences and ratios of numbers and the means of one category column after the other.
    """

    lookups: tuple[Lookup, ...]
    starts: Array
    means: Array
    formulas: Formulas

    def apply(self, table: Table) -> Array:
        """Return the features."""
        pairs = zip(self.lookups, columns_of(table, self._categories), strict=True)
        codes = np.stack([lookup.codes(column) for lookup, column in pairs], axis=1)
        means = self.means[codes + self.starts].reshape(len(codes), codes.shape[1] * self.means.shape[1])
        return self.formulas.apply(number_matrix(table, self._numbers), means)

    def emit(self, graph: Graph, inputs: Mapping[str, str]) -> str:
        """Write `apply` as operators, all groups at once."""
        found = [lookup.emit(graph, inputs[name]) for lookup, name in zip(self.lookups, self._categories, strict=True)]
        codes = graph.op("Concat", *found, axis=1) if len(found) > 1 else found[0]
        places = graph.op("Add", codes, graph.constant(self.starts, "int64"))
        width = len(self.lookups) * self.means.shape[1]
        rows = graph.op("Gather", graph.constant(self.means), places)
        means = graph.op("Reshape", rows, graph.constant([0, width]))
        return self.formulas.emit(graph, emit_number_matrix(graph, inputs, self._numbers), means)

    @property
    def n_units(self) -> int:
        """What can be kept or left out: each feature."""
        return len(self.names)

    def keep(self, units: Array) -> Self:
        """Return only the units at ascending positions; categories and numbers stay, being few."""
        names = tuple(self.names[i] for i in units)
        return type(self)(self.columns, names, self.lookups, self.starts, self.means, self.formulas.keep(units))

    @property
    def _categories(self) -> tuple[str, ...]:
        return self.columns[: len(self.lookups)]

    @property
    def _numbers(self) -> tuple[str, ...]:
        return self.columns[len(self.lookups) :]


@final
@dataclass(frozen=True, slots=True)
class GroupStatistics(Transform):
    """Compares numbers to the means of their groups; looks at no answers.

    Attributes:
        n_categories: How many of the columns, the first ones, make groups; the others are numbers.
    """

    n_categories: int

    def fit(self, table: Table, target: Target, rng: np.random.Generator) -> FittedGroups:
        """Learn the mean of every number in every group."""
        del target, rng  # the contract names them
        categories, numbers = self.columns[: self.n_categories], self.columns[self.n_categories :]
        cells = number_matrix(table, numbers)
        columns = columns_of(table, categories)
        lookups = tuple(Lookup.fit(column) for column in columns)
        blocks = [_means(cells, lk.codes(column), len(lk.counts)) for lk, column in zip(lookups, columns, strict=True)]
        n_pairs = len(categories) * len(numbers)
        formulas = Formulas(
            np.repeat([OPERATIONS.index(sign) for sign in _BESIDE], n_pairs),
            np.tile(np.arange(n_pairs) % len(numbers), len(_BESIDE)),
            np.tile(np.arange(n_pairs), len(_BESIDE)),
        )
        names = tuple(
            f"{number} {words} {category}"
            for words in _BESIDE.values()
            for category in categories
            for number in numbers
        )
        starts = np.cumsum([0, *(len(block) for block in blocks[:-1])]).astype(np.int64)
        return FittedGroups(self.columns, names, lookups, starts, np.concatenate(blocks), formulas)


def _means(cells: Array, codes: Array, n_codes: int) -> Array:
    """Return the mean of the known numbers per code, drawn towards the mean of all rows; (n_codes, n_numbers)."""
    means = np.empty((n_codes, cells.shape[1]))
    for i, column in enumerate(cells.T):
        known = ~np.isnan(column)
        sums = np.bincount(codes[known], column[known], n_codes)
        counts = np.bincount(codes[known], minlength=n_codes)
        overall = sums.sum() / max(1, counts.sum())
        means[:, i] = (sums + SMOOTHING * overall) / (counts + SMOOTHING)
    return means
