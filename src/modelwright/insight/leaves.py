"""Exact Shapley values of a forest, from its leaves.

A leaf is reached by a mixture of a row and a background row when every raw column that is asked about on the way
there has a cell that passes. So for a leaf, a row and a background row, each column passes with both cells, with the
row's only, with the background's only, or with neither; where one passes with neither the leaf is never reached, and
otherwise what the leaf gives each column depends on nothing but how many columns of the two middle kinds there are.
Columns are bits of one number, background rows that fail a leaf at the same columns are counted together.

Source:
    Lundberg et al. (2020), doi:10.1038/s42256-019-0138-9, interventional TreeSHAP; the sums over orders in closed form:
    Laberge, Pequignot (2022), arXiv:2209.15123, section 4.
"""

from dataclasses import dataclass
from functools import cache
from typing import Self, final

import numpy as np

from modelwright.core.table import Array
from modelwright.modelfile.forest import Forest

_NEVER = 63
"""Bit of what can never pass: a feature that no column moves."""

GROUP_SECONDS = 6e-9
"""Processor time of one group or leaf."""

_MOST_AT_ONCE = 11
"""Columns whose sums are told apart together: 2^11 sums stay in the cache."""

_LEAVES_AT_ONCE = 1 << 14
_CELLS_AT_ONCE = 1 << 21
"""Leaves × rows whose passing is worked out together; bounds the memory."""


@final
@dataclass(frozen=True, slots=True)
class Passing:
    """At which columns rows fail the way to each leaf, a level of all trees at a time.

    Attributes:
        forest: The trees.
        bits: The bit of the column of each node's feature, uint64 (n_nodes,).
        levels: For each level its nodes, then for the left and the right children which of these lead to a node or a
            leaf, and where.
    """

    forest: Forest
    bits: Array
    levels: tuple[tuple[Array, ...], ...]

    @classmethod
    def of(cls, forest: Forest, columns: Array) -> Self:
        """Prepare a forest.

        Args:
            forest: The trees.
            columns: Raw column of each feature, int64 (n_features,); -1 where none.
        """
        bits = np.uint64(1) << np.where(columns < 0, _NEVER, columns).astype(np.uint64)
        levels, at = [], forest.roots[forest.roots >= 0]
        while len(at):
            left, right = forest.left[at], forest.right[at]
            children = np.concatenate([left, right])
            to_node, to_leaf = np.flatnonzero(children >= 0), np.flatnonzero(children < 0)
            levels.append((at, to_node, children[to_node], to_leaf, ~children[to_leaf]))
            at = children[to_node]
        return cls(forest, bits[forest.feature], tuple(levels))

    def failed(self, features: Array) -> Array:
        """Return the bits of the columns at which each row fails each leaf, uint64 (n_leaves, n_rows)."""
        forest, n_rows = self.forest, len(features)
        cells = features.T[forest.feature]  # (n_nodes, n_rows)
        goes_left = cells <= forest.threshold[:, np.newaxis]
        goes_left |= np.isnan(cells) & forest.nan_left[:, np.newaxis]
        bits = self.bits[:, np.newaxis]
        zero = np.uint64(0)
        at_node = np.zeros((len(forest.threshold), n_rows), dtype=np.uint64)
        at_leaf = np.zeros((len(forest.values), n_rows), dtype=np.uint64)
        for nodes, to_node, child, to_leaf, leaf in self.levels:
            came, left, bit = at_node[nodes], goes_left[nodes], bits[nodes]
            reached = np.concatenate([came | np.where(left, zero, bit), came | np.where(left, bit, zero)])
            at_node[child] = reached[to_node]
            at_leaf[leaf] = reached[to_leaf]
        return at_leaf


