"""Exact Shapley values of a forest: each tree in the way that is fastest for it."""

from dataclasses import dataclass
from typing import Self, final

import numpy as np

from modelwright.core.table import Array
from modelwright.insight import patterns, ways
from modelwright.insight.leaves import Leaves
from modelwright.insight.patterns import Patterns
from modelwright.insight.ways import Passing, Ways
from modelwright.modelfile.forest import Forest

MOST_BYTES = 1 << 27
"""What the tables of the ways of one forest may take; with more, the longest ways do without."""

_FEW, _FAIR = 6, 4
"""More questions than in a tree of six levels, 64 patterns, are worth their tables where a quarter has leaves."""


@final
@dataclass(frozen=True, slots=True)
class Grove:
    """A forest and the background rows it is compared with, ready for rows; threads may share it.

    Attributes:
        parts: The trees that ask few questions, those with few columns on the way to each leaf, and the rest; what
            there are of these.
        n_columns: Raw columns.
    """

    parts: tuple[Patterns | Ways | Leaves, ...]
    n_columns: int

    @classmethod
    def of(cls, forest: Forest, columns: Array, background: Array, n_columns: int) -> Self:
        """Prepare.

        Args:
            forest: The trees.
            columns: Raw column of each feature, int64 (n_features,); -1 where none.
            background: Features of the background rows, float64 (n_background, n_features).
            n_columns: Raw columns.
        """
        is_tree = forest.roots >= 0  # a single leaf adds the same to every row
        few = is_tree & _few(forest, columns)
        short = _short(forest, columns, is_tree & ~few)
        kinds = ((Patterns, few), (Ways, short), (Leaves, is_tree & ~few & ~short))
        made = (kind.of(forest.part(some), columns, background, n_columns) for kind, some in kinds if some.any())
        return cls(tuple(made), n_columns)

    @property
    def row_seconds(self) -> float:
        """About how much processor time one row takes."""
        return sum(part.row_seconds for part in self.parts)

    def values(self, features: Array) -> Array:
        """Return what each raw column adds to each row's sum, float64 (n_rows, n_columns)."""
        found = np.zeros((len(features), self.n_columns))
        for part in self.parts:
            found += part.values(features)
        return found


def _few(forest: Forest, columns: Array) -> Array:
    """Return the trees that ask few questions, and have leaves for a fair share of their patterns, bool (n_trees,)."""
    n_asked = np.minimum(patterns.n_questions(forest, columns), 63)
    n_leaves = np.bincount(forest.owners(), minlength=len(n_asked)) + 1
    return (n_asked <= patterns.MOST_QUESTIONS) & ((n_asked <= _FEW) | (n_leaves * _FAIR >= 2.0**n_asked))


def _short(forest: Forest, columns: Array, asked: Array) -> Array:
    """Return the trees, of some that are no single leaf, whose ways are short enough for tables, bool (n_trees,)."""
    part = forest.part(asked)
    _, _, lengths = Passing.of(part, columns)
    owners, owner = part.owners(), np.zeros(len(lengths), dtype=np.int64)
    for children in (part.left, part.right):
        owner[~children[children < 0]] = owners[children < 0]
    longest = np.zeros(len(part.roots), dtype=np.int64)
    np.maximum.at(longest, owner, lengths)
    n_bytes = np.bincount(owner, 17.0 * 2.0 ** np.minimum(lengths, ways.MOST_COLUMNS), len(part.roots))
    upto = ways.MOST_COLUMNS
    while upto and n_bytes[longest <= upto].sum() > MOST_BYTES:
        upto -= 1
    found = np.zeros(len(forest.roots), dtype=np.bool_)
    found[np.flatnonzero(asked)] = longest <= upto
    return found