@final
@dataclass(frozen=True, slots=True)
class Leaves:
    """A forest and the background rows it is compared with, ready for rows; threads may share it.

    Attributes:
        passing: Where rows fail.
        leaf: The leaf of each group of background rows that fail at the same columns, int64 (n_groups,).
        failed: At which columns they fail, uint64 (n_groups,).
        weight: The leaf's value times their share of the background, float64 (n_groups,).
        n_columns: Raw columns.
    """

    passing: Passing
    leaf: Array
    failed: Array
    weight: Array
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
        passing = Passing.of(forest, columns)
        step = max(1, _CELLS_AT_ONCE // max(1, len(forest.values)))
        parts = [passing.failed(background[i : i + step]) for i in range(0, len(background), step)]
        failed = np.concatenate(parts, axis=1)
        groups = [_groups(failed[i : i + _LEAVES_AT_ONCE], i) for i in range(0, len(failed), _LEAVES_AT_ONCE)]
        leaf, bits, counts = (np.concatenate(part) for part in zip(*groups, strict=True))
        able = bits >> np.uint64(_NEVER) == 0
        weight = forest.values[leaf] * counts / len(background)
        return cls(passing, leaf[able], bits[able], weight[able], n_columns)

    @property
    def row_seconds(self) -> float:
        """About how much processor time one row takes; see benchmarks/log.md."""
        return (len(self.leaf) + len(self.passing.forest.values)) * GROUP_SECONDS

    def values(self, features: Array) -> Array:
        """Return what each raw column adds to each row's sum, float64 (n_rows, n_columns)."""
        step = max(1, _CELLS_AT_ONCE // max(1, len(self.passing.forest.values)))
        found = np.empty((len(features), self.n_columns))
        for start in range(0, len(features), step):
            failed = np.ascontiguousarray(self.passing.failed(features[start : start + step]).T)
            for i, row in enumerate(failed):
                found[start + i] = self._row(row)
        return found

    def _row(self, failed: Array) -> Array:
        """Return the values of one row, of which is known where it fails each leaf."""
        mine = failed.take(self.leaf)
        alive = np.flatnonzero(mine & self.failed == 0)
        lost, won, weight = mine.take(alive), self.failed.take(alive), self.weight.take(alive)
        n_lost, n_won = np.bitwise_count(lost).astype(np.intp), np.bitwise_count(won).astype(np.intp)
        return self._by_column(won, weight * _GAINS.take(n_won << 6 | n_lost)) - self._by_column(
            lost, weight * _GAINS.take(n_lost << 6 | n_won)
        )

    def _by_column(self, bits: Array, amounts: Array) -> Array:
        """Return the sum of the amounts at each column's bit, some columns at a time."""
        n_parts = -(-self.n_columns // _MOST_AT_ONCE)
        width = -(-self.n_columns // n_parts)
        table = _bits_of(width)
        sums = [
            np.bincount((bits >> np.uint64(k * width) & np.uint64(2**width - 1)).view(np.int64), amounts, 2**width)
            @ table
            for k in range(n_parts)
        ]
        return np.concatenate(sums)[: self.n_columns]


def _gains() -> Array:
    """Return what a column gets that is one of `own` needed from one side, with `others` from the other, (64, 64).

    It is the share of orders in which it comes last of its side and before the other side: with both sides counted,
    ``(own - 1)! others! / (own + others)!``.
    """
    logs = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, 129)))])
    own, others = np.arange(64)[:, np.newaxis], np.arange(64)[np.newaxis, :]
    gains = np.exp(logs[np.maximum(own - 1, 0)] + logs[others] - logs[own + others])
    gains[0] = 0.0
    return gains


def _groups(failed: Array, first: int) -> tuple[Array, Array, Array]:
    """Return leaf, bits and number of the background rows that fail a leaf alike."""
    ordered = np.sort(failed, axis=1)  # (n_leaves, n_background)
    new = np.ones(ordered.shape, dtype=np.bool_)
    new[:, 1:] = ordered[:, 1:] != ordered[:, :-1]
    starts = np.flatnonzero(new.ravel())
    counts = np.diff(np.append(starts, new.size))
    return starts // ordered.shape[1] + first, ordered.ravel()[starts], counts


@cache
def _bits_of(width: int) -> Array:
    """Return the bits of all numbers of a width, float64 (2^width, width)."""
    return ((np.arange(2**width)[:, np.newaxis] >> np.arange(width)) & 1).astype(np.float64)


_GAINS = _gains()
